"""Whose a code can be, and what its values can be: facts about codes of the shared systems."""

from __future__ import annotations

import functools
from types import MappingProxyType

import attrs

from healthsim_core.codes.listed import ListedSystem
from healthsim_core.codes.sets import code_systems
from healthsim_core.package_data import PackageData

_DATA = PackageData("healthsim_core", "codes/data")
AGES = MappingProxyType({"newborn": (0, 0), "pediatric": (0, 17), "maternity": (9, 64), "adult": (15, 124)})
"""Ages in whole years, both included, of the age groups of the Medicare Code Editor."""
SEXES = MappingProxyType({"F": "women", "M": "men"})


@attrs.frozen
class Edit:
    """Whose a diagnosis can be.

    Attributes:
        sex: F or M; "" for either.
        group: The age group; "" for any age.
    """

    sex: str = ""
    group: str = ""

    @property
    def ages(self) -> tuple[int, int] | None:
        """The ages of the group, both included."""
        return AGES.get(self.group)

    @property
    def told(self) -> str:
        """Whose it is, in words."""
        who = SEXES.get(self.sex, "people")
        if self.group == "newborn":
            return "of newborns alone"
        return f"of {who} of {self.ages[0]} to {self.ages[1]} years alone" if self.ages else f"of {who} alone"

    def __bool__(self) -> bool:
        return bool(self.sex or self.group)


def edit_of(code: str) -> Edit:
    """Whose an ICD-10-CM code can be; anybody's where the list says nothing."""
    system = code_systems()["icd-10-cm-category"]
    assert isinstance(system, ListedSystem)
    return Edit(system.sex(code) or "", system.age(code) or "")


@functools.cache
def signed_loincs() -> frozenset[str]:
    """LOINC codes whose values may be negative."""
    return frozenset(row["loinc"] for row in _DATA.rows("loinc_signed"))
