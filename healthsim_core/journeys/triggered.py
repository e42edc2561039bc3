"""The nodes that triggers make: those that a product declares, and those that a journey writes."""

from __future__ import annotations

from typing import Any

from healthsim_core.expressions.expression import Expression
from healthsim_core.journeys.nodes import FOLLOWING, Node, Triggered
from healthsim_core.offers import Trigger
from healthsim_core.parameters.compiling import Parameters
from healthsim_core.patterns.timing import Timing
from healthsim_core.spec.journey import InlineTrigger
from healthsim_core.spec.journey.events import MOST_COPIES


def by_trigger(
    cause: Node, index: int, trigger: Trigger, order: int, then: str, conditions: tuple[Expression, ...]
) -> Node:
    """The node that a product's trigger makes of another.

    Args:
        cause: The node on which it stands.
        index: That node's index.
        trigger: The trigger.
        order: Its number among all.
        then: What ends the path.
        conditions: All must hold.
    """
    return _effect(
        cause,
        index,
        then,
        event_type=trigger.then,
        timing=Timing(float(trigger.delay[0]), float(trigger.delay[1])),
        conditions=conditions,
        probability=1.0,
        parameters=Parameters(constants=dict(trigger.parameters), carried=trigger.carry),
        most=cause.most * (FOLLOWING if trigger.schedule is not None else 1),
        how=Triggered((order, trigger.on, trigger.then), schedule=trigger.schedule, outlives=trigger.outlives),
    )


def as_written(
    cause: Node,
    index: int,
    written: InlineTrigger,
    then: str,
    timing: Timing,
    conditions: tuple[Expression, ...],
    copies: int | Expression,
    carried: tuple[tuple[str, str], ...],
) -> Node:
    """The node that a trigger makes which a journey writes.

    Args:
        cause: The node on which it stands.
        index: That node's index.
        written: The trigger.
        then: What ends the path.
        timing: Its delay.
        conditions: All must hold.
        copies: How many it makes.
        carried: Parameters that it takes from its cause, with their names here.
    """
    return _effect(
        cause,
        index,
        then,
        event_type=written.event_type,
        timing=timing,
        conditions=conditions,
        probability=written.probability,
        parameters=Parameters(constants=dict(written.parameters), carried=carried),
        most=cause.most * (copies if isinstance(copies, int) else MOST_COPIES),
        how=Triggered(copies=copies),
    )


def _effect(cause: Node, index: int, then: str, **fields: Any) -> Node:
    """A node that takes from its cause what is the journey's."""
    path = f"{cause.path}>{then}"
    return Node(path, cause.journey, label=cause.label, parent=index, duration=cause.duration, **fields)


def numbered(paths: dict[str, int], then: str) -> str:
    """What stands in a path, an event type after the product whose trigger it is; a second one is numbered."""
    paths[then] = paths.get(then, 0) + 1
    return then if paths[then] == 1 else f"{then}-{paths[then]}"
