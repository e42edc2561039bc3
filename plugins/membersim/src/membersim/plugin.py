"""Every offer that MemberSim makes."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_core import (
    BenefitPlan,
    CodeSystemOffer,
    EventHandler,
    Journey,
    OutputFormat,
    Profile,
    ReferenceDataset,
    RunHandler,
    SkillResolver,
    Trigger,
    ValueSet,
    hookimpl,
)
from membersim.facts import rows
from membersim.formats import FORMATS
from membersim.generation import JOURNEYS, PLANS, PROFILES, SKILLS
from membersim.handlers import gaps, membership
from membersim.payers import payer_table
from membersim.registries import DATASETS
from membersim.tables import PAYER
from membersim.triggers import TRIGGERS

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
def healthsim_benefits() -> Iterable[BenefitPlan]:
    """The plans of plans/*.json."""
    return PLANS


@hookimpl
def healthsim_event_handlers() -> Iterable[EventHandler | RunHandler]:
    """What a health plan makes of events."""
    yield RunHandler(payer_table, writes=(PAYER,), description="Payers.")
    yield membership.HANDLER
    yield gaps.HANDLER


@hookimpl
def healthsim_triggers() -> Iterable[Trigger]:
    """Visits and stays are billed, care gaps lead to outreach."""
    return TRIGGERS


@hookimpl
def healthsim_skill_resolvers() -> Iterable[SkillResolver]:
    """The skills of skills/*.md."""
    return SKILLS


@hookimpl
def healthsim_code_systems() -> Iterable[CodeSystemOffer]:
    """The list of MS-DRGs, in place of their form alone."""
    titles = {row["drg"]: row["title"] for row in rows("msdrg")}
    yield CodeSystemOffer(
        ValueSet(
            name="ms-drg",
            title="MS-DRG",
            source="Medicare Severity DRG, FY 2026 final rule, table 5 (CMS).",
            codes=titles,
        )
    )


@hookimpl
def healthsim_reference_datasets() -> Iterable[ReferenceDataset]:
    """Prices of services and weights of stays."""
    return DATASETS


@hookimpl
def healthsim_output_formats() -> Iterable[OutputFormat]:
    """X12 834, 837 and 835."""
    return FORMATS
