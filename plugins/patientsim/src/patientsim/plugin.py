"""Every offer that PatientSim makes."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_core import (
    EventHandler,
    Journey,
    OutputFormat,
    Profile,
    SkillResolver,
    StateChange,
    Trigger,
    hookimpl,
)
from patientsim.formats import FORMATS
from patientsim.generation import JOURNEYS, PROFILES, SKILLS
from patientsim.handlers import care, conditions, observations, orders, patients, plans
from patientsim.state import CHANGES
from patientsim.triggers import LAB_RESULT

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
def healthsim_event_handlers() -> Iterable[EventHandler | StateChange]:
    """What a chart makes of events."""
    yield patients.HANDLER
    yield care.HANDLER
    yield conditions.HANDLER
    yield observations.HANDLER
    yield orders.LAB
    yield orders.MEDICATION
    yield plans.REFERRALS
    yield plans.CARE_PLANS
    yield from CHANGES


@hookimpl
def healthsim_triggers() -> Iterable[Trigger]:
    """A laboratory order leads to its result."""
    yield LAB_RESULT


@hookimpl
def healthsim_skill_resolvers() -> Iterable[SkillResolver]:
    """The skills of skills/*.md."""
    return SKILLS


@hookimpl
def healthsim_output_formats() -> Iterable[OutputFormat]:
    """FHIR and HL7 v2."""
    return FORMATS
