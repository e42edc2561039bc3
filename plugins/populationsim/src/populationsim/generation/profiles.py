"""PopulationSim's profile templates and executor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileExecutor,
    ProfileSpecification,
    Templates,
    checked_call,
    profile_templates,
)

_PACKAGE = Path(__file__).parent.parent
JOURNEYS = _PACKAGE / "journeys"
PROFILES = profile_templates(_PACKAGE / "profiles")
POPULATION_PROFILE_TEMPLATES = Templates(PROFILES)


class PopulationProfileExecutor(ProfileExecutor):
    """Makes a profile's people and the facts of their communities.

    Example:
        >>> result = PopulationProfileExecutor(POPULATION_PROFILE_TEMPLATES["san-diego-county-adults"],
        count=3).execute() >>> result.tables["populationsim.community"].num_rows
        3
    """

    products = ("populationsim",)


@checked_call(stated=PROFILE_PARTS)
def create_population_profile(fips: str, *, id: str = "population", **stated: Any) -> ProfileSpecification:
    """A profile of a county's people: what `stated` leaves unsaid comes from the county's published facts.

    Args:
        fips: The county's FIPS code.
        id: The profile's id.
        stated: Any part of a profile: `demographics`, `clinical`, `coverage`, `members`, ...

    Example:
        >>> create_population_profile("06073", demographics={"age": 70}).reference.fips
        '06073'
    """
    return ProfileSpecification.read(
        {"id": id, "source": "populationsim", "reference": {"type": "county", "fips": fips}, **stated}
    )
