"""What happenings give: their parameters, branches and outcomes, drawn, and remembered for what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core.columns import Columns
from healthsim_core.draws import Draws
from healthsim_core.expressions.expression import Expression
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.branching import Branching
from healthsim_core.timeline.blocks import CHOICE, Occurrences
from healthsim_core.timeline.scope import Scope
from healthsim_core.timeline.state import Timeline


def drawn(timeline: Timeline, node: Node, made: Occurrences) -> Mapping[str, Any]:
    """What happenings of a node give: parameters and outcomes."""
    row, rows = made.row, len(made)
    scope = Scope(timeline, row, {}, node.journey, made.minute)
    draw = Draws(timeline.run.seed, "parameter", made.id)
    parameters = node.parameters.before_outcomes(scope.__getitem__, rows, draw)
    if not node.outcomes and not node.parameters.references:
        return parameters
    loops = node.most > 1 and reads_itself(node)  # its own values are the latest, others' those of the moment
    columns, own = (
        Columns(parameters, rows),
        {name: timeline.latest(name)[row] for name, _ in node.outcomes} if loops else {},
    )
    for name, distribution in node.outcomes:
        unit = Draws(timeline.run.seed, "outcome", made.id).uniform(name)
        reading = Scope(timeline, row, columns, node.journey, made.minute, own)
        values = distribution.sample(unit, reading)
        if timeline.witness is not None:
            timeline.witness(node.path, name, values, reading, made.id)
        timeline.remember(name, made, values)
        own = {**own, name: values if node.most > 1 else timeline.outcomes[name][row]}
    late = node.parameters.after_outcomes(
        Scope(timeline, row, columns, node.journey, made.minute, own).__getitem__, columns
    )
    return {**columns.parts, **late}


def chosen(timeline: Timeline, node: Node, branching: Branching, made: Occurrences) -> Mapping[str, Any]:
    """What happenings of a branch give: parameters, and the way that is taken."""
    rows, scope = len(made), Scope(timeline, made.row, {}, node.journey, made.minute)
    draw = Draws(timeline.run.seed, "parameter", made.id)
    parameters = node.parameters.before_outcomes(scope.__getitem__, rows, draw)
    reading = Scope(timeline, made.row, parameters, node.journey, made.minute)
    choice = branching.choose(reading, rows, Draws(timeline.run.seed, "outcome", made.id))
    if timeline.witness is not None:
        timeline.witness(node.path, branching.name, choice, reading, made.id)
    timeline.remember(f"{node.journey}/{branching.name}", made, choice)
    return {**parameters, CHOICE: choice}


def one_by_one(
    timeline: Timeline, node: Node, made: Occurrences, times: int = 1, until: Expression | None = None
) -> tuple[Occurrences, Mapping[str, Any]]:
    """Draw what an event gives that reads itself, one occurrence after the other: each reads the one before.

    Args:
        timeline: What has happened.
        node: The event's node.
        made: Its occurrences.
        times: How many of them follow one another.
        until: Where it holds after an occurrence, there is no next one.
    """
    over = np.zeros(len(made), bool)  # by series: the same person's, after the same occurrence of what it follows
    _, series = np.unique(made.row * node.most + made.occurrence // times, return_inverse=True)
    parts, order = [], []
    for step in np.unique(made.occurrence):
        at = np.flatnonzero((made.occurrence == step) & ~over[series])
        some = made.take(at)
        parameters = drawn(timeline, node, some)
        parts.append(Columns(parameters, len(at)))
        order.append(at)
        if until is not None:
            over[series[at]] |= until.holds(Scope(timeline, some.row, parts[-1], node.journey, some.minute), len(at))
    if not parts:
        return made, drawn(timeline, node, made)
    rows = np.concatenate(order)
    return made.take(np.sort(rows)), Columns.concat(parts).take(np.argsort(rows, kind="stable")).parts


def fitting(
    timeline: Timeline, node: Node, made: Occurrences, parameters: Mapping[str, Any]
) -> tuple[Occurrences, Mapping[str, Any]]:
    """What happens to people of the ages of the diagnoses that were drawn."""
    fit = node.befalls.fit(parameters, timeline.people["sex"][made.row], timeline.age(made.row, made.minute))  # type: ignore[arg-type]
    timeline.left_out.unfit(node, int(np.sum(~fit)))
    kept = np.flatnonzero(fit)
    return (made, parameters) if fit.all() else (made.take(kept), Columns(parameters, len(made)).take(kept).parts)


def reads_itself(node: Node) -> bool:
    """Whether what it gives depends on what it gave before."""
    own = {name for name, _ in node.outcomes}
    reads = node.parameters.reads.union(*(distribution.names for _, distribution in node.outcomes))
    return bool(own & {name.removeprefix("outcome.") for name in reads})
