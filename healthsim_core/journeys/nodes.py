"""The nodes of the event DAG: all that is known of an event before anybody lives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from healthsim_core.columns import Text
from healthsim_core.distributions import Distribution
from healthsim_core.expressions.expression import Expression
from healthsim_core.journeys.presumed import Presumed
from healthsim_core.parameters.befalling import Befalls
from healthsim_core.parameters.compiling import Parameters
from healthsim_core.patterns.branching import Branching
from healthsim_core.patterns.lifecycle import Lifecycle
from healthsim_core.patterns.repeating import Recurrence
from healthsim_core.patterns.timing import Timing

FOLLOWING = 64  # events that one event may cause by one schedule, as ids are addressed


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
        members: Household positions whose journey this is (nodes without parent).
        eligible: Conditions on the person for the whole journey, and what it presumes (nodes without parent).
        anchor: What the delay runs from instead: "birth", a date (days since 1970), or ("age", years).
        origin: Index of the node with which its journey starts; None for the run's start.
        starts: Whether its journey starts with it: only the first of what it follows counts.
        recurrence: How it comes again; None for a single one.
        copies: How many there are of each, each with a delay of its own.
        most: Occurrences of it that a person can have.
        outcomes: Values drawn when it happens.
        branch: What is chosen when it happens.
        lifecycle: States that are passed through from when it happens.
        taken: It happens only where its parent chose this.
        state: Index of the lifecycle's node to whose state it belongs: it does not outlast the state.
        schedule: The trigger's own schedule.
        triggered: Whether a trigger made the node.
        trigger: Of the offered trigger that made it: number, causing and caused event type.
        ends: "journey" or "life" where it stops what comes later.
        closes: The event type that began what it closes, such as an admission: it is closed at the latest by a death.
        at_death: Parameters, as pairs, that it has where a death brings it forward.
        outlives: Whether it happens though the person has died meanwhile.
        birth: Whether it adds a person.
        newborn: Whether it happens to the child.
        befalls: Whom its diagnoses can befall; it does not happen to others.
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
    eligible: tuple[Expression | Presumed, ...] = ()
    anchor: str | int | tuple[str, float] | None = None
    origin: int | None = None
    starts: bool = False
    recurrence: Recurrence | None = None
    copies: int | Expression = 1
    most: int = 1
    outcomes: tuple[tuple[str, Distribution], ...] = ()
    branch: Branching | None = None
    lifecycle: Lifecycle | None = None
    taken: str | None = None
    state: int | None = None
    schedule: Callable[[Any], Any] | None = None
    triggered: bool = False
    trigger: tuple[int, str, str] | None = None
    ends: str | None = None
    closes: str | None = None
    at_death: tuple[tuple[str, Any], ...] = ()
    outlives: bool = False
    birth: bool = False
    newborn: bool = False
    befalls: Befalls = attrs.field(factory=Befalls)

    @property
    def reads(self) -> frozenset[str]:
        """Names that its conditions read."""
        return frozenset().union(*(expression.names for expression in self.conditions))

    def moved(self, place: dict[int, int]) -> Node:
        """The same node where all nodes have new places."""
        found: dict[str, Any] = {
            name: place[at] for name in ("parent", "origin", "state") if (at := getattr(self, name)) is not None
        }
        return attrs.evolve(self, **found)


def event_texts(nodes: Sequence[Node]) -> dict[str, Text]:
    """What the events of nodes have of their node: columns type, node, journey and label, a row a node."""
    texts = {
        "type": [node.event_type for node in nodes],
        "node": [node.path.split("/", 1)[1] for node in nodes],
        "journey": [node.journey for node in nodes],
        "label": [node.label for node in nodes],
    }
    return {name: Text.of(values) for name, values in texts.items()}
