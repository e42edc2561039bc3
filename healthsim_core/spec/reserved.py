"""Names that nobody may give to an attribute or a laboratory value: columns that everybody has, and prefixes of expressions."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from healthsim_core.spec.base import Findings
from healthsim_core.world import PERSON

NAMESPACES = ("entity", "outcome", "parameters", "journey", "branch", "state", "condition", "severity", "code", "onset", "description")
_PREFIXES = frozenset(NAMESPACES)
_BUILT_IN = frozenset({*(field.name for field in PERSON.fields), "start_date"})
_SAID_BY = {
    **{name: f"demographics.{name}" for name in ("age", "sex", "race", "ethnicity", "language")},
    "coverage_type": "coverage.type", "plan": "coverage.plan", "county_fips": "demographics.geography", "severity": "clinical.severity",
    "conditions": "clinical.conditions",
}  # fmt: skip


def reserved(name: str, columns: Collection[str] = _BUILT_IN) -> str:
    """Why a name is reserved, as the end of a sentence; empty where it is free.

    Args:
        name: The name.
        columns: Columns that everybody has.
    """
    first = name.split(".")[0]
    if name in columns:
        return "a column that everybody has"
    if name.startswith("subscriber_"):
        return "what expressions call something of the subscriber"
    return f'what expressions call something else: they read "{first}." as a prefix' if first in _PREFIXES else ""


def remedy(name: str) -> str:
    """What to write in place of a reserved name."""
    return f'State it in "{_SAID_BY[name]}", or choose another name.' if name in _SAID_BY else "Choose another name."


def find_reserved(names: Iterable[str], findings: Findings) -> None:
    """Find the names of some attributes that are reserved."""
    for name in names:
        why = reserved(name)
        if why:
            findings.add(f'"{name}" is {why}.', remedy(name), name)
