"""A profile of members, written in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileSpecification,
    checked_call,
    stated_part,
    value_set,
)


@checked_call(stated=PROFILE_PARTS)
def create_member_profile(
    coverage_type: str = "Commercial",
    plans: Mapping[str, float] | str | None = None,
    *,
    id: str = "members",
    age: Any = None,
    conditions: Iterable[str] = (),
    **stated: Any,
) -> ProfileSpecification:
    """A profile of the members of one kind of coverage.

    Args:
        coverage_type: Commercial, Medicare or Medicaid.
        plans: A plan, or weights by plan; None leaves it to what is usual in the coverage type.
        id: The profile's id.
        age: Distribution of age; None leaves it to the national one.
        conditions: ICD-10-CM categories that all of them have.
        stated: Any other part of a profile: `demographics`, `clinical`, `coverage`, `members`, `journeys`, ...

    Raises:
        SpecificationError: There is no such coverage type.

    Examples:
        >>> half = {"Original Medicare": 0.5, "Medicare Advantage": 0.5}
        >>> create_member_profile("Medicare", half, age=70).coverage.type.value
        'Medicare'
    """
    named = "plan" if isinstance(plans, str) else "plan_distribution"
    kind = value_set("coverage-type").require(coverage_type, "coverage_type")
    coverage = stated_part(stated, "coverage", type=kind, **{named: plans})
    demographics = stated_part(stated, "demographics", age=age)
    clinical = stated_part(stated, "clinical", conditions=list(conditions))
    return ProfileSpecification.read(
        {"id": id, "demographics": demographics, "clinical": clinical, "coverage": coverage, **stated}
    )
