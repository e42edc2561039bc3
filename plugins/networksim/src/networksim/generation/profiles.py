"""A profile of the people of given counties, written in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_core import (
    PROFILE_PARTS,
    ProfileSpecification,
    checked_call,
    stated_part,
)


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

    Examples:
        >>> create_network_profile("48201", age=70).demographics.geography.fips
        '48201'
    """
    geography = {"fips": counties} if isinstance(counties, str) else {"counties": dict(counties)}
    demographics = stated_part(stated, "demographics", geography=geography, age=age)
    return ProfileSpecification.read({"id": id, "demographics": demographics, **stated})
