"""JSON as RFC 8259 has it: a number that is none (infinite, or not a number) is null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(document: Any, indent: int | None = None) -> str:
    """A document as JSON; what JSON has no kind for, such as a date, as its text.

    Examples:
        >>> json_text({"a": float("inf"), "b": [1.5, float("nan")]})
        '{"a": null, "b": [1.5, null]}'
    """
    return json.dumps(_finite(document), indent=indent, ensure_ascii=False, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
