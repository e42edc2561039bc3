"""The events on the way to a record: why each happened, what it read, what it drew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.explaining.life import Happening, Life, NotedDraws, time_of
from healthsim_core.explaining.origins import Origins
from healthsim_core.explaining.skills import row_of
from healthsim_core.explaining.told import Condition, Draw, Given, Happened, Read
from healthsim_core.expressions.asking import spoken
from healthsim_core.journeys.nodes import Branched, Node, Passage, Repeated, Triggered
from healthsim_core.patterns.lifecycle import MOST_STEPS
from healthsim_core.skills.use import Reference
from healthsim_core.timeline.blocks import CHOICE


def way_to(life: Life, happening: Happening) -> tuple[Happened, ...]:
    """An event and all that led to it, from the start of its journey."""
    way = [happening]
    while (cause := life.cause(way[0])) is not None:
        way.insert(0, cause)
    return tuple(_Telling(life, Origins(life), event).told() for event in way)


@attrs.frozen(eq=False)
class _Telling:
    """Tells of one event."""

    life: Life
    origins: Origins
    event: Happening

    @property
    def node(self) -> Node:
        return self.event.node

    def told(self) -> Happened:
        event, node, cause = self.event, self.node, self.life.cause(self.event)
        return Happened(
            id=self.life.outward(event.id),
            person_id=self.life.outward(self.life.person_id(event.row)),
            time=time_of(event.moment),
            event_type=node.event_type,
            label=node.label,
            journey=node.journey,
            version=self._version(),
            node=node.path.split("/", 1)[1],
            occurrence=event.occurrence,
            cause_id=None if cause is None else self.life.outward(cause.id),
            trigger=self._trigger(),
            when=node.how.said(node.timing),
            conditions=tuple(self._conditions()),
            probability=node.probability,
            reads=self._reads(node.timing.names, [self._anchor]),
            draws=tuple(self._draws()),
            given=(*self._parameters(), *self._outcomes(), *self._ways()),
        )

    @property
    def _anchor(self) -> int:
        return self.life.anchor(self.event)

    def _reads(self, names: Any, minutes: Sequence[int], own: Any = ()) -> tuple[Read, ...]:
        return self.origins.reads(self.event, names, minutes, own)

    def _version(self) -> str:
        journeys = (requested.specification for requested in self.life.plan.request.journeys)
        return next((j.version for j in journeys if j.journey_id == self.node.journey), "")

    def _trigger(self) -> str | None:
        if not isinstance(self.node.how, Triggered):
            return None
        return self.node.path.rsplit(">", 1)[-1].split(".")[0] if self.node.how.trigger is not None else "journey"

    def _conditions(self) -> Iterator[Condition]:
        node, anchor = self.node, self._anchor
        begins = [int(self.life.timeline.start[self.event.row]), anchor, self.event.minute]
        for eligible in node.place.eligible if node.parent is None or node.place.starts else ():
            names = getattr(eligible, "names", None) or eligible.has.names  # type: ignore[union-attr]
            yield Condition(eligible.text, self._reads(names, begins))
        asked = [anchor, self._first().minute]
        if any(node.key(name) in self.life.timeline.history for name in node.reads):
            asked.reverse()
        for expression in node.conditions:
            yield Condition(expression.text, self._reads(expression.names, asked))

    def _first(self) -> Happening:
        """The first of the occurrences that come of one event it follows; itself where that is all."""
        times = self.node.how.recurrence.times if isinstance(self.node.how, Repeated) else 1
        return self._occurrence(self.event.occurrence // times * times) or self.event

    def _occurrence(self, number: int) -> Happening | None:
        address = self.life.timeline.addresses(np.array([self.event.row]), np.array([number]))
        return self.life.of_id.get(int(self.life.id_of(self.node, address)))

    def _draws(self) -> Iterator[Draw]:
        """What was drawn for whether and when it happens."""
        node, event = self.node, self.event
        if isinstance(node.how, Passage):
            yield from self._entered()
            return
        if isinstance(node.how, Repeated) and event.occurrence % node.how.recurrence.times:
            yield from self._again(node.how)
            return
        draw = self.life.draws("event", self._asked_id())
        if node.probability < 1:
            draw.uniform("occurs")
        if not (isinstance(node.how, Triggered) and node.how.schedule is not None):
            self._after(draw)
        yield from draw.noted

    def _asked_id(self) -> int:
        """The id that addresses what is drawn before it is known how often it comes."""
        times = self.node.how.recurrence.times if isinstance(self.node.how, Repeated) else 1
        if times == 1:
            return self.event.id
        number = np.array([self.event.occurrence // times])
        return self.life.id_of(self.node, self.life.timeline.addresses(np.array([self.event.row]), number))

    def _after(self, draw: NotedDraws) -> None:
        anchor = self._anchor
        known = {name: self.life.read(self.event, self.node.key(name), anchor) for name in self.node.timing.names}
        if all(value is not None for value in known.values()):
            self.node.timing.after(np.array([anchor]), draw, known)

    def _again(self, how: Repeated) -> Iterator[Draw]:
        draw = self.life.draws("repeat", self.event.id)
        how.recurrence.every.after(np.array([self.event.minute]), draw)
        if how.recurrence.attrition:
            draw.uniform("attrition")
        yield from draw.noted

    def _entered(self) -> Iterator[Draw]:
        """What brought somebody into a state: the first by itself, the next by when and how the last was left."""
        step = self.event.occurrence % MOST_STEPS
        number = self.event.occurrence - min(step, 1)
        address = self.life.timeline.addresses(np.array([self.event.row]), np.array([number]))
        draw = self.life.draws("lifecycle", self.life.id_of(self.node, address))
        for name in ("time", "way") if step else ("initial",):
            draw.uniform(name)
        yield from draw.noted

    def _parameters(self) -> Iterator[Given]:
        for name, value in self.event.given.items():
            if not name.startswith("@") and (value is not None or name in self.node.parameters.names):
                yield self._parameter(name, value)

    def _parameter(self, name: str, value: Any) -> Given:
        parameters = self.node.parameters
        carried = {new: old for old, new in parameters.carried}
        use = next((use for use in parameters.skills if name in use.gives), None)
        if name in parameters.references:
            own, refers = {outcome for outcome, _ in self.node.outcomes}, parameters.references[name].name
            reads = self._reads({refers}, [self.event.minute], own)
            return Given(name, value, "parameter", f"refers to {spoken(refers)}", reads)
        if name in parameters.constants:
            return Given(name, value, "parameter", self._whose())
        if use is not None:
            return self._by_skill(name, value, use)
        if name in carried:
            return self._carried(name, value, carried[name])
        return Given(name, value, "parameter", "given by its trigger's schedule")

    def _carried(self, name: str, value: Any, of_cause: str) -> Given:
        """A parameter that comes from the event that caused it, with all that stands behind it there."""
        cause = self.life.cause(self.event)
        if cause is None or of_cause not in cause.given:
            return Given(name, value, "parameter", "carried from an event that an end has cancelled")
        there = attrs.evolve(self, event=cause)._parameter(of_cause, cause.given[of_cause])
        origin = (
            there.origin
            if "carried from" in there.origin
            else (f"{there.origin}, carried from {self.life.outward(cause.id)}")
        )
        return attrs.evolve(there, name=name, value=value, origin=origin)

    def _whose(self) -> str:
        trigger = self._trigger()
        return "written in the journey" if trigger in (None, "journey") else f"given by the trigger of {trigger}"

    def _by_skill(self, name: str, value: Any, use: Any) -> Given:
        refers = {key: said.name for key, said in use.context.items() if isinstance(said, Reference)}
        known = {key: self.life.read(self.event, self.node.key(of), self.event.minute) for key, of in refers.items()}
        draw = self.life.draws("parameter", self.event.id)
        row = row_of(use, {**use.context, **known}, draw)
        reads = self._reads(set(refers.values()), [self.event.minute])
        return Given(name, value, "parameter", "looked up", reads, tuple(draw.noted), row)

    def _outcomes(self) -> Iterator[Given]:
        own: list[str] = []
        for name, law in self.node.outcomes:
            draw = self.life.draws("outcome", self.event.id)
            draw.uniform(name)
            reads = self._reads(law.names, [self.event.minute], tuple(own))
            value = self.life.outcomes.get((self.event.id, name))
            yield Given(name, value, "outcome", "drawn", reads, tuple(draw.noted))
            own.append(name)

    def _ways(self) -> Iterator[Given]:
        match self.node.how:
            case Branched(branching=branching):
                draw = self.life.draws("outcome", self.event.id)
                names = [name for when in branching.when if when is not None for name in when.names]
                if branching.chances is not None:
                    for choice in branching.choices:
                        draw.uniform(f"{branching.name}.{choice}")
                elif branching.weights is not None:
                    draw.uniform(branching.name)
                reads = self._reads(set(names), [self.event.minute])
                chosen = self.event.given[CHOICE]
                yield Given(branching.name, chosen, "branch", "chosen", reads, tuple(draw.noted))
            case Passage(lifecycle=lifecycle):
                yield Given(lifecycle.name, self.event.given[CHOICE], "state", "entered")
