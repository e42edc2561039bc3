"""Laboratory values and vital signs by the names that profiles and skills give them, with what they can be at all."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from healthsim_core.package_data import PackageData

_DATA = PackageData("healthsim_core", "codes/data")


@attrs.frozen
class LaboratoryValue:
    """A laboratory value or vital sign.

    Attributes:
        title: What it is called.
        loinc: Its LOINC code.
        unit: The UCUM unit that numbers of it are in.
        least: The least that it can be; None where it may be negative.
        most: The most that it can be; None where there is no end.
    """

    title: str
    loinc: str
    unit: str
    least: float | None
    most: float | None


@functools.cache
def laboratory_values() -> Mapping[str, LaboratoryValue]:
    """Every laboratory value by name."""
    return MappingProxyType({row["name"]: _value(row) for row in _DATA.rows("laboratory_values")})


def _value(row: Mapping[str, str]) -> LaboratoryValue:
    least, most = (float(row[end]) if row[end] else None for end in ("least", "most"))
    return LaboratoryValue(row["title"], row["loinc"], row["unit"], least, most)
