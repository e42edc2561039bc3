"""The bounds that a field declares for its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_core.codes.edits import signed_loincs
from healthsim_core.tables import Field


def within(field: Field, value: float, parameters: Mapping[str, Any]) -> bool:
    """Whether a number is what a field may be."""
    signed = bool(field.signed_by) and str(parameters.get(field.signed_by)) in signed_loincs()
    low = (field.least is None or value >= field.least or signed) and (field.above is None or value > field.above)
    if field.type == "integer" and not float(value).is_integer():
        return False
    return low and (field.most is None or value <= field.most)


def in_words(field: Field) -> str:
    """What to give, in one line."""
    least, most, above = ("" if limit is None else f"{limit:,g}" for limit in (field.least, field.most, field.above))
    if above:
        return f"Give more than {above}, {most} at most." if most else f"Give more than {above}."
    if least and most:
        return f"Give a whole number, {least} to {most}." if field.type == "integer" else f"Give {least} to {most}."
    return f"Give {least} or more." if least else f"Give {most} or less."
