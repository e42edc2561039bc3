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


def drawn(timeline: Timeline, node: Node, occurrences: Occurrences) -> Mapping[str, Any]:
    """What happenings of a node give: parameters and outcomes."""
    row, rows = occurrences.row, len(occurrences)
    scope = Scope(timeline, row, {}, node.journey, occurrences.minute)
    draw = Draws(timeline.run.seed, "parameter", occurrences.id)
    parameters = node.parameters.before_outcomes(scope.__getitem__, rows, draw)
    if not node.outcomes and not node.parameters.references:
        return parameters
    loops = node.most > 1 and reads_itself(node)  # its own values are the latest, others' those of the moment
    columns, own = (
        Columns(parameters, rows),
        {name: timeline.latest(name)[row] for name, _ in node.outcomes} if loops else {},
    )
    for name, distribution in node.outcomes:
        unit = Draws(timeline.run.seed, "outcome", occurrences.id).uniform(name)
        reading = Scope(timeline, row, columns, node.journey, occurrences.minute, own)
        values = distribution.sample(unit, reading)
        if timeline.witness is not None:
            timeline.witness(node.path, name, values, reading, occurrences.id)
        timeline.remember(name, occurrences, values)
        own = {**own, name: values if node.most > 1 else timeline.outcomes[name][row]}
    late = node.parameters.after_outcomes(
        Scope(timeline, row, columns, node.journey, occurrences.minute, own).__getitem__, columns
    )
    return {**columns.parts, **late}


def chosen(timeline: Timeline, node: Node, branching: Branching, occurrences: Occurrences) -> Mapping[str, Any]:
    """What happenings of a branch give: parameters, and the way that is taken."""
    rows, scope = len(occurrences), Scope(timeline, occurrences.row, {}, node.journey, occurrences.minute)
    draw = Draws(timeline.run.seed, "parameter", occurrences.id)
    parameters = node.parameters.before_outcomes(scope.__getitem__, rows, draw)
    reading = Scope(timeline, occurrences.row, parameters, node.journey, occurrences.minute)
    choice = branching.choose(reading, rows, Draws(timeline.run.seed, "outcome", occurrences.id))
    if timeline.witness is not None:
        timeline.witness(node.path, branching.name, choice, reading, occurrences.id)
    timeline.remember(f"{node.journey}/{branching.name}", occurrences, choice)
    return {**parameters, CHOICE: choice}


def one_by_one(
    timeline: Timeline, node: Node, occurrences: Occurrences, times: int = 1, until: Expression | None = None
) -> tuple[Occurrences, Mapping[str, Any]]:
    """Draw what an event gives that reads itself, one occurrence after the other: each reads the one before.

    Args:
        timeline: What has happened.
        node: The event's node.
        occurrences: Those of the node.
        times: How many of them follow one another.
        until: Where it holds after an occurrence, there is no next one.
    """
    over = np.zeros(
        len(occurrences), bool
    )  # by series: the same person's, after the same occurrence of what it follows
    _, series = np.unique(occurrences.row * node.most + occurrences.occurrence // times, return_inverse=True)
    parts, order = [], []
    for step in np.unique(occurrences.occurrence):
        at = np.flatnonzero((occurrences.occurrence == step) & ~over[series])
        some = occurrences.take(at)
        parameters = drawn(timeline, node, some)
        parts.append(Columns(parameters, len(at)))
        order.append(at)
        if until is not None:
            over[series[at]] |= until.holds(Scope(timeline, some.row, parts[-1], node.journey, some.minute), len(at))
    if not parts:
        return occurrences, drawn(timeline, node, occurrences)
    rows = np.concatenate(order)
    return occurrences.take(np.sort(rows)), Columns.concat(parts).take(np.argsort(rows, kind="stable")).parts


def fitting(
    timeline: Timeline, node: Node, occurrences: Occurrences, parameters: Mapping[str, Any]
) -> tuple[Occurrences, Mapping[str, Any]]:
    """What happens to people of the ages of the diagnoses that were drawn."""
    sexes, ages = timeline.people["sex"][occurrences.row], timeline.age(occurrences.row, occurrences.minute)
    fit = node.befalls.fit(parameters, sexes, ages)  # type: ignore[arg-type]
    timeline.left_out.unfit(node, int(np.sum(~fit)))
    kept = np.flatnonzero(fit)
    return (
        (occurrences, parameters)
        if fit.all()
        else (occurrences.take(kept), Columns(parameters, len(occurrences)).take(kept).parts)
    )


def reads_itself(node: Node) -> bool:
    """Whether what it gives depends on what it gave before."""
    outcomes = {name for name, _ in node.outcomes}
    reads = node.parameters.reads.union(*(distribution.names for _, distribution in node.outcomes))
    return bool(outcomes & {name.removeprefix("outcome.") for name in reads})
