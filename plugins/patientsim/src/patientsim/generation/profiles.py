"""A profile of patients, written in a few words."""

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
def create_patient_profile(
    conditions: Iterable[str] = (),
    *,
    primary: str | None = None,
    severity: Any = None,
    id: str = "patients",
    age: Any = None,
    sex: Any = None,
    **stated: Any,
) -> ProfileSpecification:
    """A profile of people with given conditions.

    Args:
        conditions: ICD-10-CM categories or codes that all of them have, beside the primary one.
        primary: The primary condition; its severity is the person's.
        severity: Severity of the primary condition, or a distribution of it; None leaves it to the skill.
        id: The profile's id.
        age: Distribution of age; None leaves it to the national one.
        sex: Distribution of sex; None leaves it to the national one.
        stated: Any other part of a profile: `coverage`, `members`, `journeys`, ...

    Examples:
        >>> create_patient_profile(["I10"], primary="E11", age=70).clinical.primary_condition.code
        'E11'
    """
    worst = None if primary is None else {"code": primary, **({} if severity is None else {"severity": severity})}
    clinical = stated_part(stated, "clinical", conditions=list(conditions), primary_condition=worst)
    demographics = stated_part(stated, "demographics", age=age, sex=sex)
    return ProfileSpecification.read({"id": id, "demographics": demographics, "clinical": clinical, **stated})
