"""Every offer that RxMemberSim makes."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_core import (
    CodeSystemOffer,
    EventDecision,
    EventHandler,
    Journey,
    OutputFormat,
    Profile,
    SkillResolver,
    StateChange,
    Trigger,
    ValueSet,
    hookimpl,
)
from rxmembersim.courses import CIRCUMSTANCES
from rxmembersim.decisions import DISPENSING
from rxmembersim.formats import FORMATS
from rxmembersim.generation import JOURNEYS, PROFILES, SKILLS
from rxmembersim.handlers import cardholders, claims, prescriptions, therapy
from rxmembersim.reading import MEDICATION
from rxmembersim.state import TAKEN
from rxmembersim.tables import ADHERENCE_GAP, CARDHOLDER, FILL, PRESCRIPTION, REVERSAL, SECONDARY_CLAIM, THERAPY
from rxmembersim.triggers import TRIGGERS

HEALTHSIM_API = 1


@hookimpl
def healthsim_profiles() -> Iterable[Profile]:
    """Profiles of people who take drugs."""
    return PROFILES


@hookimpl
def healthsim_code_systems() -> Iterable[CodeSystemOffer]:
    """What a pharmacy may meet when it fills a prescription."""
    codes = {circumstance: circumstance.capitalize() for circumstance in CIRCUMSTANCES}
    yield CodeSystemOffer(
        ValueSet(name="pharmacy-circumstance", title="circumstance of a fill", source="HealthSim's own.", codes=codes)
    )


@hookimpl
def healthsim_journeys() -> Iterable[Journey]:
    """Journeys of drug therapy."""
    return JOURNEYS


@hookimpl
def healthsim_event_handlers() -> Iterable[EventHandler | EventDecision | StateChange]:
    """Cards, prescriptions, what is dispensed, claims, and the course of therapy."""
    yield DISPENSING
    yield TAKEN
    yield EventHandler("person", cardholders.cardholders, writes=(CARDHOLDER,), settings=())
    yield EventHandler(
        "new_rx",
        prescriptions.prescriptions,
        writes=(PRESCRIPTION,),
        parameters=MEDICATION,
        notes=prescriptions.beyond_law,
    )
    tables = (FILL, REVERSAL, SECONDARY_CLAIM, PRESCRIPTION, THERAPY, ADHERENCE_GAP)
    yield EventHandler(
        claims.EVENT_TYPES,
        claims.claims,
        writes=tables,
        spends=claims.spends,
        parameters=claims.PARAMETERS,
        notes=claims.unlawful,
        after=claims.AFTER,
    )
    yield EventHandler(therapy.EVENT_TYPES, therapy.therapies, writes=(THERAPY,), parameters=therapy.PARAMETERS)


@hookimpl
def healthsim_triggers() -> Iterable[Trigger]:
    """From the order to the prescription, its fills, and what undoes them."""
    return TRIGGERS


@hookimpl
def healthsim_skill_resolvers() -> Iterable[SkillResolver]:
    """What to prescribe."""
    return SKILLS


@hookimpl
def healthsim_output_formats() -> Iterable[OutputFormat]:
    """The claims as a pharmacy transmits them."""
    return FORMATS
