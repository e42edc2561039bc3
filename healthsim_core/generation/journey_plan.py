"""Compile journeys to a DAG of event nodes, with triggers expanded into nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from healthsim_core.catalog import CORE_EVENT_TYPES, Catalog
from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.generation.distributions import Distribution, compile_distribution, condition
from healthsim_core.generation.expression_kinds import same_kind
from healthsim_core.generation.expressions import Expression, expressions_in
from healthsim_core.generation.kinds import ANYTHING, BOOLEAN, NOTHING, NUMBER, TEXT, Kind, kind_of_field
from healthsim_core.generation.parameters import Parameters, compile_parameters
from healthsim_core.generation.timing import Timing
from healthsim_core.offers import Trigger
from healthsim_core.spec.journey import EventSpecification, InlineTrigger, JourneySpecification

SHARED_PARAMETERS = ("specialty", "class")  # read by whoever assigns clinicians and places, whatever the event type


@attrs.frozen
class Node:
    """One event of the DAG.

    Attributes:
        path: Stable address: journey/event, followed by >type for each trigger.
        journey: Name of the journey.
        event_type: Event type, lower case.
        label: In words.
        parent: Index of the node it follows; None for those that follow the journey's start.
        timing: Delay from there.
        conditions: All must hold.
        probability: Chance that it happens.
        members: Household positions whose journey this is (nodes without parent).
        eligible: Conditions on the person for the whole journey (nodes without parent).
        every: Time from one occurrence to the next; None for a single one.
        count: Occurrences at most; None for as many as the journey's duration allows.
        parameters: Compiled parameters.
        outcomes: Values drawn when it happens.
        schedule: The trigger's own schedule.
        triggered: Whether a trigger made the node.
        trigger: Of the offered trigger that made it: number, causing and caused event type.
        ends: "journey" or "life" where it stops what comes later.
        birth: Whether it adds a person.
        newborn: Whether it happens to the child.
        duration: The journey's duration, days.
    """

    path: str
    journey: str
    event_type: str
    label: str | None
    parent: int | None
    timing: Timing
    conditions: tuple[Expression, ...]
    probability: float
    parameters: Parameters
    duration: int
    members: tuple[int, ...] = ()
    eligible: tuple[Expression, ...] = ()
    every: Timing | None = None
    count: int | None = 1
    outcomes: tuple[tuple[str, Distribution], ...] = ()
    schedule: Callable[[Any], Any] | None = None
    triggered: bool = False
    trigger: tuple[int, str, str] | None = None
    ends: str | None = None
    birth: bool = False
    newborn: bool = False


@attrs.frozen
class Assignment:
    """A journey and whose it is.

    Attributes:
        journey: The journey.
        members: Household positions.
        when: Who of them, where it is not all.
        where: The path in the specification, for errors.
    """

    journey: JourneySpecification
    members: tuple[int, ...]
    when: Expression | None
    where: str


class JourneyCompiler:
    """Builds the nodes of all journeys of a run, in topological order."""

    def __init__(self, catalog: Catalog, known: Mapping[str, Kind], mistakes: Mistakes) -> None:
        self.catalog, self.known, self.mistakes = catalog, known, mistakes
        self.nodes: list[Node] = []
        self.notes: list[str] = []

    def add(self, assignment: Assignment) -> None:
        """Compile one journey and the triggers of its events; mistakes are kept in `mistakes`."""
        journey, attempt = assignment.journey, self.mistakes.attempt
        eligible = [attempt(None, condition, journey.condition, f"{assignment.where}.condition")] if journey.condition else []
        eligible += [
            attempt(None, Expression.parse, f"{name} == {value!r}", f"{assignment.where}.requires.{name}", "boolean")
            for name, value in journey.requires.items()
        ]
        able = tuple(each for each in [*eligible, assignment.when] if each is not None)
        for expression in able:
            attempt(BOOLEAN, expression.require, self.known)
        readable = {**self.known, **self._outcomes(journey, assignment.where)}
        for event in _in_order(journey.events):
            where = f"{assignment.where}.events[{journey.events.index(event)}]"
            self._add_event(event, assignment, able, readable, where)

    def _outcomes(self, journey: JourneySpecification, where: str) -> dict[str, Kind]:
        """What the outcomes of a journey's events hold, by both of their names."""
        found: dict[str, dict[str, Kind]] = {}
        for index, event in enumerate(journey.events):
            for name, spec in event.outcomes.items():
                path = f"events[{index}].outcomes.{name}"
                drawn = self.mistakes.attempt(None, compile_distribution, spec, f"{where}.{path}")
                before = {"the person": self.known[name]} if name in self.known else {}
                found.setdefault(name, before)[path] = drawn.gives(self.known) if drawn is not None else ANYTHING
        what = "the values of one name are text and others numbers"
        kinds = {n: self.mistakes.attempt(ANYTHING, same_kind, k, f"{where}.{list(k)[-1]}", what) for n, k in found.items()}
        return {**kinds, **{f"outcome.{name}": kind for name, kind in kinds.items()}}

    def _add_event(
        self, event: EventSpecification, assignment: Assignment, eligible: tuple[Expression, ...], readable: Mapping[str, Kind], where: str
    ) -> None:
        journey, attempt = assignment.journey, self.mistakes.attempt
        event_type = attempt("milestone", self.catalog.event_type, event.event_type, f"{where}.event_type")
        parameters = attempt(
            Parameters(), compile_parameters, event.parameters, event_type, journey.parameters, self.catalog, f"{where}.parameters"
        )
        given = self._parameter_kinds(event_type, parameters, readable)
        attempt(None, self._check_parameters, event_type, parameters, {**readable, **given}, f"{where}.parameters")
        said = [attempt(None, condition, c, f"{where}.conditions[{i}]") for i, c in enumerate(event.conditions)]
        conditions = tuple(each for each in said if each is not None)
        for expression in conditions:
            attempt(BOOLEAN, expression.require, readable)
        compiled = [(n, attempt(None, compile_distribution, spec, f"{where}.outcomes.{n}")) for n, spec in event.outcomes.items()]
        drawn = tuple((name, distribution) for name, distribution in compiled if distribution is not None)
        for expression in expressions_in(drawn):
            attempt(NUMBER, expression.require, {**readable, **given})
        parent = None if event.depends_on is None else self._index(f"{journey.journey_id}/{event.depends_on}")
        node = Node(
            path=f"{journey.journey_id}/{event.event_id}",
            journey=journey.journey_id,
            event_type=event_type,
            label=event.name or event.event_id.replace("_", " ").replace("-", " "),
            parent=parent,
            timing=Timing.of(event.delay),
            conditions=conditions,
            probability=event.probability,
            parameters=parameters,
            duration=journey.duration_days,
            members=assignment.members,
            eligible=eligible,
            every=Timing.of(event.repeat.every) if event.repeat else None,
            count=event.repeat.count if event.repeat else 1,
            outcomes=drawn,
            ends=event.ends or ("life" if event_type == "death" else None),
            birth=event.adds_person is not None,
            newborn=event.subject == "newborn",
        )
        written = [attempt(None, self._inline, event_type, t, f"{where}.triggers[{i}]") for i, t in enumerate(event.triggers)]
        self._append(node, [trigger for trigger in written if trigger is not None])

    def _append(self, node: Node, extra: list[Trigger] | None = None) -> None:
        self.nodes.append(node)
        index = len(self.nodes) - 1
        declared = [(number, trigger) for number, trigger in enumerate(self.catalog.of(Trigger)) if trigger.on == node.event_type]
        for number, trigger in [*declared, *((None, trigger) for trigger in extra or [])]:
            if not self.catalog.handlers(trigger.then):
                self.notes.append(f"{trigger.on} -> {trigger.then}: inactive, nobody installed handles {trigger.then}")
                continue
            self._append(self._triggered(node, index, trigger, number))

    def _triggered(self, node: Node, index: int, trigger: Trigger, number: int | None) -> Node:
        where = f"{node.path}: trigger {trigger.on} -> {trigger.then}"
        condition = self.mistakes.attempt(None, Expression.parse, trigger.where, where, "boolean") if trigger.where else None
        conditions = (condition,) if condition is not None else ()
        given = self._parameter_kinds(trigger.on, node.parameters, self.known)
        plain = {name.removeprefix("parameters."): kind for name, kind in given.items()}
        for expression in conditions:
            self.mistakes.attempt(BOOLEAN, expression.require, {**self.known, **plain})
        return Node(
            path=f"{node.path}>{trigger.then}",
            journey=node.journey,
            event_type=trigger.then,
            label=node.label,
            parent=index,
            timing=Timing(float(trigger.delay[0]), float(trigger.delay[1])),
            conditions=conditions,
            probability=1.0,
            parameters=Parameters(constants=dict(trigger.parameters), carried=trigger.carry),
            duration=node.duration,
            schedule=trigger.schedule,
            triggered=True,
            trigger=None if number is None else (number, trigger.on, trigger.then),
        )

    def _inline(self, on: str, written: InlineTrigger, where: str) -> Trigger:
        then = self.catalog.event_type(written.event_type, f"{where}.event_type")
        if then == on:
            raise SpecificationError(f'"{on}" triggers itself.', where, "Use repeat.")
        low, high = written.delay.span if written.delay else (0, 0)
        where_text = condition(written.condition, where).text if written.condition else ""
        return Trigger(on, then, (int(low), int(high)), where_text, written.carry, written.parameters)

    def _parameter_kinds(self, event_type: str, parameters: Parameters, readable: Mapping[str, Kind]) -> dict[str, Kind]:
        """What an event's parameters hold, by the names that expressions read them by."""
        fields = {field.name: kind_of_field(field) for handler in self.catalog.handlers(event_type) for field in handler.parameters}
        found = {**dict.fromkeys(parameters.names, ANYTHING), **fields}
        found |= {name: readable.get(reference.name, ANYTHING) for name, reference in parameters.references.items()}
        found |= {name: _kind_of_value(value) for name, value in parameters.constants.items()}
        return {f"parameters.{name}": kind for name, kind in found.items()}

    def _check_parameters(self, event_type: str, parameters: Parameters, readable: Mapping[str, Kind], where: str) -> None:
        handlers = self.catalog.handlers(event_type)
        accepted = {field.name for handler in handlers for field in handler.parameters} | set(SHARED_PARAMETERS)
        mistakes = Mistakes()
        for name in (*parameters.constants, *parameters.references):
            if handlers and event_type not in CORE_EVENT_TYPES and name not in accepted:
                with mistakes.caught():
                    raise SpecificationError(f'"{event_type}" has no parameter "{name}".', f"{where}.{name}", suggestion(name, accepted))
        for name in sorted(parameters.reads - readable.keys()):
            with mistakes.caught():
                raise SpecificationError(f'reads "{name}", which nobody has.', where, suggestion(name, readable))
        mistakes.tell()

    def _index(self, path: str) -> int:
        return next(index for index, node in reversed(list(enumerate(self.nodes))) if node.path == path)


def _kind_of_value(value: Any) -> Kind:
    if value is None:
        return NOTHING
    return BOOLEAN if isinstance(value, bool) else TEXT if isinstance(value, str) else NUMBER


def _in_order(events: list[EventSpecification]) -> list[EventSpecification]:
    by_id: Mapping[str, EventSpecification] = {event.event_id: event for event in events}
    done: dict[str, EventSpecification] = {}

    def visit(event: EventSpecification) -> None:
        if event.event_id in done:
            return
        if event.depends_on is not None:
            visit(by_id[event.depends_on])
        done[event.event_id] = event

    for event in events:
        visit(event)
    return list(done.values())

