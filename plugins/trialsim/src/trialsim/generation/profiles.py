"""A profile of people who ask to join a trial, written in a few words."""

from __future__ import annotations

from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileSpecification,
    checked_call,
    stated_part,
)


@checked_call(stated=PROFILE_PARTS)
def create_subject_profile(
    condition: str = "E11",
    *,
    id: str = "trial-subjects",
    age: Any = None,
    journey: str = "trial_participation",
    study_id: str | None = None,
    sites_per_county: int | None = None,
    **stated: Any,
) -> ProfileSpecification:
    """A profile of people who ask to join a trial.

    Args:
        condition: ICD-10-CM category that all of them have.
        id: The profile's id.
        age: Distribution of age; None takes adults of 30 to 75.
        journey: The trial's journey.
        study_id: Study identifier; None takes the protocol's.
        sites_per_county: Research sites a county; None takes the protocol's.
        stated: Any other part of a profile: `clinical`, `coverage`, `generation`, ...

    Examples:
        >>> create_subject_profile(study_id="DM-07").products["trialsim"]
        {'study_id': 'DM-07'}
    """
    given = {"study_id": study_id, "sites_per_county": sites_per_county}
    settings = {name: value for name, value in given.items() if value is not None}
    ages = {"type": "normal", "mean": 57, "sd": 10, "min": 30, "max": 75} if age is None else age
    products = {**stated_part(stated, "products"), **({"trialsim": settings} if settings else {})}
    return ProfileSpecification.read(
        {
            "id": id,
            "demographics": {"age": ages, **stated_part(stated, "demographics")},
            "clinical": {"primary_condition": condition, **stated_part(stated, "clinical")},
            "journeys": [journey],
            "products": products,
            **stated,
        }
    )
