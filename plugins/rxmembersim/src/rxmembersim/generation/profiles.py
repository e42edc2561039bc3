"""RxMemberSim's profile templates and executor."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileExecutor,
    ProfileSpecification,
    Templates,
    checked_call,
    profile_templates,
    stated_part,
)

_PACKAGE = Path(__file__).parent.parent
JOURNEYS = _PACKAGE / "journeys"
SKILLS = _PACKAGE / "skills"
PROFILES = profile_templates(_PACKAGE / "profiles")
RX_MEMBER_PROFILE_TEMPLATES = Templates(PROFILES)


class RxMemberProfileExecutor(ProfileExecutor):
    """Makes a profile's people and their pharmacy cards.

    Example:
        >>> result = RxMemberProfileExecutor(RX_MEMBER_PROFILE_TEMPLATES["rx-chronic-adult"], count=3).execute()
        >>> result.tables["rxmembersim.cardholder"].num_rows
        3
    """

    products = ("rxmembersim",)


@checked_call(stated=PROFILE_PARTS)
def create_rx_member_profile(
    conditions: Iterable[str] = (), *, id: str = "rx-members", age: Any = None, coverage: Any = None, **stated: Any
) -> ProfileSpecification:
    """A profile of people who take drugs for given conditions.

    Args:
        conditions: ICD-10-CM categories that all of them have.
        id: The profile's id.
        age: Distribution of age; None leaves it to the national one.
        coverage: Coverage type, or a distribution of it; None leaves it to the national one.
        stated: Any other part of a profile: `demographics`, `clinical`, `members`, ...

    Example:
        >>> create_rx_member_profile(["E78"], age=60, coverage="Commercial").clinical.conditions[0].code
        'E78'
    """
    clinical = {**stated_part(stated, "clinical"), "conditions": list(conditions)}
    demographics = {**stated_part(stated, "demographics"), **({} if age is None else {"age": age})}
    covered = {} if coverage is None else {"coverage": {"type": coverage}}
    return ProfileSpecification.read(
        {"id": id, "demographics": demographics, "clinical": clinical, **covered, **stated}
    )
