"""MemberSim's profile templates and executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileExecutor,
    ProfileSpecification,
    Templates,
    checked_call,
    journey_templates,
    profile_templates,
    stated_part,
    value_set,
)

_PACKAGE = Path(__file__).parent.parent
JOURNEYS = journey_templates(_PACKAGE / "journeys")
PROFILES = profile_templates(_PACKAGE / "profiles")
MEMBER_PROFILE_TEMPLATES = Templates(PROFILES)


class MemberProfileExecutor(ProfileExecutor):
    """Makes a profile's people with their membership and coverage.

    Example:
        >>> result = MemberProfileExecutor(MEMBER_PROFILE_TEMPLATES["medicare-diabetic"], count=3).execute()
        >>> result.entities.num_rows, result.tables["membersim.coverage"].num_rows
        (3, 3)
    """

    products = ("membersim",)


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
        stated: Any other part of a profile: `demographics`, `clinical`, `members`, `journeys`, ...

    Raises:
        SpecificationError: There is no such coverage type.

    Example:
        >>> create_member_profile("Medicare", {"Original Medicare": 0.5, "Medicare Advantage": 0.5},
        age=70).coverage.type.value 'Medicare'
    """
    coverage: dict[str, Any] = {"type": value_set("coverage-type").require(coverage_type, "coverage_type")}
    if plans is not None:
        coverage["plan" if isinstance(plans, str) else "plan_distribution"] = plans
    demographics = {**stated_part(stated, "demographics"), **({} if age is None else {"age": age})}
    clinical = {**stated_part(stated, "clinical"), "conditions": list(conditions)}
    return ProfileSpecification.read(
        {"id": id, "demographics": demographics, "clinical": clinical, "coverage": coverage, **stated}
    )
