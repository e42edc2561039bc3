"""Every offer that PopulationSim makes."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_core import (
    EventHandler,
    Field,
    Journey,
    Profile,
    ReferenceDataset,
    RunHandler,
    hookimpl,
)
from populationsim.facts import Facts
from populationsim.generation import JOURNEYS, PROFILES
from populationsim.handlers.communities import communities, counties, screenings
from populationsim.offered_layouts import LAYOUTS
from populationsim.tables import COMMUNITY, COUNTY, FACT, SCREENING

_MEASURE = Field("measure", "category", "PLACES measure that the milestone counts towards.", nullable=True)
HEALTHSIM_API = 1


@hookimpl
def healthsim_profiles() -> Iterable[Profile]:
    """Profiles of counties' people."""
    return PROFILES


@hookimpl
def healthsim_journeys() -> Iterable[Journey]:
    """Journeys of public-health outreach."""
    return JOURNEYS


@hookimpl
def healthsim_event_handlers() -> Iterable[EventHandler | RunHandler]:
    """The run's counties, everybody's community, and outreach."""
    yield RunHandler(counties, writes=(COUNTY,))
    yield EventHandler("person", communities, writes=(COMMUNITY,), settings=())
    yield EventHandler("milestone", screenings, writes=(SCREENING,), parameters=(_MEASURE,))


@hookimpl
def healthsim_reference_datasets() -> Iterable[ReferenceDataset]:
    """Published facts of counties, from which profiles with a `reference` take what they leave unsaid."""
    yield ReferenceDataset(
        "populationsim",
        Facts,
        FACT,
        layouts=LAYOUTS,
        description=(
            "Population, prevalence and social vulnerability: 50 counties bundled, others by `healthsim init --from`."
        ),
    )
