"""Passages through states against stated rates: how long each stay lasts, and which way it ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.draws import Draws, Floats
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.lifecycle import YEAR, Lifecycle, Way, hazards, who_may
from healthsim_core.patterns.timing import DAY, NEVER, Minutes, birthdays
from healthsim_core.timeline.blocks import CHOICE, LEFT, Block
from healthsim_core.timeline.state import Timeline
from healthsim_core.validation.counts import Tallies
from healthsim_core.validation.stated import Made, between, tally_distribution


def tally_passage(tallies: Tallies, timeline: Timeline, node: Node, lifecycle: Lifecycle, block: Block) -> None:
    """Count the first states, and of each state how long it lasts and which way it is left.

    Args:
        tallies: Where to count.
        timeline: What happened.
        node: The lifecycle's node.
        lifecycle: What is stated.
        block: What happened of the node, in order of person and time.
    """
    names = frozenset().union(lifecycle.initial.names, *(expression.names for expression in lifecycle.conditions))
    if any(name not in timeline.people or name in timeline.outcomes for name in names):
        return  # they may have changed since
    columns = {name: timeline.people[name][block.row] for name in names}
    state, left = block.parameters[CHOICE], np.asarray(block.parameters[LEFT])
    assert isinstance(state, Text)
    draw = Draws(timeline.run.seed, "validation", block.id)
    first = np.flatnonzero(block.first)
    initial = {name: column[first] for name, column in columns.items()}
    entered = Made(tallies, f"{node.path}.initial", state[first], initial, lambda: draw.uniform("initial")[first])
    tally_distribution(lifecycle.initial, entered)
    end = np.minimum(timeline.horizon, timeline.begins(node, block.row) + node.duration * DAY + DAY - 1)
    born = np.asarray(timeline.people["birth_date"])[block.row]
    able = who_may(lifecycle.ways, columns, len(block.row))
    for code, (name, ways) in enumerate(zip(lifecycle.states, lifecycle.ways, strict=True)):
        rows, where = np.flatnonzero(state == name), f"{node.path}.states.{name}"
        gone = left[rows] != NEVER
        if not ways:
            tallies.violation(where, "nobody leaves", np.sum(gone), len(rows))
            continue
        waited = _hazard(
            ways, able[code][:, rows], born[rows], block.minute[rows], np.where(gone, left[rows], end[rows])
        )
        below = -np.expm1(-waited)
        unit = between(below, np.where(gone, below, 1.0), lambda at=rows: draw.uniform("stay")[at])  # type: ignore[misc]
        tallies.shape(where, "time in the state", unit)
        leaving = rows[gone]
        to = state[leaving + 1]
        _tally_ways(
            tallies, where, lifecycle, ways, able[code][:, leaving], born[leaving], left[leaving], to, draw, leaving
        )


def _tally_ways(
    tallies: Tallies,
    where: str,
    lifecycle: Lifecycle,
    ways: tuple[Way, ...],
    able: NDArray[np.bool_],
    born: NDArray[Any],
    left: Minutes,
    to: Text,
    draw: Draws,
    leaving: NDArray[np.intp],
) -> None:
    rates = np.zeros((len(ways), len(left)))
    for since, until, age in _ages(ways, born):
        at = np.flatnonzero((left > since) & (left <= until))
        rates[:, at] = hazards(ways, age, able[:, at])
    upto = np.cumsum(rates, axis=0)
    taken = [np.asarray(to == lifecycle.states[way.to]) for way in ways]
    which = np.argmax(taken, axis=0)
    column = np.arange(len(left))
    with np.errstate(divide="ignore", invalid="ignore"):
        ends, starts = upto[which, column] / upto[-1], (upto - rates)[which, column] / upto[-1]
    possible = np.any(taken, axis=0) & (rates[which, column] > 0)
    tallies.violation(where, "every way out is one of those stated", np.sum(~possible), len(left))
    unit = between(starts, ends, lambda: draw.uniform("way")[leaving])
    tallies.shape(where, "way out", unit[possible[~np.isnan(starts)]])


def _ages(ways: tuple[Way, ...], born: NDArray[Any]) -> list[tuple[Floats, Floats, int]]:
    """The spans of life within which rates stand still: from, until (minutes since 1970), and an age within."""
    ages = sorted({0, *(edge for way in ways for low, high, _ in way.bands for edge in (low, high + 1))})
    edges = [birthdays(born, age).astype(np.float64) * DAY for age in ages]
    edges[0] = np.full(len(born), -np.inf)
    return list(zip(edges, [*edges[1:], np.full(len(born), np.inf)], ages, strict=True))


def _hazard(
    ways: tuple[Way, ...], able: NDArray[np.bool_], born: NDArray[Any], start: Minutes, stop: Minutes
) -> Floats:
    """The hazards of all ways out, added up from start to stop."""
    total = np.zeros(len(start))
    for since, until, age in _ages(ways, born):
        span = np.maximum(np.minimum(stop, until) - np.maximum(start, since), 0) / YEAR
        total += np.where(span > 0, hazards(ways, age, able).sum(axis=0) * span, 0.0)
    return total
