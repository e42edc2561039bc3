"""What the X12 files say that stands in no table: `codes.json`, which writers and readers share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CODES: Mapping[str, Any] = json.loads((Path(__file__).parent / "codes.json").read_text())
FALLBACK: Mapping[str, str] = CODES["fallback_organization"]
