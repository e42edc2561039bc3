"""Compile journeys to a DAG of event nodes, with triggers expanded into nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from healthsim_core.catalog import CORE_EVENT_TYPES, Catalog
from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.generation.assignments import Assigned, Assignment
from healthsim_core.generation.distributions import compile_distribution, condition
from healthsim_core.generation.expression_kinds import same_kind
from healthsim_core.generation.expressions import Expression, expressions_in
from healthsim_core.generation.kinds import ANYTHING, BOOLEAN, NOTHING, NUMBER, TEXT, Kind, kind_of_field, text_of
from healthsim_core.generation.nodes import FOLLOWING, Node, Recurrence
from healthsim_core.generation.parameters import Parameters, compile_parameters, one_value
from healthsim_core.generation.patterns.branching import Branching
from healthsim_core.generation.patterns.lifecycle import Lifecycle
from healthsim_core.generation.timing import Timing
from healthsim_core.offers import Trigger
from healthsim_core.spec.journey import EventSpecification, InlineTrigger
from healthsim_core.spec.journey.events import MOST_COPIES, MOST_OCCURRENCES, Anchor, Repeat
from healthsim_core.spec.journey.expansion import Step

SHARED_PARAMETERS = ("specialty", "class")  # read by whoever assigns clinicians and places, whatever the event type
MOST_NODES = 20_000
MOST_OF_A_NODE = 100_000  # occurrences of one event that a person may have, repeats of repeats included
LIFETIME = 130 * 365.2425  # days: from birth, what comes again may come this long


class JourneyCompiler:
    """Builds the nodes of all journeys of a run, in topological order."""

    def __init__(self, catalog: Catalog, known: Mapping[str, Kind], mistakes: Mistakes) -> None:
        self.catalog, self.known, self.mistakes = catalog, known, mistakes
        self.nodes: list[Node] = []
        self.groups: list[int] = []
        self.inactive: dict[tuple[str, str], None] = {}

    def compile(self, assignments: Sequence[Assignment]) -> None:
        """Compile all journeys and the triggers of their events; mistakes are kept in `mistakes`."""
        self.assigned = Assigned(assignments, self.mistakes)
        self.eligible = [self._eligible(assignment) for assignment in self.assigned.all]
        self.readable = [self._readable(assignment) for assignment in self.assigned.all]
        for number, step in self.assigned.in_order():
            if len(self.nodes) > MOST_NODES:
                where = self.assigned.all[number].at("events")
                raise SpecificationError(f"the plan has more than {MOST_NODES:,} events.", where, "Give fewer or shorter journeys.")
            self._add_step(number, step)

    def _eligible(self, assignment: Assignment) -> tuple[Expression, ...]:
        journey, attempt = assignment.journey, self.mistakes.attempt
        eligible = [attempt(None, condition, journey.condition, assignment.at("condition"))] if journey.condition else []
        eligible += [
            attempt(None, Expression.parse, f"{name} == {value!r}", assignment.at(f"requires.{name}"), "boolean")
            for name, value in journey.requires.items()
        ]
        able = tuple(each for each in [*eligible, assignment.when] if each is not None)
        for expression in able:
            attempt(BOOLEAN, expression.require, self.known)
        return able

    def _readable(self, assignment: Assignment) -> dict[str, Kind]:
        """Columns of the person, and what a journey's events, branches and lifecycles give, by all of their names."""
        found: dict[str, dict[str, Kind]] = {}
        given: dict[str, Kind] = {}
        for step in assignment.journey.steps:
            for name, spec in step.event.outcomes.items():
                path = f"{step.where}.outcomes.{name}"
                drawn = self.mistakes.attempt(None, compile_distribution, spec, assignment.at(path))
                before = {"the person": self.known[name]} if name in self.known else {}
                found.setdefault(name, before)[path] = drawn.gives(self.known) if drawn is not None else ANYTHING
            if step.branch is not None:
                ids = [choice.choice_id for choice in step.branch.choices]
                given[f"branch.{step.branch.branch_id}"] = text_of(ids) if step.branch.exclusive else Kind("words")
            if step.lifecycle is not None:
                given[f"state.{step.lifecycle.lifecycle_id}"] = text_of(step.lifecycle.states)
        what = "the values of one name are text and others numbers"
        kinds = {n: self.mistakes.attempt(ANYTHING, same_kind, k, assignment.at(list(k)[-1]), what) for n, k in found.items()}
        return {**self.known, **kinds, **{f"outcome.{name}": kind for name, kind in kinds.items()}, **given}

    def _add_step(self, number: int, step: Step) -> None:
        assignment, event, attempt = self.assigned.all[number], step.event, self.mistakes.attempt
        where, journey, readable = assignment.at(step.where), assignment.journey, self.readable[number]
        event_type = attempt("milestone", self.catalog.event_type, event.event_type, f"{where}.event_type")
        parameters = attempt(
            Parameters(), compile_parameters, event.parameters, event_type, journey.parameters, self.catalog, f"{where}.parameters"
        )
        given = self._parameter_kinds(event_type, parameters, readable)
        attempt(None, self._check_parameters, event_type, parameters, {**readable, **given}, f"{where}.parameters")
        for use in parameters.skills:
            attempt(None, use.check, {**readable, **given}, f"{where}.parameters.skill_ref")
        parent = self.assigned.index_of(number, event.depends_on)
        node = Node(
            path=f"{journey.journey_id}/{event.event_id}",
            journey=journey.journey_id,
            event_type=event_type,
            label=event.name or event.event_id.replace("_", " ").replace("-", " "),
            parent=parent,
            timing=attempt(Timing(), Timing.of, event.delay, f"{where}.delay"),
            conditions=self._conditions(event, readable, where),
            probability=event.probability,
            parameters=parameters,
            duration=journey.duration_days,
            members=assignment.members,
            eligible=self.eligible[number],
            anchor=_anchor(event.anchor),
            origin=self.assigned.origin(number) if not step.starts else None,
            starts=step.starts,
            most=self.nodes[parent].most if parent is not None and not step.starts else 1,
            outcomes=self._outcomes(event, {**readable, **given}, where),
            taken=step.taken,
            state=None if step.state_of is None else self.assigned.index_of(number, step.state_of),
            ends="life" if event_type == "death" else event.ends if event.ends != "coverage" else None,
            birth=event.adds_person is not None,
            newborn=event.subject == "newborn",
        )
        node = self._with_patterns(number, node, step, readable, where)
        for expression in expressions_in(node.timing):
            attempt(NUMBER, expression.require, readable)
        self.assigned.done(number, event.event_id, len(self.nodes))
        self._append(number, node, event, where)

    def _conditions(self, event: EventSpecification, readable: Mapping[str, Kind], where: str) -> tuple[Expression, ...]:
        said = [self.mistakes.attempt(None, condition, c, f"{where}.conditions[{i}]") for i, c in enumerate(event.conditions)]
        for expression in (conditions := tuple(each for each in said if each is not None)):
            self.mistakes.attempt(BOOLEAN, expression.require, readable)
        return conditions

    def _outcomes(self, event: EventSpecification, readable: Mapping[str, Kind], where: str) -> tuple[tuple[str, Any], ...]:
        attempt = self.mistakes.attempt
        compiled = [(n, attempt(None, compile_distribution, spec, f"{where}.outcomes.{n}")) for n, spec in event.outcomes.items()]
        drawn = tuple((name, distribution) for name, distribution in compiled if distribution is not None)
        for expression in expressions_in(drawn):
            attempt(NUMBER, expression.require, readable)
        return drawn

    def _with_patterns(self, number: int, node: Node, step: Step, readable: Mapping[str, Kind], where: str) -> Node:
        """The node with what it chooses, passes through, or repeats."""
        attempt, changed = self.mistakes.attempt, dict[str, Any]()
        if step.branch is not None:
            changed["branch"] = attempt(None, Branching.of, step.branch, where)
        if step.lifecycle is not None:
            lifecycle = attempt(None, Lifecycle.of, step.lifecycle, where)
            changed |= {"lifecycle": lifecycle, "most": 1 if lifecycle is None else lifecycle.most}
        if step.event.repeat is not None:
            recurrence = attempt(None, self._recurrence, step.event.repeat, node, f"{where}.repeat")
            changed |= {"recurrence": recurrence, "most": node.most * (recurrence.times if recurrence is not None else 1)}
            if recurrence is not None and recurrence.until is not None:
                attempt(None, self.assigned.refuse_later, number, step, recurrence.until, f"{where}.repeat.until")
        for expression in expressions_in(tuple(changed.values())):
            attempt(BOOLEAN, expression.require, readable)
        made = attrs.evolve(node, **changed)
        with self.mistakes.caught():
            _refuse_too_many(made, node.most, where)
        return made

    def _recurrence(self, repeat: Repeat, node: Node, where: str) -> Recurrence:
        every = Timing.of(repeat.every, f"{where}.every")
        lasts = node.duration + (LIFETIME if node.anchor is not None else 0)
        times = min(repeat.count or MOST_OF_A_NODE, int(lasts // every.least) + 1)
        if times > MOST_OCCURRENCES:
            what = f"it may come {times:,} times; at most {MOST_OCCURRENCES:,}."
            raise SpecificationError(what, where, "Give a count, or a longer interval.")
        scheduled = repeat.runs_from == "schedule"
        if scheduled and every.high - every.low >= every.expected:
            raise SpecificationError("its window is as wide as its interval.", f"{where}.every", "Make it narrower.")
        until = None if repeat.until is None else condition(repeat.until, f"{where}.until")
        return Recurrence(every, times, repeat.attrition, until, scheduled)

    def _append(self, number: int, node: Node, event: EventSpecification, where: str) -> None:
        """Add a node, and after it those of the triggers that stand on it, declared and written."""
        written = [self._inline(node, t, f"{where}.triggers[{i}]") for i, t in enumerate(event.triggers)]
        if event.ends == "coverage" and node.event_type != "termination":
            written.append(InlineTrigger(event_type="termination"))
        self._expand(number, node, [each for each in written if each is not None], where)

    def _expand(self, number: int, node: Node, written: Sequence[InlineTrigger], where: str) -> None:
        self.nodes.append(node)
        self.groups.append(number)
        index, paths = len(self.nodes) - 1, dict[str, int]()
        for order, trigger in enumerate(self.catalog.of(Trigger)):
            if trigger.on == node.event_type and self._is_active(trigger.on, trigger.then):
                self._expand(number, self._declared(node, index, trigger, order, _numbered(paths, trigger.then)), (), where)
        for position, each in enumerate(written):
            then = each.event_type.lower()
            if self._is_active(node.event_type, then):
                made = self._triggered(node, index, each, _numbered(paths, then), f"{where}.triggers[{position}]")
                self._expand(number, made, (), where)

    def _is_active(self, on: str, then: str) -> bool:
        if self.catalog.handlers(then):
            return True
        self.inactive[on, then] = None
        return False

    def _declared(self, node: Node, index: int, trigger: Trigger, order: int, then: str) -> Node:
        where = f"{node.path}: trigger {trigger.on} -> {trigger.then}"
        conditions = self._plain_conditions(node, trigger.where, where)
        return Node(
            path=f"{node.path}>{then}",
            journey=node.journey,
            event_type=trigger.then,
            label=node.label,
            parent=index,
            timing=Timing(float(trigger.delay[0]), float(trigger.delay[1])),
            conditions=conditions,
            probability=1.0,
            parameters=Parameters(constants=dict(trigger.parameters), carried=trigger.carry),
            duration=node.duration,
            most=node.most * (FOLLOWING if trigger.schedule is not None else 1),
            schedule=trigger.schedule,
            triggered=True,
            trigger=(order, trigger.on, trigger.then),
        )

    def _triggered(self, node: Node, index: int, written: InlineTrigger, then: str, where: str) -> Node:
        copies: int | Expression = written.fan_out if isinstance(written.fan_out, int) else 1
        if isinstance(written.fan_out, str):
            copies = self.mistakes.attempt(1, Expression.parse, written.fan_out, f"{where}.fan_out", "number")
            if isinstance(copies, Expression):
                self.mistakes.attempt(NUMBER, copies.require, self._plain_kinds(node))
        said = written.condition
        text = said if isinstance(said, str) else said.expression() if said is not None else ""
        pairs = written.carry.items() if isinstance(written.carry, dict) else [(name, name) for name in written.carry]
        return Node(
            path=f"{node.path}>{then}",
            journey=node.journey,
            event_type=written.event_type.lower(),
            label=node.label,
            parent=index,
            timing=self.mistakes.attempt(Timing(), Timing.of, written.delay, f"{where}.delay"),
            conditions=self._plain_conditions(node, text, f"{where}.condition"),
            probability=written.probability,
            parameters=Parameters(constants=dict(written.parameters), carried=tuple(pairs)),
            duration=node.duration,
            copies=copies,
            most=node.most * (copies if isinstance(copies, int) else MOST_COPIES),
            triggered=True,
        )

    def _plain_conditions(self, node: Node, text: str, where: str) -> tuple[Expression, ...]:
        parsed = self.mistakes.attempt(None, Expression.parse, text, where, "boolean") if text else None
        if parsed is None:
            return ()
        self.mistakes.attempt(BOOLEAN, parsed.require, self._plain_kinds(node))
        return (parsed,)

    def _plain_kinds(self, node: Node) -> dict[str, Kind]:
        """What a trigger reads: columns of the person, and the causing event's parameters by their plain names."""
        given = self._parameter_kinds(node.event_type, node.parameters, self.known)
        return {**self.known, **given, **{name.removeprefix("parameters."): kind for name, kind in given.items()}}

    def _inline(self, node: Node, written: InlineTrigger, where: str) -> InlineTrigger | None:
        with self.mistakes.caught():
            then = self.catalog.event_type(written.event_type, f"{where}.event_type")
            for name, value in written.parameters.items():
                one_value(value, f"{where}.parameters.{name}")
            if then == node.event_type:
                raise SpecificationError(f'"{then}" triggers itself.', where, "Use repeat.")
            return written.model_copy(update={"event_type": then})
        return None

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
        for field in (field for handler in handlers for field in handler.needs(event_type)):
            given = readable.get(f"parameters.{field.name}", ANYTHING)
            if (field.name not in parameters.names or given.of == "nothing"):
                with mistakes.caught():
                    raise SpecificationError(f'"{event_type}" needs the parameter "{field.name}".', where, f"Give it: {field.description}")
        wanted = {field.name: kind_of_field(field) for handler in handlers for field in handler.parameters}
        for name, kind in wanted.items():
            given = readable.get(f"parameters.{name}", ANYTHING)
            if name in {*parameters.constants, *parameters.references} and kind.counts and not given.counts and given.of != "nothing":
                with mistakes.caught():
                    raise SpecificationError(f'"{name}" is {given}, not {kind}.', f"{where}.{name}", f"Give {kind}.")
        for name in sorted(parameters.reads - readable.keys()):
            with mistakes.caught():
                raise SpecificationError(f'reads "{name}", which nobody has.', where, suggestion(name, readable))
        mistakes.tell()


def _kind_of_value(value: Any) -> Kind:
    if value is None:
        return NOTHING
    return BOOLEAN if isinstance(value, bool) else TEXT if isinstance(value, str) else NUMBER


def _numbered(paths: dict[str, int], then: str) -> str:
    """The event type as it stands in the path: the second of the same type has a number, so that their ids differ."""
    paths[then] = paths.get(then, 0) + 1
    return then if paths[then] == 1 else f"{then}-{paths[then]}"


def _refuse_too_many(node: Node, before: int, where: str) -> None:
    if before > 1 and (node.birth or node.lifecycle is not None):
        what = "a birth" if node.birth else "a lifecycle"
        raise SpecificationError(f"{what} that follows a repeated event.", where, "Let it follow an event that happens once.")
    if node.birth and node.recurrence is not None:
        raise SpecificationError("a birth is repeated.", f"{where}.repeat", "Write an event for each.")
    if node.most > MOST_OF_A_NODE:
        what = f"repeats of repeats come to {node.most:,} of it a person; at most {MOST_OF_A_NODE:,}."
        raise SpecificationError(what, where, "Give lower counts.")


def _anchor(written: str | Anchor | None) -> str | int | tuple[str, float] | None:
    if isinstance(written, Anchor):
        return ("age", float(written.age)) if written.date is None and written.age is not None else _day(written)
    return None if written == "start" else written


def _day(written: Anchor) -> int:
    assert written.date is not None
    return written.date.toordinal() - _EPOCH


_EPOCH = 719_163  # ordinal of 1970-01-01
