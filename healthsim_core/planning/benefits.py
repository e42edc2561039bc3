"""The plans of benefits of a run: those that products offer, and a profile's own."""

from __future__ import annotations

from collections.abc import Mapping

from healthsim_core.benefit_offers import ServiceKind
from healthsim_core.benefits.law import bare_plans, law
from healthsim_core.benefits.plans import Plans
from healthsim_core.catalog import Catalog
from healthsim_core.designs.known import plans_known, usual_terms
from healthsim_core.spec import PlanSpecification


def plans_of(catalog: Catalog, own: Mapping[str, PlanSpecification] | None = None) -> Plans:
    """The plans of a run as arrays.

    Args:
        catalog: The offers.
        own: The run's own plans by name; one whose name is offered takes its place.
    """
    designs = {name: plan.design for name, plan in plans_known(catalog, own or {}).items()}
    kinds = {**catalog.service_kinds, **{offer.name: usual_terms(offer) for offer in catalog.of(ServiceKind)}}
    return Plans.of(designs, kinds, bare_plans(), law("aca")["individual"])
