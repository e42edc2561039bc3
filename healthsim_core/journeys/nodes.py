"""The nodes of the event DAG: all that is known of an event before anybody lives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from healthsim_core.columns import Text
from healthsim_core.distributions import Distribution
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.asking import LAST, MEASURED
from healthsim_core.expressions.expression import Expression, expressions_in
from healthsim_core.journeys.presumed import Presumed
from healthsim_core.parameters.befalling import Befalls
from healthsim_core.parameters.compiling import Parameters
from healthsim_core.patterns.branching import Branching
from healthsim_core.patterns.lifecycle import Lifecycle
from healthsim_core.patterns.repeating import MOST_OF_A_NODE, Recurrence
from healthsim_core.patterns.timing import Timing
from healthsim_core.person_state.recoding import Recoded
from healthsim_core.person_state.sources import Said

FOLLOWING = 64  # events that one event may cause by one schedule, as ids are addressed


class How:
    """How an event comes about: exactly one of `Once`, `Repeated`, `Branched`, `Passage` and `Triggered`.

    Attributes:
        outcomes: Values drawn when it happens.
        trigger: Of the offered trigger that made it: number, causing and caused event type.
        outlives: Whether it happens though the person has died meanwhile.
    """

    __slots__ = ()
    outcomes: tuple[tuple[str, Distribution], ...] = ()
    trigger: tuple[int, str, str] | None = None
    outlives: bool = False

    def said(self, timing: Timing) -> str:
        """When it happens, in words."""
        return f"after {timing}"


@attrs.frozen
class Once(How):
    """An event that happens once each time that what it follows does."""

    outcomes: tuple[tuple[str, Distribution], ...] = ()


@attrs.frozen
class Repeated(How):
    """An event that comes again.

    Attributes:
        recurrence: How.
        outcomes: Values drawn each time.
    """

    recurrence: Recurrence
    outcomes: tuple[tuple[str, Distribution], ...] = ()

    def said(self, timing: Timing) -> str:
        """When it happens, and how often."""
        times = self.recurrence.times
        return f"after {timing}" + (f", repeated {times} times" if times > 1 else "")


@attrs.frozen
class Branched(How):
    """A branch: one of several ways is chosen.

    Attributes:
        branching: What is chosen, and how.
    """

    branching: Branching


@attrs.frozen
class Passage(How):
    """A passage through states.

    Attributes:
        lifecycle: The states.
    """

    lifecycle: Lifecycle


@attrs.frozen
class Triggered(How):
    """What a trigger makes of another event.

    Attributes:
        trigger: Of an offered trigger: number, causing and caused event type; None for a written one.
        copies: How many there are of each, each with a delay of its own.
        schedule: The trigger's own schedule.
        outlives: Whether it happens though the person has died meanwhile.
    """

    trigger: tuple[int, str, str] | None = None
    copies: int | Expression = 1
    schedule: Callable[[Any], Any] | None = None
    outlives: bool = False

    def said(self, timing: Timing) -> str:
        """When it happens, in words."""
        return f"after {timing}" if self.schedule is None else "as its trigger schedules"


@attrs.frozen
class Place:
    """Where in its journey an event stands that the journey writes.

    Attributes:
        members: Household positions whose journey this is.
        eligible: Conditions on the person for the whole journey, and what it presumes.
        anchor: What the delay runs from instead: "birth", a date (days since 1970), or ("age", years).
        origin: Index of the node with which its journey starts; None for the run's start.
        starts: Whether its journey starts with it: only the first of what it follows counts.
        taken: It happens only where its parent chose this.
        state: Index of the passage to whose state it belongs: it does not outlast the state.
        newborn: Whether it happens to the child.
    """

    members: tuple[int, ...] = ()
    eligible: tuple[Expression | Presumed, ...] = ()
    anchor: str | int | tuple[str, float] | None = None
    origin: int | None = None
    starts: bool = False
    taken: str | None = None
    state: int | None = None
    newborn: bool = False


@attrs.frozen
class Ending:
    """What an event ends.

    Attributes:
        ends: "journey" or "life" where it stops what comes later.
        closes: The event type that began what it closes, such as an admission: it is closed at the latest by a death.
        at_death: Parameters, as pairs, that it has where a death brings it forward.
    """

    ends: str | None = None
    closes: str | None = None
    at_death: tuple[tuple[str, Any], ...] = ()


@attrs.frozen
class Node:
    """One event of the DAG.

    Attributes:
        path: Stable address: journey/event, followed by >product.type for each trigger of a product,
            >type for each written one.
        journey: Name of the journey.
        event_type: Event type, lower case.
        label: In words.
        parent: Index of the node it follows; None for those that follow the journey's start.
        timing: Delay from there.
        conditions: All must hold.
        probability: Chance that it happens.
        parameters: Compiled parameters.
        duration: The journey's duration, days.
        how: How it comes about.
        most: Occurrences of it that a person can have.
        place: Where in its journey it stands.
        ending: What it ends.
        birth: Whether it adds a person.
        befalls: Whom its diagnoses can befall; it does not happen to others.
        rank: Its place among what happens in the same minute.
        said: What it says itself that it begins or ends of the person's state.
        recoded: Parameters whose codes depend on the person's state.
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
    how: How = Once()
    most: int = 1
    place: Place = Place()
    ending: Ending = Ending()
    birth: bool = False
    befalls: Befalls = attrs.field(factory=Befalls)
    rank: int = 0
    said: tuple[Said, ...] = ()
    recoded: tuple[Recoded, ...] = ()

    @property
    def triggered(self) -> bool:
        """Whether a trigger made it."""
        return isinstance(self.how, Triggered)

    @property
    def outcomes(self) -> tuple[tuple[str, Distribution], ...]:
        """Values drawn when it happens."""
        return self.how.outcomes

    @property
    def reads(self) -> frozenset[str]:
        """Names that its conditions read."""
        return frozenset().union(*(expression.names for expression in self.conditions))

    @property
    def reads_in_all(self) -> frozenset[str]:
        """Names that it reads: for whom it is, when, whether, and what it gives."""
        drawn = (distribution.names for _, distribution in self.outcomes)
        written = (expression.names for expression in expressions_in(self))
        return self.parameters.reads.union(self.timing.names, *drawn, *written)

    @property
    def measures(self) -> frozenset[str]:
        """Measures that it measures."""
        read = (name for name in self.reads_in_all if name.startswith(MEASURED))
        return frozenset(name.removeprefix(MEASURED) for name in read)

    @property
    def draws(self) -> frozenset[str]:
        """Names of what it gives to those who come later: outcomes, the way chosen, the state, what is measured."""
        match self.how:
            case Branched(branching=branching):
                return frozenset([f"{self.journey}/{branching.name}"])
            case Passage(lifecycle=lifecycle):
                return frozenset([f"{self.journey}/{lifecycle.name}"])
        return frozenset(name for name, _ in self.outcomes) | {f"{LAST}{name}" for name in self.measures}

    def key(self, name: str) -> str:
        """Under which what it reads as `name` is kept: branches and states are of its journey."""
        plain = name.removeprefix("outcome.")
        return f"{self.journey}/{plain}" if plain.startswith(("branch.", "state.")) else plain

    def moved(self, at: dict[int, int]) -> Node:
        """The same node where all nodes have new indices."""
        place = attrs.evolve(self.place, origin=_moved(self.place.origin, at), state=_moved(self.place.state, at))
        return attrs.evolve(self, parent=_moved(self.parent, at), place=place)


def _moved(index: int | None, at: dict[int, int]) -> int | None:
    return None if index is None else at[index]


def event_texts(nodes: Sequence[Node]) -> dict[str, Text]:
    """What the events of nodes have of their node: columns type, node, journey and label, a row a node."""
    texts = {
        "type": [node.event_type for node in nodes],
        "node": [node.path.split("/", 1)[1] for node in nodes],
        "journey": [node.journey for node in nodes],
        "label": [node.label for node in nodes],
    }
    return {name: Text.of(values) for name, values in texts.items()}


def refuse_too_many(node: Node, before: int, where: str) -> None:
    """Refuse a node that would happen more often than can be told apart.

    Args:
        node: The node.
        before: Occurrences of it that a person could have, but for its own repetition.
        where: Its path in the document.

    Raises:
        SpecificationError: A birth or a passage comes again, or repeats of repeats are too many.
    """
    if before > 1 and (node.birth or isinstance(node.how, Passage)):
        what = "a birth" if node.birth else "a lifecycle"
        raise SpecificationError(
            f"{what} that follows a repeated event.", where, "Let it follow an event that happens once."
        )
    if node.birth and isinstance(node.how, Repeated):
        raise SpecificationError("a birth is repeated.", f"{where}.repeat", "Write an event for each.")
    if node.most > MOST_OF_A_NODE:
        what = f"repeats of repeats come to {node.most:,} of it a person; at most {MOST_OF_A_NODE:,}."
        raise SpecificationError(what, where, "Give lower counts.")
