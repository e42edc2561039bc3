"""Put what some households have lived anew in the place of what they lived before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.journeys.nodes import Node
from healthsim_core.timeline.blocks import Block, stacked
from healthsim_core.timeline.state import Timeline

_CHANGING = ("birth_date", "start_date", "death_date", "death_time")  # of people, by what happens to them


def replaced(timeline: Timeline, part: Timeline, rows: NDArray[np.intp], nodes: Sequence[Node]) -> None:
    """Replace what happened to some rows by what happened to them in a timeline of their own.

    Args:
        timeline: Of all.
        part: Of the rows alone.
        rows: Int array: the row here of each of the part's.
        nodes: The plan's nodes.
    """
    gone = np.zeros(len(timeline.present), bool)
    gone[rows] = True
    places: dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]] = {}
    pairs, timeline.blocks = list(zip(timeline.blocks, part.blocks, strict=True)), []
    for old, new in pairs:
        timeline.keep(_both(old, new, gone, rows, nodes, places))
    for index in timeline.origins:
        timeline.origins[index][rows] = part.origins[index]
    for name in _CHANGING:
        timeline.people[name] = _with(timeline.people[name], rows, part.people[name])
    timeline.present[rows], timeline.start[rows] = part.present, part.start
    timeline.ends = timeline.ends.spliced(gone, part.ends, rows)
    for name, history in timeline.history.items():
        history.replace(gone, part.history[name], rows, timeline.ends)
    timeline.state.replace(gone, part.state, rows, timeline.ends)
    timeline.left_out.replace(gone, part.left_out, rows)
    timeline.stands[rows] = False


def _both(
    old: Block,
    new: Block,
    gone: NDArray[np.bool_],
    rows: NDArray[np.intp],
    nodes: Sequence[Node],
    places: dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]],
) -> Block:
    """One block of what stays of the old one and of the new one, each node's in order of its rows."""
    row = np.concatenate([old.row, rows[new.row]])
    stays = np.concatenate([np.flatnonzero(~gone[old.row]), len(old.row) + np.arange(len(new.row))])
    of_node = np.concatenate([_node_of(old), _node_of(new)])
    order = stays[np.lexsort((row[stays], of_node[stays]))]
    starts = np.searchsorted(of_node[order], np.arange(len(old.nodes) + 1))
    place = np.full(len(row), -1)
    place[order] = np.arange(len(order)) - starts[of_node[order]]
    cause = np.concatenate([old.cause, new.cause])
    for number, index in enumerate(old.nodes):
        ours = place[old.starts[number] : old.starts[number + 1]]
        theirs = place[len(old.row) + new.starts[number] : len(old.row) + new.starts[number + 1]]
        places[index] = ours, theirs
        if (parent := nodes[index].parent) is not None:
            above = places[parent]
            for block, of_parent, at in ((old, above[0], 0), (new, above[1], len(old.row))):
                mine = slice(block.starts[number], block.starts[number + 1])
                cause[at + mine.start : at + mine.stop] = of_parent[block.cause[mine]]
    joined = {
        name: np.concatenate([getattr(old, name), getattr(new, name)])[order]
        for name in ("minute", "occurrence", "id", "first", "kept", "moment")
    }
    counted = {
        name: np.concatenate([_not(gone, getattr(old, name)), rows[getattr(new, name)]])
        for name in ("eligible", "chosen")
    }
    changed: dict[str, Any] = {**joined, **counted}
    return attrs.evolve(
        old, starts=starts, row=row[order], cause=cause[order], parameters=_parameters(old, new).take(order), **changed
    )


def _node_of(block: Block) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(block.nodes)), np.diff(block.starts))


def _not(gone: NDArray[np.bool_], row: NDArray[np.intp]) -> NDArray[np.intp]:
    return row[~gone[row]]


def _parameters(old: Block, new: Block) -> Columns:
    names = dict.fromkeys([*old.parameters, *new.parameters])
    whole = {
        name: stacked([
            (block.parameters.unread(name), slice(0, len(block.row))) for block in (old, new)
        ])
        for name in names
    }  # fmt: skip
    return Columns(whole, len(old.row) + len(new.row))


def _with(column: Column, rows: NDArray[np.intp], values: Column) -> Column:
    if isinstance(column, Text):
        at = np.arange(len(column))
        at[rows] = len(column) + np.arange(len(rows))
        return concat([column, values])[at]
    changed = np.asarray(column).copy()
    changed[rows] = values
    return changed
