"""Whom a node may happen to, when, and after what."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.draws import Draws
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.branching import took
from healthsim_core.patterns.timing import DAY, Minutes
from healthsim_core.timeline.blocks import CHOICE, LEFT, Happenings, Occurrences
from healthsim_core.timeline.scope import Scope
from healthsim_core.timeline.state import Timeline


def candidates(timeline: Timeline, node: Node) -> tuple[NDArray[np.intp], Minutes, NDArray[np.int64], NDArray[np.intp]]:
    """Row, anchor, number of the occurrence and row of the cause of each happening that a node may have."""
    if node.parent is None:
        members = timeline.present & np.isin(np.arange(len(timeline.present)) % timeline.size, node.place.members)
        able = _eligible(timeline, node, timeline.start)
        timeline.left_out.people(node, np.flatnonzero(members), able[members])
        members &= able
        row = np.flatnonzero(members)
        anchor = timeline.start[row] if node.place.anchor is None else timeline.anchored(node, row)
        return row, anchor, np.zeros(len(row), np.int64), np.full(len(row), -1, np.intp)
    parent = timeline.happened[node.parent]
    row = _child_rows(timeline, node, parent.row) if node.place.newborn else parent.row
    cause = None
    if node.place.taken is not None:
        cause = np.flatnonzero(took(parent.block.parameters[CHOICE][parent.rows], node.place.taken))  # type: ignore[arg-type]
    if node.place.starts:
        cause = _first_of(timeline, node, parent, row)
    row, anchor, occurrence = some((row, parent.minute, parent.occurrence), cause)
    occurrence = np.zeros(len(row), np.int64) if node.place.starts else occurrence
    anchor = anchor if node.place.anchor is None else timeline.anchored(node, row)
    return row, anchor, occurrence, np.arange(len(row)) if cause is None else cause


def _eligible(timeline: Timeline, node: Node, moment: Minutes) -> NDArray[np.bool_]:
    """Whom the node's journey is for, as each is at a moment."""
    rows = len(timeline.present)
    scope = Scope(timeline, node, np.arange(rows), moment)
    return np.asarray(
        np.logical_and.reduce(
            [np.ones(rows, bool), *(expression.holds(scope, rows) for expression in node.place.eligible)]
        )
    )


def _first_of(timeline: Timeline, node: Node, parent: Happenings, row: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of each person whose journey it is, the first happening."""
    order = np.lexsort((parent.minute, row))
    first = order[np.diff(row[order], prepend=-1) != 0]
    first = first[np.isin(row[first] % timeline.size, node.place.members)]
    begins = timeline.start.copy()
    begins[row[first]] = parent.minute[first]
    able = _eligible(timeline, node, begins)[row[first]]
    timeline.left_out.people(node, row[first], able)
    return np.sort(first[able])


def _child_rows(timeline: Timeline, node: Node, row: NDArray[np.intp]) -> NDArray[np.intp]:
    position = row % timeline.size
    slots = np.array([_slot(timeline, node, int(p)) for p in range(timeline.size)])
    return np.asarray(row - position + slots[position])


def _slot(timeline: Timeline, node: Node, position: int) -> int:
    return position if position in timeline.births.values() else timeline.births[_birth_of(timeline, node)]


def _birth_of(timeline: Timeline, node: Node) -> int:
    at: int | None = node.parent
    while at is not None and at not in timeline.births:
        at = timeline.nodes[at].parent
    if at is None:
        raise AssertionError(node.path)
    return at


def able(
    timeline: Timeline, node: Node, row: NDArray[np.intp], anchor: Minutes, ids: NDArray[np.int64]
) -> NDArray[np.intp] | None:
    """Those candidates for whom the node's conditions hold; None for all."""
    if not node.conditions:
        return None
    read = {node.key(name) for name in node.reads}
    changing = any(name in timeline.history or name in timeline.state for name in read)
    scope = Scope(timeline, node, row, moment(timeline, node, row, anchor, ids) if changing else anchor)
    return np.flatnonzero(np.logical_and.reduce([expression.holds(scope, len(row)) for expression in node.conditions]))


def within(timeline: Timeline, node: Node, occurrences: Occurrences) -> NDArray[np.bool_]:
    """Boolean array: which happenings lie within their journey, the run's time, and the ages of what they diagnose."""
    of_age = (
        True if node.befalls.ages is None else node.befalls.of_age(timeline.age(occurrences.row, occurrences.minute))
    )
    if node.place.newborn:
        return (occurrences.minute <= timeline.horizon) & of_age
    start, late = timeline.begins(node, occurrences.row), occurrences.minute > timeline.horizon
    over = (
        np.zeros(len(occurrences), bool)
        if node.place.starts
        else occurrences.minute > start + (node.duration * DAY + DAY - 1)
    )
    timeline.left_out.events(node, occurrences.row, over, late & ~over, occurrences.first, timeline.run.as_of)
    inside = ~(over | late) & of_age
    if node.place.anchor is not None:
        inside &= occurrences.minute >= start
        if node.parent is not None:
            inside &= occurrences.minute >= timeline.happened[node.parent].minute[occurrences.cause]
    if node.place.state is not None:
        inside &= occurrences.minute < _left(timeline, node, occurrences.cause)
    return inside


def _left(timeline: Timeline, node: Node, cause: NDArray[np.intp]) -> Minutes:
    """When the state is left to which each happening belongs."""
    at, parent = cause, node.parent
    while parent is not None and parent != node.place.state:
        at, parent = timeline.happened[parent].cause[at], timeline.nodes[parent].parent
    assert parent is not None, node.path
    happened = timeline.happened[parent]
    return np.asarray(happened.block.parameters[LEFT][happened.rows])[at]


def moment(timeline: Timeline, node: Node, row: NDArray[np.intp], anchor: Minutes, ids: NDArray[np.int64]) -> Minutes:
    """When a node happens to each of some rows, minutes since 1970."""
    columns = Scope(timeline, node, row, anchor) if node.timing.names else {}
    return node.timing.after(anchor, Draws(timeline.run.seed, "event", ids), columns)


def some(arrays: tuple[NDArray[Any], ...], rows: NDArray[np.intp] | None) -> tuple[NDArray[Any], ...]:
    """Some rows of each, or all."""
    return arrays if rows is None else tuple(array[rows] for array in arrays)
