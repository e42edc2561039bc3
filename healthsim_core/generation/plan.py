"""The plan of a run: everything that can be known before the first person is made."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import pyarrow as pa

from healthsim_core.absent import whereabouts
from healthsim_core.catalog import CORE_EVENT_TYPES, Catalog, vocabulary
from healthsim_core.columns import Column, Text
from healthsim_core.errors import Mistakes, SpecificationError, suggestion, unknown
from healthsim_core.events import Run, RunJourney
from healthsim_core.format_offers import OutputFormat
from healthsim_core.generation.ages import structure_of
from healthsim_core.generation.assignments import Assignment
from healthsim_core.generation.beside import beside
from healthsim_core.generation.blocks import blocks_of
from healthsim_core.generation.coverage import EVENTS, check_plan
from healthsim_core.generation.distributions import condition
from healthsim_core.generation.expressions import expressions_in
from healthsim_core.generation.identity import defaults
from healthsim_core.generation.journey_order import by_expected_time, reordered
from healthsim_core.generation.journey_plan import JourneyCompiler
from healthsim_core.generation.met import EVERYONE, built, is_asked, run_tables
from healthsim_core.generation.nodes import Node
from healthsim_core.generation.parameter_kinds import ParameterKinds
from healthsim_core.generation.people import POSITIONS, counties_met, make_people
from healthsim_core.generation.people_plan import PeoplePlan, compile_people
from healthsim_core.generation.request import Request, RequestedJourney
from healthsim_core.generation.reviews import planned, review
from healthsim_core.generation.sequence import without_records
from healthsim_core.generation.settings import check_settings
from healthsim_core.generation.versions import spec_hash, versions_of
from healthsim_core.identifiers import Namespace
from healthsim_core.offers import EventHandler, PersonColumns, RunHandler
from healthsim_core.reference.hybrid import merged_with, published_of
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.reference.stored import Facts, current_facts, using
from healthsim_core.spec.profile import ProfileSpecification
from healthsim_core.tables import Field, Table
from healthsim_core.world import CORE_TABLES, PERSON

NO_JOURNEY_DAYS = 365
YEAR = 365  # days, on any of which the journeys of a household may begin
NO_PLACE = "no place is stated: people live in all counties of the United States, by population"


@attrs.frozen(eq=False)
class Plan:
    """A compiled request.

    Attributes:
        request: What was asked.
        catalog: The offers.
        run: The run's context for handlers and formats.
        people: The compiled profile.
        start_dates: First and last day on which journeys begin.
        nodes: Event nodes in topological order.
        births: Household position of the child of each birth node.
        handlers: Handlers whose products were asked for.
        run_handlers: The same for tables of a run.
        formats: The formats asked for.
        products: The products asked for.
        notes: What is left out, and why.
        facts: Stored reference facts that the run may read.
        remarks: What a user should know of how this run was asked for, on this machine; told, and never written to files.
    """

    request: Request
    catalog: Catalog
    run: Run
    people: PeoplePlan
    start_dates: tuple[np.datetime64, np.datetime64]
    nodes: tuple[Node, ...]
    births: Mapping[int, int]
    handlers: tuple[EventHandler, ...]
    run_handlers: tuple[RunHandler, ...]
    formats: tuple[OutputFormat, ...]
    products: tuple[str, ...]
    notes: tuple[str, ...]
    facts: Facts = attrs.field(factory=Facts, repr=False)
    remarks: tuple[str, ...] = attrs.field(factory=tuple, eq=False)

    @functools.cached_property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Indices of the nodes that run at once, in order."""
        return blocks_of(self.nodes)

    @functools.cached_property
    def tables(self) -> dict[str, Table]:
        """Every table that the run writes, by name."""
        makers: tuple[EventHandler | RunHandler, ...] = (*self.handlers, *self.run_handlers)
        written = [table for offer in makers for table in offer.writes]
        return {table.name: table for table in (self.person_table, *CORE_TABLES[1:], *written)}

    @functools.cached_property
    def person_table(self) -> Table:
        """`core.person` with the attributes that the profile adds and the columns that products add."""
        made, _ = make_people(self.people, self.run, self.start_dates, 0, 1)
        declared = {field.name for field in PERSON.fields}
        added = [name for name in made if name in self.people.added and name not in declared]
        extensions = [name for offer in self.catalog.of(PersonColumns) for name in offer.fields if name not in declared]
        fields = [_field_of(name, made[name]) for name in added]
        fields += [Field(name, "category", "Added by a product.", nullable=True) for name in extensions]
        return attrs.evolve(PERSON, fields=(*PERSON.fields, *fields))

    @functools.cached_property
    def built(self) -> dict[str, pa.Table]:
        """The tables without a person that their products make whole, made once."""
        with using(self.facts):
            return built(self)

    @functools.cached_property
    def versions(self) -> dict[str, str]:
        """Versions of core, plugins, skills and libraries."""
        return versions_of(self.catalog, self.skills_used, self.facts)

    @functools.cached_property
    def skills_used(self) -> tuple[str, ...]:
        """Names of the skills that the plan resolves."""
        in_nodes = {use.skill.skill for node in self.nodes for use in node.parameters.skills}
        in_people = {c.skill.skill for c in self.people.conditions if c.skill}
        return tuple(sorted(in_nodes | in_people))

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 of the request and the versions: the same hash, the same bytes."""
        return spec_hash(self.request.document(), self.versions)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # moments of distributions may be infinite, which is no mistake
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
    with using(stored):
        plan = _compiled(request, catalog, stored)
        for offer in plan.run_handlers:
            is_asked(plan, offer)
        run_tables(plan, {})  # made now, so that stored facts are read before anything is written
    return attrs.evolve(plan, remarks=(stored.unread,)) if stored.unread else plan


def _compiled(request: Request, catalog: Catalog, facts: Facts) -> Plan:
    mistakes = Mistakes()
    published = mistakes.attempt(None, published_of, request.profile, catalog)
    profile = request.profile if published is None else merged_with(request.profile, published)
    assignments, births, required = _assigned(request, profile, mistakes)
    codes = KnownCodes.of(catalog)
    people = compile_people(profile, catalog, births, required, mistakes, structure_of(published), codes)
    products = request.products if request.products is not None else catalog.products
    compiler = JourneyCompiler(catalog, products, people, mistakes, codes)
    with mistakes.caught():
        compiler.compile(assignments)
    formats = tuple(f for name in request.formats if (f := mistakes.attempt(None, _format, name, catalog, products)) is not None)
    start_dates = mistakes.attempt(None, _start_dates, request)
    run = _run(request, catalog, people, start_dates)
    check_settings(request.settings, catalog, mistakes)
    _check_accepted(catalog, products, run, compiler.held, mistakes)
    reviewing = (handler for handler in catalog.of(EventHandler) if handler.product in products)
    review((*reviewing, *formats), run, planned(compiler.nodes, compiler.given, compiler.where), mistakes)
    _check_plans(compiler, people, mistakes)
    mistakes.tell()
    assert start_dates is not None
    order = by_expected_time(compiler.nodes, compiler.groups)
    nodes = reordered(compiler.nodes, order)
    born = (index for index, node in enumerate(compiler.nodes) if node.birth)
    positions = {order.index(index): child for child, index in enumerate(born, len(people.members) - births)}
    wanted = {name for f in formats for name in (*f.needs, *f.wants)}
    handlers = tuple(h for h in catalog.of(EventHandler) if _chosen(h, products, wanted))
    run_handlers = tuple(h for h in catalog.of(RunHandler) if _chosen(h, products, wanted))
    foregone = dict.fromkeys(_foregone((people.attributes, people.conditions, nodes)))
    place = () if _names_a_place(profile) else (NO_PLACE,)
    others = beside(catalog, products, people.conditions)
    notes = (*place, *_unhandled(nodes, catalog), *without_records(catalog, nodes), *_of_age(nodes), *foregone, *others)
    asked = tuple(products)
    return Plan(
        request, catalog, run, people, start_dates, nodes, positions, handlers, run_handlers, formats, asked, notes, facts,
        catalog.failures,
    )  # fmt: skip


def _run(request: Request, catalog: Catalog, people: PeoplePlan, start_dates: tuple[np.datetime64, np.datetime64] | None) -> Run:
    return Run(
        seed=request.seed,
        as_of=np.datetime64(request.as_of),
        start=start_dates[0] if start_dates is not None else np.datetime64(request.as_of),
        counties=tuple(sorted(people.counties)),
        inhabited=counties_met(people, request.seed, request.count),
        journeys=tuple(each.specification.journey_id for each in request.journeys),
        itineraries=tuple(map(_itinerary, request.journeys)),
        settings={name: {k: v for k, v in given.items() if k != EVERYONE} for name, given in request.settings.items()},
        reference=_Datasets(catalog),
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


def _check_plans(compiler: JourneyCompiler, people: PeoplePlan, mistakes: Mistakes) -> None:
    """Take note of coverage events whose plan is of a coverage type that nobody has, where none of their conditions asks for it."""
    types = mistakes.attempt(None, lambda: people.coverage_types)
    for (where, parameters), at in zip(compiler.held, compiler.held_at, strict=True):
        plan = parameters.parameters.constants.get("plan")
        if parameters.event_type not in EVENTS or not isinstance(plan, str) or at >= len(compiler.nodes):
            continue
        node = compiler.nodes[at]
        if not any("coverage_type" in asked.names for asked in expressions_in((node.conditions, node.eligible))):
            mistakes.attempt(None, check_plan, plan, types, f"{where}.plan")


def _field_of(name: str, column: Column) -> Field:
    if isinstance(column, Text):
        return Field(name, "category", "Attribute of the profile.", nullable=True)
    kind = {"b": "boolean", "M": "date"}.get(column.dtype.kind, "number")
    return Field(name, kind, "Attribute of the profile, or a baseline value.", nullable=True)


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


def _assigned(
    request: Request, profile: ProfileSpecification, mistakes: Mistakes
) -> tuple[list[Assignment], int, dict[int, dict[str, Any]]]:
    roles: list[str] = [position.member.role for position in profile.positions]
    assignments: list[Assignment] = []
    births = 0
    required: dict[int, dict[str, Any]] = {}
    seen: set[tuple[str, int]] = set()
    for each in request.journeys:
        journey = each.specification
        born = sum(step.event.adds_person is not None for step in journey.steps)
        members = mistakes.attempt((), _members, each, roles)
        for position in members:
            with mistakes.caught():
                _refuse_twice(each, position, seen)
            if each.member is not None or len(roles) == 1:
                with mistakes.caught():
                    mother = {"sex": defaults()["mothers"]["sex"]} if born and each.member is not None else {}
                    _require(required.setdefault(position, {}), {**mother, **journey.requires}, profile, position, each.where)
        when = mistakes.attempt(None, condition, each.when, f"{each.where}.when") if each.when else None
        groups = [(position,) for position in members] if born and members else [members]
        assignments += [Assignment(journey, group, when, each.where) for group in groups]
        births += born * len(groups)
    with mistakes.caught():
        if len(roles) + births > POSITIONS:
            what = f"a household of {len(roles) + births} with its births."
            raise SpecificationError(what, "members", f"At most {POSITIONS} fit.")
    return assignments, births, required


def _refuse_twice(each: RequestedJourney, position: int, seen: set[tuple[str, int]]) -> None:
    name = each.specification.journey_id
    if (name, position) in seen:
        raise SpecificationError(f'"{name}" is given twice to the same person.', each.where, "Give it once.")
    seen.add((name, position))


def _members(each: RequestedJourney, roles: list[str]) -> tuple[int, ...]:
    if each.member is None:
        return tuple(range(len(roles)))
    role, _, number = each.member.partition("[")
    chosen = [index for index, name in enumerate(roles) if name == role]
    if not chosen:
        raise unknown("member", each.member, roles, f"{each.where}.member")
    if number:
        wanted = int(number.rstrip("]")) if number.rstrip("]").isdigit() else len(chosen)
        if wanted >= len(chosen):
            raise SpecificationError(f'there is no "{each.member}": {len(chosen)} of them.', f"{each.where}.member", "Count from 0.")
        return (chosen[wanted],)
    return tuple(chosen)


def _require(known: dict[str, Any], requires: Mapping[str, Any], profile: ProfileSpecification, position: int, where: str) -> None:
    for name, value in requires.items():
        if _states(profile, position, name):
            continue
        if known.setdefault(name, value) != value:
            raise SpecificationError(f"requires {name} {value!r}, another journey {known[name]!r}.", where, "Give it to somebody else.")


def _states(profile: ProfileSpecification, position: int, name: str) -> bool:
    """Whether the profile says what an attribute of a member is: no journey changes that."""
    if name in ("coverage_type", "plan"):
        said = profile.coverage.model_dump(include={"type", "plan", "plan_distribution"}) if profile.coverage is not None else {}
        return any(said.values())
    each_has_own = bool(profile.members) and name in ("age", "sex")
    of_all = None if each_has_own else getattr(profile.demographics, name, None)
    return of_all is not None or getattr(profile.positions[position].member, name, None) is not None


def _start_dates(request: Request) -> tuple[np.datetime64, np.datetime64]:
    if request.start is not None:
        first, last = request.start
        if last > request.as_of:
            raise SpecificationError(f"{last} is after as_of, {request.as_of}.", "start", "Journeys begin in the past.")
        return np.datetime64(first), np.datetime64(last)
    longest = max((each.specification.duration_days for each in request.journeys), default=NO_JOURNEY_DAYS)
    latest = np.datetime64(request.as_of) - np.timedelta64(longest, "D")
    if any(each.specification.calendar_year for each in request.journeys):
        latest = latest.astype("datetime64[Y]").astype("datetime64[D]")
        return latest, latest
    return (latest - (YEAR - 1) if request.journeys else latest), latest


def _format(name: str, catalog: Catalog, products: tuple[str, ...]) -> OutputFormat:
    found: OutputFormat = catalog.find("format", name, "output_formats")
    offers: tuple[EventHandler | RunHandler, ...] = (*catalog.of(EventHandler), *catalog.of(RunHandler))
    makers = {table.name: offer.product for offer in offers for table in offer.writes}
    for table in found.needs:
        owner = table.split(".")[0] if table.startswith("core.") else makers.get(table)
        if owner is None:
            what = f'"{name}" needs the table {table}, which nobody installed makes.'
            there = whereabouts("table", table, catalog.plugins)
            raise SpecificationError(what, "output_formats", there.remedy or suggestion(table, makers))
        if owner != "core" and owner not in products:
            what = f'"{name}" needs {owner}, which is not among the products.'
            raise SpecificationError(what, "output_formats", f'Add "{owner}" to products.')
    return found


def _chosen(offer: EventHandler | RunHandler, products: tuple[str, ...], wanted: set[str]) -> bool:
    return offer.product in products or any(table.name in wanted and not table.person for table in offer.writes)


def _of_age(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if node.befalls.ages is not None and not node.newborn:
            low, high = node.befalls.ages
            yield f"{node.path}: its diagnosis is of people of {low} to {high} years alone; it does not happen to others"


def _foregone(compiled: Any) -> Iterator[str]:
    """Conditions that are the same for everybody."""
    for expression in expressions_in(compiled):
        if expression.wanted == "boolean" and not expression.names:
            yield f'{expression.where}: "{expression.text}" is always {"true" if expression.holds({}, 1)[0] else "false"}'


def _unhandled(nodes: Sequence[Node], catalog: Catalog) -> Iterator[str]:
    for event_type in dict.fromkeys(node.event_type for node in nodes):
        if not catalog.handlers(event_type) and event_type not in CORE_EVENT_TYPES:
            absent = " and ".join(vocabulary().get(event_type, ()))
            why = f"{absent} would make records of it, and is not installed" if absent else "no installed product makes records of it"
            yield f"{event_type}: on the timeline only, {why}"
