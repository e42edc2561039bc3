"""The plans that somebody knows: those of products, a profile's own, and those that people have by default."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.benefit_offers import BenefitPlan, ServiceKind
from healthsim_core.benefits.plans import UNINSURED, Plans
from healthsim_core.catalog import Catalog
from healthsim_core.codes import ValueSet, value_set
from healthsim_core.defaults import defaults
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.spec.base import read_part
from healthsim_core.spec.plan import PlanSpecification, TermSpecification
from healthsim_core.spec.profile import ProfileSpecification


def offered_plan(offer: BenefitPlan) -> PlanSpecification:
    """The plan that a product offers, read where it is a file.

    Raises:
        SpecificationError: It is none; the message names the product.
    """
    try:
        return PlanSpecification.read(offer.design) if isinstance(offer.design, Mapping) else _of_file(offer.design)
    except SpecificationError as error:
        raise error.within(f'the plan "{offer.name}" of {offer.product}') from None


def usual_terms(offer: ServiceKind) -> dict[str, dict[str, Any]]:
    """By coverage type, what plans say of a kind of service that do not name it.

    Raises:
        SpecificationError: A coverage type or a term is none; the message names the product.
    """
    where, mistakes = f'the kind of service "{offer.name}" of {offer.product}: usual', Mistakes()
    terms = dict[str, dict[str, Any]]()
    for kind, term in offer.usual.items():
        with mistakes.caught(where):
            read = read_part(TermSpecification, term, kind)
            terms[value_set("coverage-type").require(kind)] = read.model_dump(mode="json", exclude_unset=True)
    mistakes.tell()
    return terms


@functools.cache
def _of_file(path: Path) -> PlanSpecification:
    return PlanSpecification.read(path)


def own_plans(profile: ProfileSpecification) -> dict[str, PlanSpecification]:
    """The plans that a profile describes itself, by name, once they are read."""
    stated = profile.coverage.plans if profile.coverage is not None else {}
    return {name: plan for name, plan in stated.items() if isinstance(plan, PlanSpecification)}


def plans_known(catalog: Catalog, own: Mapping[str, PlanSpecification]) -> dict[str, PlanSpecification]:
    """The plans of a run by name: a profile's own first, as its default of a coverage type goes before another; then
    those that are offered, but for one whose place is taken."""
    offered = {offer.name: offered_plan(offer) for offer in catalog.plans.values()}
    names = _names(offered)
    mine = {names.canonical(name) or name: plan for name, plan in own.items()}
    return {name: _in_place_of(offered.get(name), plan) for name, plan in mine.items()} | {
        name: plan for name, plan in offered.items() if name not in mine
    }


def _in_place_of(other: PlanSpecification | None, plan: PlanSpecification) -> PlanSpecification:
    """A plan that takes another's place; it is the default of its coverage type as that was, unless it says so."""
    if other is None or "default" in plan.model_fields_set:
        return plan
    return plan.model_copy(update={"default": other.default})


@attrs.frozen
class KnownPlans:
    """Plans of which the coverage type is known.

    Attributes:
        names: The plans, each with its coverage type.
    """

    names: ValueSet

    @classmethod
    def of(cls, types: Mapping[str, str]) -> KnownPlans:
        """Those that people have by default, and others by name with their coverage types."""
        known = dict(_usual())
        names = _names(known)
        known |= {names.canonical(name) or name: kind for name, kind in types.items()}
        return cls(_names(known))

    @classmethod
    def of_profile(cls, catalog: Catalog, profile: ProfileSpecification) -> KnownPlans:
        """Those of products, and the profile's own."""
        plans = plans_known(catalog, own_plans(profile))
        return cls.of({name: plan.coverage_type for name, plan in plans.items()})

    @classmethod
    def of_run(cls, plans: Plans) -> KnownPlans:
        """Those of a run."""
        named = zip(plans.names, plans.coverage_types, strict=True)
        return cls.of({name: kind for name, kind in named if name})

    def name(self, plan: str) -> str:
        """A known plan as everybody writes it; of another, what the user wrote."""
        return self.names.canonical(plan) or plan

    def type_of(self, plan: str) -> str | None:
        """The coverage type that a known plan is of; None for a plan that nobody knows."""
        return self.names.codes.get(self.name(plan))

    def check(self, plan: str, types: frozenset[str] | None, where: str) -> None:
        """Refuse a plan that is of none of the coverage types that people have."""
        type_of_plan = self.type_of(plan)
        if types is not None and types <= {UNINSURED}:
            raise SpecificationError("the uninsured have no plan.", where, "Leave it out.")
        if types is not None and type_of_plan is not None and type_of_plan not in types:
            of_people = " and ".join(sorted(types))
            what = f'"{plan}" is a plan of {type_of_plan}, and people are of {of_people}.'
            raise SpecificationError(what, where, self.remedy(types))

    def remedy(self, types: Iterable[str]) -> str:
        """The plans that people of some coverage types may have, in words."""
        by_type = {kind: [name for name, of in self.names.codes.items() if of == kind] for kind in sorted(types)}
        plans = [f"of {kind}: {', '.join(names)}" for kind, names in by_type.items() if kind != UNINSURED]
        return f"Plans {'; '.join(plans)}." if plans else "The uninsured have none."


@functools.cache
def _usual() -> Mapping[str, str]:
    weights = defaults()["plans"]["weights"]
    return {plan: kind for kind, plans in weights.items() for plan in plans}


def _names(codes: Mapping[str, Any]) -> ValueSet:
    return ValueSet(name="plan", title="plan", codes=codes)
