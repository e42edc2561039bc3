"""The plans of benefits of a run: those that products offer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from healthsim_core.benefit_offers import BenefitPlan
from healthsim_core.benefits.law import bare_plans, law
from healthsim_core.benefits.plans import Plans
from healthsim_core.catalog import Catalog
from healthsim_core.errors import Mistakes, canonical
from healthsim_core.planning.benefit_checks import mistakes_of_plan
from healthsim_core.spec import PlanSpecification
from healthsim_core.spec.bounds import read_json


def plans_of(catalog: Catalog, own: Mapping[str, Mapping[str, Any]] | None = None) -> Plans:
    """The plans of a run as arrays.

    Args:
        catalog: The offers.
        own: The run's own plans by name, which are valid; one whose name is offered takes its place.
    """
    offered = {offer.name: design_of(offer) for offer in catalog.plans.values()}
    replaced = {canonical(name): name for name in offered}
    designs = {**offered, **{replaced.get(canonical(name), name): design for name, design in (own or {}).items()}}
    return Plans.of(designs, catalog.service_kinds, bare_plans(), law("aca")["individual"])


def checked_plan(file: str, catalog: Catalog) -> PlanSpecification:
    """The plan that a JSON file holds.

    Raises:
        SpecificationError: Every mistake of it, those that only laws and what is installed can tell among them.
    """
    plan, mistakes = PlanSpecification.read(file), Mistakes()
    for mistake in mistakes_of_plan(plan, catalog.service_kinds):
        with mistakes.caught(Path(file).name):
            raise mistake
    mistakes.tell()
    return plan


def design_of(offer: BenefitPlan) -> Mapping[str, Any]:
    """The design of an offered plan as a mapping, read where it is a file."""
    design: Mapping[str, Any] = offer.design if isinstance(offer.design, Mapping) else read_json(offer.design)
    return design
