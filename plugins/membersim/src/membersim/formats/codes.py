"""What the X12 files say that stands in no table: `codes.json`, which writers and readers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_core import PackageData

CODES: Mapping[str, Any] = PackageData("membersim", "formats").document("codes")
FALLBACK: Mapping[str, str] = CODES["fallback_organization"]
