"""The executor that makes people."""

from __future__ import annotations

from healthsim_core import ProfileExecutor


class PopulationProfileExecutor(ProfileExecutor):
    """Makes a profile's people and the facts of their communities.

    Examples:
        >>> from populationsim.generation import POPULATION_PROFILE_TEMPLATES
        >>> adults = POPULATION_PROFILE_TEMPLATES["san-diego-county-adults"]
        >>> PopulationProfileExecutor(adults, count=3).execute().tables["populationsim.community"].num_rows
        3
    """

    products = ("populationsim",)
