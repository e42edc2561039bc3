"""What a profile leaves unsaid: national figures, each with its source, in data/defaults.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def defaults() -> dict[str, Any]:
    """The figures by subject, as the file holds them."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "defaults.json").read_text(encoding="utf-8"))
    return found


def mothers() -> tuple[str, ...]:
    """Who may give birth, as expressions."""
    who = defaults()["mothers"]
    return f"sex == {who['sex']!r}", f"age >= {who['least_age']} and age <= {who['most_age']}"
