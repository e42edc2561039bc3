"""What a user's plan design may say: every entry, and what its value has to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from healthsim_core import SpecificationError, value_set
from membersim.facts import document

SERVICES = ("primary", "specialist", "urgent", "emergency", "inpatient", "pharmacy", "other")
_KINDS = ("commercial", "medicare", "medicare_advantage", "medicaid", "managed_medicaid")
_PATTERN = "Take one of the bundled designs (data/plans.json of membersim) as a pattern."


@attrs.frozen
class _Number:
    least: float
    most: float
    whole: bool = False
    or_null: bool = False

    def takes(self, value: Any) -> bool:
        if value is None:
            return self.or_null
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        return self.least <= value <= self.most

    def __str__(self) -> str:
        return (
            f"{'a whole number' if self.whole else 'a number'} from {self.least:,} to "
            f"{self.most:,}{', or null' * self.or_null}"
        )


_AMOUNT, _LIMIT = _Number(0, 10_000_000), _Number(0, 10_000_000, or_null=True)  # dollars
_LIMITS = {"individual": _LIMIT, "family": _LIMIT}
_TERM = {
    "copay": _AMOUNT,
    "days": _Number(0, 366, whole=True),
    "coinsurance": _Number(0, 1),
    "deductible": (True, False),
}
_SIDE = {
    "deductible": _LIMITS, "out_of_pocket": _LIMITS, "stay_deductible": _AMOUNT,
    "services": dict.fromkeys(SERVICES, _TERM),
}  # fmt: skip
_CODES = document("plans")["codes"]
_FORM: Mapping[str, Any] = {
    "coverage_type": value_set("coverage-type"), "kind": _KINDS, "default": (True, False), "individual": (True, False),
    "insurance_line": tuple(_CODES["insurance_line"]), "filing": dict.fromkeys("PIR", tuple(_CODES["filing"])),
    "out_of_network": ("denied",), "exempt_below_age": _Number(0, 120, whole=True), "in": _SIDE, "out": _SIDE,
}  # fmt: skip
_REQUIRED = {"": ("coverage_type", "kind", "insurance_line", "filing", "in"), "filing": tuple("PIR")}


def design_mistakes(design: Any, where: str) -> Iterator[SpecificationError]:
    """Everything that is wrong in a design; `where` is its path."""
    return _mistakes(design, _FORM, where, "")


def _mistakes(value: Any, form: Any, where: str, name: str) -> Iterator[SpecificationError]:
    if isinstance(form, Mapping):
        yield from _entries(value, form, where, name)
    elif isinstance(form, _Number):
        if not form.takes(value):
            yield SpecificationError(f"{value!r:.60} is not {form}.", where, f"Give {form}.")
    elif isinstance(form, tuple):
        if not any(value is known or (value == known and isinstance(value, str)) for known in form):
            yield SpecificationError(f"{value!r:.60} is unknown.", where, f"Use {_listed(form)}.")
    elif not isinstance(value, str) or form.canonical(value) is None:
        yield SpecificationError(f"{value!r:.60} is no {form.title}.", where, form.remedy(str(value)))


def _entries(value: Any, form: Mapping[str, Any], where: str, name: str) -> Iterator[SpecificationError]:
    if not isinstance(value, Mapping):
        yield SpecificationError(f"{value!r:.60} is not a mapping.", where, _PATTERN)
        return
    lacking = [entry for entry in _REQUIRED.get(name, ()) if entry not in value]
    if lacking:
        yield SpecificationError(f"the plan lacks {', '.join(lacking)}.", where, _PATTERN)
    for entry, given in value.items():
        if entry in form:
            yield from _mistakes(given, form[entry], f"{where}.{entry}", entry)
        else:
            yield SpecificationError(f'"{entry:.60}" is an unknown entry.', where, f"Use {_listed(form)}.")
    if form is _LIMITS:
        yield from _family_below_one(value, where)


def _family_below_one(limits: Mapping[str, Any], where: str) -> Iterator[SpecificationError]:
    """A family's limit that is less than what one of its members may come to."""
    one, family = (
        limits.get(level) if _AMOUNT.takes(limits.get(level)) else None for level in ("individual", "family")
    )
    if one is not None and family is not None and family < one:
        what = f"the family's {family:,} is less than the {one:,} of one of its members."
        yield SpecificationError(what, f"{where}.family", f"Give at least {one:,}, or null for no limit.")


def _listed(words: Iterable[Any]) -> str:
    return ", ".join({True: "true", False: "false"}.get(word, word) for word in words)
