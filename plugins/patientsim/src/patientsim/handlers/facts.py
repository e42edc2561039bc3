"""Facts of the field that handlers need, from data/*.json; each file names its sources."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def facts(name: str) -> dict[str, Any]:
    """The document data/<name>.json."""
    path = Path(__file__).parent.parent / "data" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
