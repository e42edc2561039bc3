"""Compile a request: everything that can be wrong with it is found here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.catalog import Catalog, offering
from healthsim_core.coverage import EVENTS
from healthsim_core.designs.known import KnownPlans, own_plans
from healthsim_core.errors import Mistakes
from healthsim_core.events import Run, RunJourney
from healthsim_core.expressions.expression import expressions_in
from healthsim_core.identifiers import Namespace
from healthsim_core.journeys.compiling import JourneyCompiler
from healthsim_core.journeys.order import by_expected_time, reordered
from healthsim_core.journeys.reviews import planned, review
from healthsim_core.journeys.sequence import without_records
from healthsim_core.offers import EventHandler, RunHandler
from healthsim_core.parameters.kinds import ParameterKinds
from healthsim_core.people.ages import structure_of
from healthsim_core.people.compiling import compile_people
from healthsim_core.people.making import counties_met
from healthsim_core.people.plan import PeoplePlan
from healthsim_core.planning.assigning import assigned, start_days
from healthsim_core.planning.benefits import plans_of
from healthsim_core.planning.beside import beside
from healthsim_core.planning.chosen import foregone, format_of, is_chosen, of_age, unhandled
from healthsim_core.planning.met import is_asked, run_tables
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import Request, RequestedJourney
from healthsim_core.planning.settings import EVERYONE, check_settings
from healthsim_core.reference.hybrid import merged_with, published_of
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.reference.stored import Facts, current_facts, using
from healthsim_core.spec.profile import ProfileSpecification

NO_PLACE = "no place is stated: people live in all counties of the United States, by population"


# moments of distributions may be infinite, which is no mistake
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def compile_plan(request: Request, catalog: Catalog, facts: Facts | None = None) -> Plan:
    """Compile a request.

    Args:
        request: The request.
        catalog: The offers.
        facts: Stored reference facts; None takes those of the default database.

    Raises:
        SpecificationError: Whatever cannot be done is found here, before anything is generated.
    """
    stored = current_facts() if facts is None else facts
    with using(stored), offering(catalog):
        plan = _compiled(request, catalog, stored)
        for offer in plan.run_handlers:
            is_asked(plan, offer)
        run_tables(plan, {})  # made now, so that stored facts are read before anything is written
    return attrs.evolve(plan, remarks=(stored.unread,)) if stored.unread else plan


def _compiled(request: Request, catalog: Catalog, facts: Facts) -> Plan:
    mistakes = Mistakes()
    published = mistakes.attempt(None, published_of, request.profile, catalog)
    profile = request.profile if published is None else merged_with(request.profile, published)
    assignments, births, required = assigned(request, profile, mistakes)
    codes = KnownCodes.of(catalog)
    people = compile_people(profile, catalog, births, required, mistakes, structure_of(published), codes)
    products = request.products if request.products is not None else catalog.products
    compiler = JourneyCompiler(catalog, products, people, mistakes, codes)
    with mistakes.caught():
        compiler.compile(assignments)
    formats = tuple(
        f for name in request.formats if (f := mistakes.attempt(None, format_of, name, catalog, products)) is not None
    )
    start_dates = mistakes.attempt(None, start_days, request)
    run = _run(request, catalog, people, start_dates)
    check_settings(request.settings, catalog, mistakes)
    _check_accepted(catalog, products, run, compiler.held, mistakes)
    reviewing = (handler for handler in catalog.of(EventHandler) if handler.product in products)
    review((*reviewing, *formats), run, planned(compiler.nodes, compiler.given, compiler.where), mistakes)
    _check_plans(compiler, people, KnownPlans.of_profile(catalog, request.profile), mistakes)
    mistakes.tell()
    assert start_dates is not None
    order = by_expected_time(compiler.nodes, compiler.groups)
    nodes = reordered(compiler.nodes, order)
    born = (index for index, node in enumerate(compiler.nodes) if node.birth)
    positions = {order.index(index): child for child, index in enumerate(born, len(people.members) - births)}
    wanted = {name for f in formats for name in (*f.needs, *f.wants)}
    handlers = tuple(h for h in catalog.of(EventHandler) if is_chosen(h, products, wanted))
    run_handlers = tuple(h for h in catalog.of(RunHandler) if is_chosen(h, products, wanted))
    always = dict.fromkeys(foregone((people.attributes, people.conditions, nodes)))
    place = () if _names_a_place(profile) else (NO_PLACE,)
    others = beside(catalog, products, people.conditions)
    notes = (*place, *unhandled(nodes, catalog), *without_records(catalog, nodes), *of_age(nodes), *always, *others)
    asked = tuple(products)
    return Plan(
        request, catalog, run, people, start_dates, nodes, positions, handlers, run_handlers, formats, asked, notes,
        facts,
        catalog.failures,
    )  # fmt: skip


def _run(
    request: Request, catalog: Catalog, people: PeoplePlan, start_dates: tuple[np.datetime64, np.datetime64] | None
) -> Run:
    return Run(
        seed=request.seed,
        as_of=np.datetime64(request.as_of),
        start=start_dates[0] if start_dates is not None else np.datetime64(request.as_of),
        counties=tuple(sorted(people.counties)),
        inhabited=counties_met(people, request.seed, request.count),
        journeys=tuple(requested.specification.journey_id for requested in request.journeys),
        itineraries=tuple(map(_itinerary, request.journeys)),
        settings={name: {k: v for k, v in given.items() if k != EVERYONE} for name, given in request.settings.items()},
        reference=_Datasets(catalog),
        plans=plans_of(catalog, own_plans(request.profile)),
        namespace=Namespace(request.namespace),
    )


def _itinerary(given: RequestedJourney) -> RunJourney:
    journey = given.specification
    types = frozenset(step.event.event_type.lower() for step in journey.steps)
    return RunJourney(journey.journey_id, given.where, journey.parameters, types)


def _check_accepted(
    catalog: Catalog, products: Sequence[str], run: Run, held: Sequence[tuple[str, ParameterKinds]], mistakes: Mistakes
) -> None:
    """Take note of settings that a product cannot use, and of parameters that are not among what it accepts."""
    for handler in catalog.of(EventHandler):
        if handler.accepts is None or handler.product not in products:
            continue
        accepted = mistakes.attempt({}, handler.accepts, run)
        for where, parameters in held:
            if parameters.event_type in handler.event_types:
                mistakes.attempt(None, parameters.check_accepted, accepted, where)


def _names_a_place(profile: ProfileSpecification) -> bool:
    return any((profile.reference, profile.demographics.reference, profile.demographics.geography))


def _check_plans(compiler: JourneyCompiler, people: PeoplePlan, known: KnownPlans, mistakes: Mistakes) -> None:
    """Take note of coverage events whose plan is of a coverage type that nobody has,
    where none of their conditions asks for it; of those about the coverage that pays first."""
    types = mistakes.attempt(None, lambda: people.coverage_types)
    for (where, parameters), at in zip(compiler.held, compiler.held_at, strict=True):
        plan = parameters.parameters.constants.get("plan")
        if parameters.event_type not in EVENTS or not isinstance(plan, str) or at >= len(compiler.nodes):
            continue
        if "rank" in parameters.parameters.names and parameters.parameters.constants.get("rank") != 1:
            continue  # of another coverage, which is of any type
        node = compiler.nodes[at]
        if not any("coverage_type" in asked.names for asked in expressions_in((node.conditions, node.place.eligible))):
            mistakes.attempt(None, known.check, plan, types, f"{where}.plan")


class _Datasets:
    """Reference datasets by name, loaded when they are asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._offers = catalog.datasets
        self._loaded: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        if name not in self._loaded:
            offer = self._offers.get(name)
            self._loaded[name] = offer.load() if offer else None
        return self._loaded[name]
