"""NetworkSim's profile templates and executor."""

from __future__ import annotations

from collections.abc import Mapping
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
PROFILES = profile_templates(_PACKAGE / "profiles")
NETWORK_PROFILE_TEMPLATES = Templates(PROFILES)


class NetworkProfileExecutor(ProfileExecutor):
    """Makes a profile's people, the network of their counties, and who cares for whom.

    Example:
        >>> result = NetworkProfileExecutor(NETWORK_PROFILE_TEMPLATES["rural-network-members"], count=3).execute()
        >>> sorted(result.tables)[-3:]
        ['networksim.facility', 'networksim.pharmacy', 'networksim.provider']
    """

    products = ("networksim",)


@checked_call(stated=PROFILE_PARTS)
def create_network_profile(
    counties: str | Mapping[str, float], *, id: str = "network", age: Any = None, **stated: Any
) -> ProfileSpecification:
    """A profile of people who live in given counties.

    Args:
        counties: A FIPS code, or weights by FIPS code.
        id: The profile's id.
        age: Distribution of age; None leaves it to the national one.
        stated: Any other part of a profile: `clinical`, `coverage`, `members`, ...

    Example:
        >>> create_network_profile("48201", age=70).demographics.geography.fips
        '48201'
    """
    geography = {"fips": counties} if isinstance(counties, str) else {"counties": dict(counties)}
    demographics = {
        **stated_part(stated, "demographics"),
        "geography": geography,
        **({} if age is None else {"age": age}),
    }
    return ProfileSpecification.read({"id": id, "demographics": demographics, **stated})
