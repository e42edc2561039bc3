"""Every offer that TrialSim makes."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_core import (
    CodeSystemOffer,
    EventHandler,
    Journey,
    OutputFormat,
    Profile,
    RunHandler,
    SkillResolver,
    StateChange,
    hookimpl,
)
from trialsim.formats import FORMATS
from trialsim.generation import JOURNEYS, PROFILES, SKILLS
from trialsim.handlers.design import study_design
from trialsim.handlers.trial import AFTER, EVENT_TYPES, PARAMETERS, accepted, checked, trial, unnamed_protocol
from trialsim.protocol import SETTINGS, measures_asked
from trialsim.randomization import RANDOMIZATION
from trialsim.state import CHANGES
from trialsim.tables import DESIGN_TABLES, SUBJECT_TABLES
from trialsim.terminology import value_sets

HEALTHSIM_API = 1


@hookimpl
def healthsim_profiles() -> Iterable[Profile]:
    """The profiles of profiles/*.json."""
    return PROFILES


@hookimpl
def healthsim_journeys() -> Iterable[Journey]:
    """The journeys of journeys/*.json."""
    return JOURNEYS


@hookimpl
def healthsim_event_handlers() -> Iterable[EventHandler | RunHandler | StateChange]:
    """The study's design, what a trial makes of its events, all seen together, and what these change of a person."""
    yield RunHandler(study_design, writes=DESIGN_TABLES, description="The design of the study.")
    yield EventHandler(
        EVENT_TYPES, trial, writes=SUBJECT_TABLES, parameters=PARAMETERS, after=AFTER, accepts=accepted,
        settings=SETTINGS, measures=measures_asked(),
        notes=unnamed_protocol, checks=checked, description="Subjects of a trial.",
    )  # fmt: skip
    yield from CHANGES


@hookimpl
def healthsim_code_systems() -> Iterable[CodeSystemOffer]:
    """Severities, outcomes and the like of adverse events, and changes of doses."""
    return value_sets()


@hookimpl
def healthsim_skill_resolvers() -> Iterable[SkillResolver]:
    """The skills of skills/*.md, and the randomisation list."""
    return (*SKILLS, RANDOMIZATION)


@hookimpl
def healthsim_output_formats() -> Iterable[OutputFormat]:
    """SDTM datasets."""
    return FORMATS
