"""A profile of a county's people, written in a few words."""

from __future__ import annotations

from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileSpecification,
    checked_call,
)


@checked_call(stated=PROFILE_PARTS)
def create_population_profile(fips: str, *, id: str = "population", **stated: Any) -> ProfileSpecification:
    """A profile of a county's people: what `stated` leaves unsaid comes from the county's published facts.

    Args:
        fips: The county's FIPS code.
        id: The profile's id.
        stated: Any part of a profile: `demographics`, `clinical`, `coverage`, `members`, ...

    Examples:
        >>> create_population_profile("06073", demographics={"age": 70}).reference.fips
        '06073'
    """
    return ProfileSpecification.read(
        {"id": id, "source": "populationsim", "reference": {"type": "county", "fips": fips}, **stated}
    )
