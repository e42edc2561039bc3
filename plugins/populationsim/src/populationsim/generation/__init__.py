"""Profiles of PopulationSim: templates, a way to write one, and the executor that makes their people."""

from populationsim.generation.executor import PopulationProfileExecutor
from populationsim.generation.profiles import create_population_profile
from populationsim.generation.templates import JOURNEYS, POPULATION_PROFILE_TEMPLATES, PROFILES

__all__ = [
    "JOURNEYS",
    "POPULATION_PROFILE_TEMPLATES",
    "PROFILES",
    "PopulationProfileExecutor",
    "create_population_profile",
]
