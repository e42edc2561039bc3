"""Put what some households have lived anew in the place of what they lived before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text, concat
from healthsim_core.journeys.nodes import Node
from healthsim_core.reliving.joining import Joining
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
    joining = Joining(nodes, (np.where(gone, -1, np.arange(len(gone))), rows))
    pairs, timeline.blocks = list(zip(timeline.blocks, part.blocks, strict=True)), []
    for pair in pairs:
        timeline.keep(joining.block(pair))
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


def _with(column: Column, rows: NDArray[np.intp], values: Column) -> Column:
    if isinstance(column, Text):
        at = np.arange(len(column))
        at[rows] = len(column) + np.arange(len(rows))
        return concat([column, values])[at]
    changed = np.asarray(column).copy()
    changed[rows] = values
    return changed
