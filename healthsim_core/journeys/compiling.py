"""Compile journeys to a DAG of event nodes, with triggers expanded into nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.defaults import mothers
from healthsim_core.distributions import Distribution, compile_distribution, condition
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.expressions.certainty import Certainties, certain_where, made_certain
from healthsim_core.expressions.checking import kind_of_expression, same_kind
from healthsim_core.expressions.expression import Expression, expressions_in
from healthsim_core.expressions.kinds import ANYTHING, BOOLEAN, NUMBER, Kind, always, text_of
from healthsim_core.expressions.known_state import KnownState
from healthsim_core.journeys.assignments import Assigned, Assignment
from healthsim_core.journeys.changes import check_stops, said_by
from healthsim_core.journeys.coded import Coded
from healthsim_core.journeys.coverage_events import check_coverage_events
from healthsim_core.journeys.nodes import Branched, Ending, Node, Once, Passage, Place, Repeated, refuse_too_many
from healthsim_core.journeys.presumed import Presumed, presumed
from healthsim_core.journeys.sequence import check_carried, check_sequence
from healthsim_core.journeys.triggered import as_written, by_trigger, numbered
from healthsim_core.offers import Trigger
from healthsim_core.parameters.befalling import Befalls, settled
from healthsim_core.parameters.compiling import Parameters, compile_parameters, one_value
from healthsim_core.parameters.kinds import ParameterKinds
from healthsim_core.parameters.who import Comers
from healthsim_core.patterns.branching import Branching
from healthsim_core.patterns.lifecycle import Lifecycle
from healthsim_core.patterns.repeating import Recurrence
from healthsim_core.patterns.timing import Timing, anchor_of
from healthsim_core.people.plan import PeoplePlan
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.spec.journey import EventSpecification, InlineTrigger, JourneySpecification
from healthsim_core.spec.journey.expansion import Step
from healthsim_core.state_offers import StateChange

MOST_NODES = 20_000
DAYS_A_YEAR = 365.2425
LIFETIME = 130 * DAYS_A_YEAR  # days: from birth, what comes again may come this long


class JourneyCompiler:
    """Builds the nodes of all journeys of a run, in topological order.

    Args:
        catalog: Whose handlers say what parameters hold.
        products: Whose triggers take part.
        people: The compiled profile.
        mistakes: Takes what is wrong.
        codes: The codes that the run knows.
    """

    def __init__(
        self, catalog: Catalog, products: Sequence[str], people: PeoplePlan, mistakes: Mistakes, codes: KnownCodes
    ) -> None:
        self.catalog, self.mistakes, self.state = catalog, mistakes, catalog.derived(KnownState.of)
        self.known = {**people.known, **self.state.names}
        certain = {f"condition.{plan.category}": plan.certain for plan in people.conditions}
        self.certain = Certainties(self.known, certain)
        self.coded, self.stated = Coded(catalog, codes), [plan.category for plan in people.conditions]
        self.who = Comers({attribute.name: attribute.by_member for attribute in people.attributes})
        self.given: list[dict[str, Kind]] = []  # what the parameters of each node hold
        self.held: list[tuple[str, ParameterKinds]] = []  # the parameters with their paths
        self.held_at: list[int] = []  # their nodes
        self.nodes: list[Node] = []
        self.groups: list[int] = []
        self.where: list[str] = []  # the path of each node
        self.triggers, self.closings = catalog.triggers(products), catalog.closings(products)
        self.changes = [change for change in catalog.of(StateChange) if change.product in products]
        self.seen: set[int] = set()  # triggers whose carried parameters were checked

    def compile(self, assignments: Sequence[Assignment]) -> None:
        """Compile all journeys and the triggers of their events; mistakes are kept in `mistakes`."""
        self.assigned = Assigned(assignments, self.mistakes)
        self.eligible = [self._eligible(assignment) for assignment in self.assigned.all]
        self.presumed = [self._presumed(assignment) for assignment in self.assigned.all]
        readable = [self._readable(assignment) for assignment in self.assigned.all]
        self.readable = [self.certain.doubted(kinds) for kinds in readable]
        for number, step in self.assigned.in_order():
            if len(self.nodes) > MOST_NODES:
                where = self.assigned.all[number].at("events")
                raise SpecificationError(
                    f"the plan has more than {MOST_NODES:,} events.", where, "Give fewer or shorter journeys."
                )
            self._add_step(number, step)
        check_sequence(self.catalog, self.nodes, self.certain.of_child, self.where, self.mistakes)
        check_coverage_events(self.nodes, self.where, self.mistakes)
        check_stops(self.nodes, self.changes, self.stated, self.where, self.mistakes)

    def _eligible(self, assignment: Assignment) -> tuple[Expression, ...]:
        journey, attempt = assignment.journey, self.mistakes.attempt
        eligible = (
            [attempt(None, condition, journey.condition, assignment.at("condition"))] if journey.condition else []
        )
        eligible += [
            attempt(None, Expression.parse, f"{name} == {value!r}", assignment.at(f"requires.{name}"), "boolean")
            for name, value in journey.requires.items()
        ]
        if any(step.event.adds_person for step in journey.steps):
            eligible += [
                attempt(None, Expression.parse, text, assignment.at("events"), "boolean") for text in mothers()
            ]
        able = tuple({part.text: part for part in [*eligible, assignment.when] if part is not None}.values())
        for expression in able:
            attempt(BOOLEAN, kind_of_expression, expression, self.known)
        return able

    def _presumed(self, assignment: Assignment) -> tuple[Presumed, ...]:
        where, attempt = assignment.at("presumes"), self.mistakes.attempt
        written = [
            (assumption.code, f"{where}[{index}].code") for index, assumption in enumerate(assignment.journey.presumes)
        ]
        codes = [attempt(code, self.coded.known.require, "icd-10-cm-category", code, path) for code, path in written]
        assumptions = attempt((), lambda: tuple(presumed(assignment.journey, codes, self.stated, where)))
        for expression in expressions_in(assumptions):
            attempt(BOOLEAN, kind_of_expression, expression, self.known)
        return assumptions

    def _readable(self, assignment: Assignment) -> dict[str, Kind]:
        """Columns of the person, and what a journey's events, branches and lifecycles give, by all of their names."""
        sources: dict[str, dict[str, Kind]] = {}
        given: dict[str, Kind] = {}
        for step in assignment.journey.steps:
            for name, spec in step.event.outcomes.items():
                path = f"{step.where}.outcomes.{name}"
                drawn = self.mistakes.attempt(None, compile_distribution, spec, assignment.at(path))
                before = {"the person": self.known[name]} if name in self.known else {}
                sources.setdefault(name, before)[path] = kind = (
                    drawn.gives(self.known) if drawn is not None else ANYTHING
                )
                self.certain.draws(name, f"{assignment.journey.journey_id}/{step.event.event_id}", kind)
            if step.branch is not None:
                ids = [choice.choice_id for choice in step.branch.choices]
                given[f"branch.{step.branch.branch_id}"] = text_of(ids) if step.branch.exclusive else Kind("words")
            if step.lifecycle is not None:
                given[f"state.{step.lifecycle.lifecycle_id}"] = text_of(step.lifecycle.states)
        what = "the values of one name are text and others numbers"
        kinds = {
            n: self.mistakes.attempt(ANYTHING, same_kind, k, assignment.at(list(k)[-1]), what)
            for n, k in sources.items()
        }
        return {**self.known, **kinds, **{f"outcome.{name}": kind for name, kind in kinds.items()}, **given}

    def _add_step(self, number: int, step: Step) -> None:
        assignment, event, attempt = self.assigned.all[number], step.event, self.mistakes.attempt
        where, journey = assignment.at(step.where), assignment.journey
        parent = self.assigned.index_of(number, event.depends_on)
        conditions = self._conditions(event, self.readable[number], where)
        readable, certain = self._readable_at(number, step, conditions)
        event_type = attempt("milestone", self.catalog.event_type, event.event_type, f"{where}.event_type")
        parameters, outcomes, drawn = self._given(event, event_type, journey, readable, where)
        self._reached(number, step, conditions, certain, drawn)
        node = Node(
            path=f"{journey.journey_id}/{event.event_id}",
            journey=journey.journey_id,
            event_type=event_type,
            label=event.name or event.event_id.replace("_", " ").replace("-", " "),
            parent=parent,
            timing=attempt(Timing(), Timing.of, event.delay, f"{where}.delay"),
            conditions=conditions,
            probability=event.probability,
            parameters=parameters,
            duration=journey.duration_days,
            most=self.nodes[parent].most if parent is not None and not step.starts else 1,
            how=Once(outcomes),
            place=self._place(number, step),
            ending=self._ending(event, event_type),
            birth=event.adds_person is not None,
            befalls=self._befalls(event_type, parameters, journey.duration_days, f"{where}.parameters"),
            said=attempt((), said_by, event, self.state, self.known["conditions"].instead, where),
            recoded=self.coded.by_state(event_type, parameters, self.given[-1]),
        )
        node = self._with_pattern(number, node, step, readable, where)
        for expression in expressions_in(node.timing):
            attempt(NUMBER, kind_of_expression, expression, readable)
        self.assigned.done(number, event.event_id, len(self.nodes))
        self._append(number, node, event, where)

    def _place(self, number: int, step: Step) -> Place:
        return Place(
            members=self.assigned.all[number].members,
            eligible=(*self.eligible[number], *self.presumed[number]),
            anchor=anchor_of(step.event.anchor),
            origin=self.assigned.origin(number) if not step.starts else None,
            starts=step.starts,
            taken=step.taken,
            state=None if step.state_of is None else self.assigned.index_of(number, step.state_of),
            newborn=step.event.subject == "newborn",
        )

    def _ending(self, event: EventSpecification, event_type: str) -> Ending:
        ends = "life" if event_type == "death" else event.ends if event.ends != "coverage" else None
        closing = self.closings.get(event_type)
        return Ending(ends) if closing is None else Ending(ends, closing.closes, tuple(closing.at_death.items()))

    def _conditions(
        self, event: EventSpecification, readable: Mapping[str, Kind], where: str
    ) -> tuple[Expression, ...]:
        compiled = [
            self.mistakes.attempt(None, condition, c, f"{where}.conditions[{i}]")
            for i, c in enumerate(event.conditions)
        ]
        for expression in (conditions := tuple(term for term in compiled if term is not None)):
            self.mistakes.attempt(BOOLEAN, kind_of_expression, expression, readable)
        return conditions

    def _readable_at(
        self, number: int, step: Step, conditions: tuple[Expression, ...]
    ) -> tuple[dict[str, Kind], frozenset[str]]:
        """What an event may read, and which of it is not null where it happens."""
        parent, readable = self.assigned.index_of(number, step.event.depends_on), self.readable[number]
        eligible = self.eligible[number] if parent is None or step.starts else ()
        newborn, members = step.event.subject == "newborn", self.assigned.all[number].members
        certain = self.certain.where(parent, newborn, members, (*conditions, *eligible), readable)
        return made_certain(readable, certain), certain

    def _reached(
        self, number: int, step: Step, conditions: tuple[Expression, ...], certain: frozenset[str], drawn: Sequence[str]
    ) -> None:
        """Note to whom an event can happen, and what is certain of them."""
        parent = self.assigned.index_of(number, step.event.depends_on)
        of_child = parent is not None and self.certain.of_child[parent]
        child = step.event.subject == "newborn" or of_child
        holds = (*conditions, *(self.eligible[number] if parent is None or step.starts else ()))
        self.who.add(self.assigned.all[number].members, parent, child and not of_child, child, holds)
        self.certain.add(certain, drawn, child)

    def _befalls(self, event_type: str, parameters: Parameters, days: float, where: str) -> Befalls:
        """Whom the next node can befall, by what it diagnoses."""
        years = math.floor(days / DAYS_A_YEAR) if self.certain.of_child[-1] else math.ceil(days / DAYS_A_YEAR)
        diagnoses = self.coded.diagnoses(event_type, parameters, self.given[-1])
        return settled(self.who.of_node[-1], diagnoses, years, where, self.mistakes)

    def _given(
        self,
        event: EventSpecification,
        event_type: str,
        journey: JourneySpecification,
        readable: Mapping[str, Kind],
        where: str,
    ) -> tuple[Parameters, tuple[tuple[str, Distribution], ...], list[str]]:
        """Parameters and outcomes of the next node, and those of the outcomes that then are not null."""
        attempt, path, catalog = self.mistakes.attempt, f"{where}.parameters", self.catalog
        parameters = attempt(
            Parameters(), compile_parameters, event.parameters, event_type, journey.parameters, catalog, path
        )
        parameters = attempt(parameters, self.coded.written, event_type, parameters, path)
        held = ParameterKinds(catalog, event_type, parameters, readable)
        reading = {**readable, **held.as_read}
        for use in parameters.skills:
            attempt(None, use.check, reading, f"{path}.skill_ref")
        outcomes, drawn = self._outcomes(event, reading, where)
        if drawn or any(name.startswith("parameters.") for name in parameters.reads):
            held = ParameterKinds(catalog, event_type, parameters, {**reading, **drawn})
        self._hold(held, path)
        parameters = attempt(parameters, self.coded.read, event_type, parameters, held.by_name, {}, path)
        attempt(None, self.coded.check_outcomes, event_type, parameters, event.outcomes, dict(outcomes), where)
        return parameters, outcomes, [name for name in event.outcomes if drawn[name].always]

    def _hold(self, held: ParameterKinds, where: str) -> None:
        """Check the parameters of the next node, and keep them."""
        self.mistakes.attempt(None, held.check, where)
        self.held.append((where, held))
        self.held_at.append(len(self.given))
        self.given.append(held.by_name)

    def _outcomes(
        self, event: EventSpecification, readable: Mapping[str, Kind], where: str
    ) -> tuple[tuple[tuple[str, Distribution], ...], dict[str, Kind]]:
        """The outcomes of an event, and what each holds there, by all of its names; each may read those before it."""
        attempt, kinds = self.mistakes.attempt, dict[str, Kind]()
        compiled = [
            (n, attempt(None, compile_distribution, spec, f"{where}.outcomes.{n}"))
            for n, spec in event.outcomes.items()
        ]
        for name, distribution in compiled:
            kind = distribution.gives({**readable, **kinds}) if distribution is not None else ANYTHING
            kinds |= {name: kind, f"outcome.{name}": kind}
        drawn = tuple((name, distribution) for name, distribution in compiled if distribution is not None)
        for expression in expressions_in(drawn):
            attempt(NUMBER, kind_of_expression, expression, readable)
        return drawn, kinds

    def _with_pattern(self, number: int, node: Node, step: Step, readable: Mapping[str, Kind], where: str) -> Node:
        """The node as it comes about: what it chooses, passes through, or repeats."""
        attempt, how, most = self.mistakes.attempt, node.how, node.most
        pattern: Branching | Lifecycle | Recurrence | None = None
        if step.branch is not None:
            pattern = branching = attempt(None, Branching.of, step.branch, where)
            how = how if branching is None else Branched(branching)
        elif step.lifecycle is not None:
            pattern = lifecycle = attempt(None, Lifecycle.of, step.lifecycle, where)
            how, most = (how, 1) if lifecycle is None else (Passage(lifecycle), lifecycle.most)
        elif step.event.repeat is not None:
            lasts = node.duration + (LIFETIME if node.place.anchor is not None else 0)
            pattern = recurrence = attempt(None, Recurrence.of, step.event.repeat, lasts, f"{where}.repeat")
            if recurrence is not None:
                how, most = Repeated(recurrence, node.outcomes), node.most * recurrence.times
                if recurrence.until is not None:
                    attempt(None, self.assigned.refuse_later, number, step, recurrence.until, f"{where}.repeat.until")
        for expression in expressions_in(pattern):
            attempt(BOOLEAN, kind_of_expression, expression, readable)
        patterned = attrs.evolve(node, how=how, most=most)
        with self.mistakes.caught():
            refuse_too_many(patterned, node.most, where)
        return patterned

    def _append(self, number: int, node: Node, event: EventSpecification, where: str) -> None:
        """Add a node, and after it those of the triggers that stand on it, declared and written."""
        written = [self._inline(node, t, f"{where}.triggers[{i}]") for i, t in enumerate(event.triggers)]
        if event.ends == "coverage" and node.event_type != "termination":
            written.append(InlineTrigger(event_type="termination"))
        self._expand(number, node, [trigger for trigger in written if trigger is not None], where)

    def _expand(self, number: int, node: Node, written: Sequence[InlineTrigger], where: str) -> None:
        self.nodes.append(node)
        self.groups.append(number)
        self.where.append(where)
        index, paths, attempt = len(self.nodes) - 1, dict[str, int](), self.mistakes.attempt
        for order, trigger in enumerate(self.triggers):
            if trigger.on == node.event_type:
                caused = self._declared(
                    node, index, trigger, order, numbered(paths, f"{trigger.product}.{trigger.then}")
                )
                caused = self.coded.triggered(caused, self.nodes, f"{where}.parameters", self.mistakes)
                held = self._caused(caused)
                attempt(None, held.check_needed, f"{where}.parameters")
                self.given.append(held.by_name)
                self._expand(number, caused, (), where)
        for position, inline in enumerate(written):
            path = f"{where}.triggers[{position}]"
            child = self._triggered(node, index, inline, numbered(paths, inline.event_type), path)
            child = self.coded.triggered(child, self.nodes, f"{path}.parameters", self.mistakes)
            self._hold(self._caused(child), f"{path}.parameters")
            befalls = self._befalls(child.event_type, child.parameters, child.duration, f"{path}.parameters")
            self._expand(number, attrs.evolve(child, befalls=befalls), (), where)

    def _caused(self, node: Node) -> ParameterKinds:
        """What the parameters of an event hold that another one causes; what is certain of it is noted."""
        assert node.parent is not None
        plain = self._plain_kinds(node.parent)
        certain = certain_where(node.conditions, plain)
        carried = {name: always(kind, kind.always or name in certain) for name, kind in self.given[node.parent].items()}
        self.certain.add(
            self.certain.at[node.parent] | (certain - carried.keys()), (), self.certain.of_child[node.parent]
        )
        self.who.caused(node.parent, node.conditions)
        return ParameterKinds(self.catalog, node.event_type, node.parameters, plain, carried)

    def _declared(self, node: Node, index: int, trigger: Trigger, order: int, then: str) -> Node:
        where = f"{node.path}: trigger {trigger.on} -> {trigger.then}"
        if order not in self.seen:
            self.seen.add(order)
            pairs = {f"{where}: carry.{pair[0]}": pair for pair in trigger.carry}
            self.mistakes.attempt(None, check_carried, self.catalog, trigger.on, trigger.then, pairs)
        return by_trigger(node, index, trigger, order, then, self._plain_conditions(index, trigger.where, where))

    def _triggered(self, node: Node, index: int, written: InlineTrigger, then: str, where: str) -> Node:
        copies: int | Expression = written.fan_out if isinstance(written.fan_out, int) else 1
        if isinstance(written.fan_out, str):
            copies = self.mistakes.attempt(1, Expression.parse, written.fan_out, f"{where}.fan_out", "number")
            if isinstance(copies, Expression):
                self.mistakes.attempt(NUMBER, kind_of_expression, copies, self._plain_kinds(index))
        stated = written.condition
        text = stated if isinstance(stated, str) else stated.expression() if stated is not None else ""
        listed = written.carry.items() if isinstance(written.carry, dict) else [(name, name) for name in written.carry]
        pairs = {f"{where}.carry.{old}": (old, new) for old, new in listed}
        self.mistakes.attempt(
            None, check_carried, self.catalog, node.event_type, written.event_type, pairs, self.given[index]
        )
        timing = self.mistakes.attempt(Timing(), Timing.of, written.delay, f"{where}.delay")
        conditions = self._plain_conditions(index, text, f"{where}.condition")
        return as_written(node, index, written, then, timing, conditions, copies, tuple(pairs.values()))

    def _plain_conditions(self, cause: int, text: str, where: str) -> tuple[Expression, ...]:
        parsed = self.mistakes.attempt(None, Expression.parse, text, where, "boolean") if text else None
        if parsed is None:
            return ()
        self.mistakes.attempt(BOOLEAN, kind_of_expression, parsed, self._plain_kinds(cause))
        return (parsed,)

    def _plain_kinds(self, cause: int) -> dict[str, Kind]:
        """What a trigger reads: columns of the person, and the causing event's parameters by their plain names."""
        given = self.coded.sought(self.nodes[cause].event_type, self.given[cause])
        return {**self.known, **{f"parameters.{name}": kind for name, kind in given.items()}, **given}

    def _inline(self, node: Node, written: InlineTrigger, where: str) -> InlineTrigger | None:
        with self.mistakes.caught():
            then = self.catalog.event_type(written.event_type, f"{where}.event_type")
            for name, value in written.parameters.items():
                one_value(value, f"{where}.parameters.{name}")
            if then == node.event_type:
                raise SpecificationError(f'"{then}" triggers itself.', where, "Use repeat.")
            return written.model_copy(update={"event_type": then})
        return None
