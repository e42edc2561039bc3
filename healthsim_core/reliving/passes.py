"""Lives that share something, exactly as if event by event: who read what had not happened yet lives again.

All nodes run once for everybody, in the order in which they are expected. Where something turns out to have been
changed before a moment as of which somebody had read it, what they read is read again; where it is something else now,
that household runs again, against all that is known of it, until all that was read is what is known. Draws are
addressed, so what was right stays; an event depends on its past alone, so the earliest wrong one is right after each
pass, and the end is unique.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from healthsim_core.journeys.nodes import Node
from healthsim_core.reliving.splicing import replaced
from healthsim_core.reliving.viewing import view
from healthsim_core.timeline.running import execute
from healthsim_core.timeline.state import Timeline

MOST = 200  # passes; each is right for one more event of a person at least


def live(timeline: Timeline, nodes: tuple[Node, ...], blocks: tuple[tuple[int, ...], ...]) -> list[int]:
    """Run all nodes over a chunk's people, and again for those who were misled.

    Returns:
        How many households ran in each pass.
    """
    execute(timeline, nodes, blocks)
    timeline.decide()
    counts = [len(timeline.present) // timeline.size]
    _again(timeline, nodes, blocks, _households(timeline, timeline.stale(timeline.misled)), counts)
    timeline.testify()
    return counts


def _again(
    timeline: Timeline,
    nodes: tuple[Node, ...],
    blocks: tuple[tuple[int, ...], ...],
    rows: NDArray[np.intp],
    counts: list[int],
) -> None:
    if not len(rows):
        return
    assert len(counts) < MOST, "lives that do not settle"
    counts.append(len(rows) // timeline.size)
    part = timeline.part(rows)
    if timeline.deciding is not None:
        lived = view(timeline, timeline.deciding.nodes, timeline.deciding.indices, rows)
        part.standing = {index: lived.happened[index] for index in timeline.deciding.indices}
    prints = _prints(part)
    execute(part, nodes, blocks)
    part.decide()
    changed = np.logical_or.reduce([now != then for now, then in zip(_prints(part), prints, strict=True)])
    _again(part, nodes, blocks, _households(part, part.stale(changed | part.misled)), counts)
    part.testify()
    replaced(timeline, part, rows, nodes)


def _prints(timeline: Timeline) -> Sequence[NDArray[np.uint64]]:
    """Prints of all that is shared, a row a position."""
    return [timeline.ends.prints(), *(records.prints() for records in timeline.records)]


def _households(timeline: Timeline, some: NDArray[np.bool_]) -> NDArray[np.intp]:
    """All rows of the households of some."""
    units = some.reshape(-1, timeline.size).any(axis=1)
    return np.flatnonzero(np.repeat(units, timeline.size))
