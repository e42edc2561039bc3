"""The plan of a run: everything that can be known before the first person is made."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import attrs
import numpy as np

from healthsim_core.catalog import Catalog
from healthsim_core.columns import Column, Text
from healthsim_core.decision_offers import EventDecision
from healthsim_core.events import Run
from healthsim_core.expressions.known_state import KnownState
from healthsim_core.format_offers import OutputFormat
from healthsim_core.journeys.nodes import Node
from healthsim_core.offers import EventHandler, PersonColumns, RunHandler
from healthsim_core.people.making import make_people
from healthsim_core.people.plan import PeoplePlan
from healthsim_core.person_state.declared import Declared
from healthsim_core.person_state.sources import Sources
from healthsim_core.planning.request import Request
from healthsim_core.planning.versions import spec_hash, versions_of
from healthsim_core.reference.stored import Facts
from healthsim_core.state_offers import StateChange
from healthsim_core.tables import Field, Table
from healthsim_core.timeline.blocks import blocks_of
from healthsim_core.timeline.sharing import Sharing
from healthsim_core.world import CORE_TABLES, MEASURE, PERSON


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
        remarks: What a user should know of how this run was asked for, on this machine; told,
            and never written to files.
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
        changing = self.sharing.sources.changing
        deciding = (
            set(decision.event_types) for decision in self.decisions if changing.intersection(decision.event_types)
        )
        return blocks_of(self.nodes, changing.union(*deciding))

    @functools.cached_property
    def sharing(self) -> Sharing:
        """What events read that others may change meanwhile."""
        changes = self.catalog.of(StateChange)  # of all: the products chosen change no event
        circumstances = self.catalog.derived(KnownState.of).circumstances
        declared = self.catalog.derived(Declared.of)
        asked = {name for handler in self.handlers for name in handler.measures}
        return Sharing.of(self.nodes, Sources.of(self.nodes, changes, circumstances, declared, asked))

    @functools.cached_property
    def decisions(self) -> tuple[EventDecision, ...]:
        """What the products of the handlers decide of events."""
        products = {handler.product for handler in self.handlers}
        return tuple(decision for decision in self.catalog.of(EventDecision) if decision.product in products)

    @functools.cached_property
    def tables(self) -> dict[str, Table]:
        """Every table that the run writes, by name."""
        makers: tuple[EventHandler | RunHandler, ...] = (*self.handlers, *self.run_handlers)
        written = [table for offer in makers for table in offer.writes]
        truth = (MEASURE,) if self.request.truth else ()
        return {table.name: table for table in (self.person_table, *CORE_TABLES[1:], *truth, *written)}

    @functools.cached_property
    def person_table(self) -> Table:
        """`core.person` with the attributes that the profile adds and the columns that products add."""
        people, _ = make_people(self.people, self.run, self.start_dates, 0, 1)
        declared = {field.name for field in PERSON.fields}
        added = [name for name in people if name in self.people.added and name not in declared]
        extensions = [name for offer in self.catalog.of(PersonColumns) for name in offer.fields if name not in declared]
        fields = [_field_of(name, people[name]) for name in added]
        fields += [Field(name, "category", "Added by a product.", nullable=True) for name in extensions]
        return attrs.evolve(PERSON, fields=(*PERSON.fields, *fields))

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


def _field_of(name: str, column: Column) -> Field:
    if isinstance(column, Text):
        return Field(name, "category", "Attribute of the profile.", nullable=True)
    kind = {"b": "boolean", "M": "date"}.get(column.dtype.kind, "number")
    return Field(name, kind, "Attribute of the profile, or a baseline value.", nullable=True)
