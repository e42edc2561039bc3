"""A profile of people who take drugs, written in a few words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileSpecification,
    checked_call,
    stated_part,
)


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

    Examples:
        >>> create_rx_member_profile(["E78"], age=60, coverage="Commercial").clinical.conditions[0].code
        'E78'
    """
    clinical = stated_part(stated, "clinical", conditions=list(conditions))
    demographics = stated_part(stated, "demographics", age=age)
    covered = {} if coverage is None else {"coverage": {"type": coverage}}
    return ProfileSpecification.read(
        {"id": id, "demographics": demographics, "clinical": clinical, **covered, **stated}
    )
