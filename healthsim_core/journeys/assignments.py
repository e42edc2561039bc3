"""Which journeys are whose, and the order in which their events are compiled: each after what it follows and reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from healthsim_core.errors import Mistakes, SpecificationError, unknown
from healthsim_core.expressions.expression import Expression
from healthsim_core.spec.journey import JourneySpecification
from healthsim_core.spec.journey.events import JourneyEvent
from healthsim_core.spec.journey.expansion import START, Step

_READS = re.compile(r"\b(?:branch|state)\.([A-Za-z_][A-Za-z0-9_]*)")


@attrs.frozen
class Assignment:
    """A journey and whose it is.

    Attributes:
        journey: The journey.
        members: Household positions.
        when: Who of them, where it is not all.
        where: The path in the specification, or the journey's file, for errors.
    """

    journey: JourneySpecification
    members: tuple[int, ...]
    when: Expression | None
    where: str

    def at(self, path: str) -> str:
        """A path within the journey, for errors."""
        return f"{self.where}: {path}" if self.where.endswith(".json") else f"{self.where}.{path}"


class Assigned:
    """All journeys of a run, and where their events stand among the nodes."""

    def __init__(self, assignments: Sequence[Assignment], mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.all = [single for assignment in assignments for single in _singles(assignment)]
        self.steps = [{step.event.event_id: step for step in assignment.journey.steps} for assignment in self.all]
        self._index: dict[tuple[int, str], int] = {}

    def in_order(self) -> list[tuple[int, Step]]:
        """Every event with its assignment's number: as written, but after what it follows,
        and the branches it reads."""
        done: dict[tuple[int, str], Step] = {}
        for number, steps in enumerate(self.steps):
            for name in steps:
                with self.mistakes.caught():
                    self._visit((number, name), done, {})
        return [(number, step) for (number, _), step in done.items()]

    def _visit(self, at: tuple[int, str], done: dict[tuple[int, str], Step], path: dict[tuple[int, str], None]) -> None:
        """Depth first, without recursion: chains may be long."""
        stack = [(at, False)]
        while stack:
            key, ready = stack.pop()
            if ready:
                path.pop(key, None)
                done[key] = self.steps[key[0]][key[1]]
                continue
            if key in done or key in path:
                continue
            path[key] = None
            stack.append((key, True))
            needs = self._needs(key)
            for needed, must in reversed(needs):
                if must and needed in path:
                    circle = " -> ".join(f"{self.all[n].journey.journey_id}/{event}" for n, event in [*path, needed])
                    raise SpecificationError(
                        f"depends_on runs in a circle: {circle}.", self.all[key[0]].where, "Break it."
                    )
                stack.append((needed, False))

    def _needs(self, key: tuple[int, str]) -> list[tuple[tuple[int, str], bool]]:
        number, name = key
        step = self.steps[number][name]
        needs = []
        if step.event.depends_on is not None:
            needs.append((self._followed(number, step), True))
        if _READS.search(
            text := step.event.model_dump_json(include={"conditions", "outcomes", "parameters", "repeat"})
        ):
            read = [other for other in _READS.findall(text) if other in self.steps[number] and other != name]
            needs += [((number, other), False) for other in dict.fromkeys(read)]
        return needs

    def _followed(self, number: int, step: Step) -> tuple[int, str]:
        followed, assignment = step.event.depends_on, self.all[number]
        if not isinstance(followed, JourneyEvent):
            return number, str(followed)
        path = f"{step.where}" if step.starts else f"{step.where}.depends_on"
        named = [n for n, other in enumerate(self.all) if other.journey.journey_id == followed.journey]
        if not named:
            known = {other.journey.journey_id for other in self.all} - {assignment.journey.journey_id}
            raise unknown("journey of this run", followed.journey, known, assignment.at(f"{path}.journey"))
        numbers = [n for n in named if set(assignment.members) <= set(self.all[n].members)]
        if not numbers:
            what = f'"{followed.journey}" is not given to the same person.'
            raise SpecificationError(what, assignment.at(f"{path}.journey"), "Give both to the same member.")
        if followed.event not in self.steps[numbers[0]]:
            raise unknown(
                f'event of "{followed.journey}"', followed.event, self.steps[numbers[0]], assignment.at(f"{path}.event")
            )
        if self.steps[numbers[0]][followed.event].event.subject == "newborn":
            what = f'"{followed.event}" happens to the child.'
            raise SpecificationError(what, assignment.at(f"{path}.event"), "Name an event of the same person.")
        return numbers[0], followed.event

    def done(self, number: int, event: str, index: int) -> None:
        """Note where an event stands among the nodes."""
        self._index[number, event] = index

    def index_of(self, number: int, event: str | JourneyEvent | None) -> int | None:
        """Where an event of an assignment stands, or of another journey of the same person; None for none."""
        if event is None:
            return None
        if isinstance(event, JourneyEvent):
            members = set(self.all[number].members)
            number = next(
                n for n, o in enumerate(self.all) if o.journey.journey_id == event.journey and members <= set(o.members)
            )  # fmt: skip
            return self._index.get((number, event.event))
        return self._index.get((number, event))

    def refuse_later(self, number: int, step: Step, until: Expression, where: str) -> None:
        """Refuse an `until` over what only events draw that run after the repeated one: it would never hold.

        Raises:
            SpecificationError: Names the value and the event that draws it.
        """
        for name in sorted(until.names):
            later = [
                other
                for other in self.steps[number].values()
                if name.removeprefix("outcome.") in _given(other)
                and other is not step
                and (number, other.event.event_id) not in self._index
            ]
            if later:
                what = f'reads "{name}", which "{later[0].event.event_id}" draws after the occurrence.'
                raise SpecificationError(
                    what, where, f'Draw it in the outcomes of "{step.event.event_id}", or of an event before it.'
                )

    def origin(self, number: int) -> int | None:
        """Where the event stands with which an assignment's journey starts; None for the run's start."""
        return self._index.get((number, START)) if self.all[number].journey.starts_on is not None else None


def _given(step: Step) -> set[str]:
    """Names of what an event draws, chooses or passes through."""
    chosen = {f"branch.{step.branch.branch_id}"} if step.branch is not None else set()
    passed = {f"state.{step.lifecycle.lifecycle_id}"} if step.lifecycle is not None else set()
    return {*step.event.outcomes, *chosen, *passed}


def _singles(assignment: Assignment) -> list[Assignment]:
    """One a member, where events follow those of another journey, which may be another one for each member."""
    journey = assignment.journey
    if not any(isinstance(step.event.depends_on, JourneyEvent) for step in journey.steps):
        return [assignment]
    return [attrs.evolve(assignment, members=(member,)) for member in assignment.members]
