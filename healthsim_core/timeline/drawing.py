"""What happenings give: their parameters, branches and outcomes, drawn, and remembered for what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns
from healthsim_core.draws import Draws
from healthsim_core.expressions.asking import LAST, MEASURED
from healthsim_core.expressions.expression import Expression
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.branching import Branching
from healthsim_core.timeline.blocks import CHOICE, Occurrences
from healthsim_core.timeline.scope import Scope
from healthsim_core.timeline.state import Timeline


def drawn(timeline: Timeline, node: Node, occurrences: Occurrences) -> Mapping[str, Any]:
    """What happenings of a node give: parameters and outcomes."""
    row, rows = occurrences.row, len(occurrences)
    scope = Scope(timeline, node, row, occurrences.minute)
    draw = Draws(timeline.run.seed, "parameter", occurrences.id)
    parameters = node.parameters.before_outcomes(scope.column, rows, draw)
    measured = timeline.sharing.measured.get(node.rank, ())
    if not node.outcomes and not node.parameters.references and not measured:
        return recoded(timeline, node, occurrences, parameters)
    columns, own = Columns(parameters, rows), dict[str, Column]()
    for name, distribution in node.outcomes:
        unit = Draws(timeline.run.seed, "outcome", occurrences.id).uniform(name)
        reading = Scope(timeline, node, row, occurrences.minute, columns, own)
        values = distribution.sample(unit, reading)
        timeline.witnessed(node.path, name, values, reading, occurrences)
        timeline.remember(node, name, occurrences, values)
        own = {**own, name: values}
    for name in measured:
        timeline.remember(node, f"{LAST}{name}", occurrences, np.asarray(scope[f"{MEASURED}{name}"]))
    late = node.parameters.after_outcomes(Scope(timeline, node, row, occurrences.minute, columns, own).column, columns)
    return recoded(timeline, node, occurrences, {**columns.parts, **late})


def recoded(
    timeline: Timeline, node: Node, occurrences: Occurrences, parameters: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The parameters with the codes that diagnoses have of people in some state."""

    def held(when: Expression, at: NDArray[np.intp]) -> NDArray[np.bool_]:
        return when.holds(Scope(timeline, node, occurrences.row[at], occurrences.minute[at]), len(at))

    for one in node.recoded:
        parameters = one.applied(parameters, len(occurrences), held)
    return parameters


def chosen(timeline: Timeline, node: Node, branching: Branching, occurrences: Occurrences) -> Mapping[str, Any]:
    """What happenings of a branch give: parameters, and the way that is taken."""
    rows, scope = len(occurrences), Scope(timeline, node, occurrences.row, occurrences.minute)
    draw = Draws(timeline.run.seed, "parameter", occurrences.id)
    parameters = node.parameters.before_outcomes(scope.column, rows, draw)
    reading = Scope(timeline, node, occurrences.row, occurrences.minute, parameters)
    choice = branching.choose(reading, rows, Draws(timeline.run.seed, "outcome", occurrences.id))
    timeline.witnessed(node.path, branching.name, choice, reading, occurrences)
    timeline.remember(node, node.key(branching.name), occurrences, choice)
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
            over[series[at]] |= until.holds(_after(timeline, node, some, parts[-1]), len(at))
    if not parts:
        return occurrences, drawn(timeline, node, occurrences)
    rows = np.concatenate(order)
    return occurrences.take(np.sort(rows)), Columns.concat(parts).take(np.argsort(rows, kind="stable")).parts


def _after(timeline: Timeline, node: Node, occurrences: Occurrences, given: Columns) -> Scope:
    """What is known when occurrences of a node are over: what they gave, too."""
    own = {name: timeline.latest(name)[occurrences.row] for name, _ in node.outcomes}
    return Scope(timeline, node, occurrences.row, occurrences.minute, given, own)


def fitting(
    timeline: Timeline, node: Node, occurrences: Occurrences, parameters: Mapping[str, Any]
) -> tuple[Occurrences, Mapping[str, Any]]:
    """What happens to people of the ages of the diagnoses that were drawn."""
    sexes, ages = timeline.people["sex"][occurrences.row], timeline.age(occurrences.row, occurrences.minute)
    fit = node.befalls.fit(parameters, sexes, ages)  # type: ignore[arg-type]
    timeline.left_out.unfit(node, occurrences.row[~fit])
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
