"""Profiles of PopulationSim: templates, a way to write one, and the executor that makes their people."""

from populationsim.generation.profiles import (
    JOURNEYS,
    POPULATION_PROFILE_TEMPLATES,
    PROFILES,
    PopulationProfileExecutor,
    create_population_profile,
)

__all__ = [
    "JOURNEYS",
    "POPULATION_PROFILE_TEMPLATES",
    "PROFILES",
    "PopulationProfileExecutor",
    "create_population_profile",
]
