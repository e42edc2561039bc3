"""Names that no attribute, laboratory value or outcome may have: columns that everybody has, prefixes,
what nothing can read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from healthsim_core.benefits.covered import RANKS
from healthsim_core.benefits.enrolment import columns_of
from healthsim_core.spec.base import Findings
from healthsim_core.world import PERSON

NAMESPACES = (
    "entity",
    "outcome",
    "parameters",
    "journey",
    "branch",
    "state",
    "measured",
    "condition",
    "severity",
    "code",
    "onset",
    "description",
)
_PREFIXES = frozenset(NAMESPACES)
_OTHERS = frozenset(name for rank in range(2, RANKS + 1) for name in columns_of(rank))  # of coverage.others
_BUILT_IN = frozenset({*(field.name for field in PERSON.fields), *_OTHERS, "start_date", "death_time"})
_READABLE = re.compile(r"[A-Za-z0-9_.]+")  # by an expression, or by "${entity.x}"
_SAID_BY: Mapping[str, str] = {
    **{name: f"demographics.{name}" for name in ("age", "sex", "race", "ethnicity", "language")},
    "coverage_type": "coverage.type", "plan": "coverage.plan", "county_fips": "demographics.geography",
    "severity": "clinical.severity",
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
    if first in _PREFIXES:
        return f'what expressions call something else: they read "{first}." as a prefix'
    return "" if _READABLE.fullmatch(name) else "a name that nothing can read"


def find_reserved(names: Iterable[str], findings: Findings, said_by: Mapping[str, str] = _SAID_BY) -> None:
    """Find the names of some attributes or outcomes that are reserved.

    Args:
        names: The names.
        findings: Takes each that is reserved.
        said_by: By column that everybody has, where a profile states it.
    """
    for name in names:
        why = reserved(name)
        if why:
            other = "Choose another name." if _READABLE.fullmatch(name) else "Use letters, digits and _."
            findings.add(
                f'"{name}" is {why}.',
                f'State it in "{said_by[name]}", or choose another name.' if name in said_by else other,
                name,
            )
