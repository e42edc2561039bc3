"""What has happened so far of some nodes to some people, and of nodes that are still to run what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns
from healthsim_core.journeys.nodes import Node
from healthsim_core.timeline.blocks import Block, Happenings
from healthsim_core.timeline.state import Timeline

_ALIKE = ("minute", "occurrence", "id", "first", "kept", "moment")  # arrays that go along row by row


@attrs.frozen(eq=False)
class View:
    """What happened of some nodes.

    Attributes:
        happened: The happenings of each node, of those that are not looked at none.
        blocks: Their blocks.
    """

    happened: Mapping[int, Happenings]
    blocks: Sequence[Block]


def view(timeline: Timeline, nodes: Sequence[Node], indices: Sequence[int], rows: NDArray[np.intp]) -> View:
    """What has happened so far of some nodes to some people, who are numbered anew.

    Args:
        timeline: What has happened.
        nodes: All nodes, each following one that is looked at, or nothing.
        indices: Those that are looked at, each after the one it follows.
        rows: Int array: the people's rows.
    """
    place = np.full(len(timeline.present), -1)
    place[rows] = np.arange(len(rows))
    empty = _nothing()
    blocks, happened = [empty], dict.fromkeys(range(len(nodes)), Happenings(empty, slice(0, 0)))
    moved: dict[int, NDArray[np.intp]] = {}  # by node, where each of its happenings stands now; -1 for those left out
    for index in indices:
        there = timeline.happened.get(index, timeline.standing.get(index))
        if there is None:
            moved[index] = np.empty(0, np.intp)
            continue
        parent = nodes[index].parent
        at, cause = _following(timeline, parent, index, there)
        row = np.where(_stands(timeline, nodes[index], there, at), place[there.row[at]], -1)
        cause = np.full(len(at), -1) if parent is None else moved[parent][cause]
        stay = np.flatnonzero((row >= 0) & ((cause >= 0) | (parent is None)))
        order = stay[np.argsort(row[stay], kind="stable")]
        moved[index] = np.full(len(there), -1)
        moved[index][at[order]] = np.arange(len(order))
        blocks.append(_alone(index, there, at[order], row[order], cause[order]))
        happened[index] = Happenings(blocks[-1], slice(0, len(order)))
    return View(happened, blocks)


def _following(
    timeline: Timeline, parent: int | None, index: int, there: Happenings
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where to find what stands of a node's happenings, and what each follows: where the node has not run yet and its
    parent has, what its cause has become since."""
    every = np.arange(len(there))
    if parent is None or index in timeline.happened or parent not in timeline.happened:
        return every, there.cause
    before, now = timeline.standing[parent].id[there.cause], timeline.happened[parent].id
    order = np.argsort(now)
    place = np.searchsorted(now, before, sorter=order)
    within = np.flatnonzero(place < len(now))
    cause = order[place[within]]
    same = now[cause] == before[within]
    return every[within[same]], cause[same]


def _stands(timeline: Timeline, node: Node, there: Happenings, at: NDArray[np.intp]) -> NDArray[np.bool_] | bool:
    """What no end of a journey has cancelled, as far as that is known; what follows goes with what it follows."""
    ends = timeline.ends.of(node.journey) if node.parent is None else None
    return True if ends is None else np.asarray(there.minute[at] <= ends[there.row[at]])


def _alone(
    index: int, happened: Happenings, at: NDArray[np.intp], row: NDArray[np.intp], cause: NDArray[np.intp]
) -> Block:
    """Some of a node's happenings as a block of its own."""
    block, rows = happened.block, happened.rows.start + at
    arrays = {name: getattr(block, name)[rows] for name in _ALIKE}
    none = np.empty(0, np.intp)
    return attrs.evolve(
        block, nodes=(index,), starts=np.array([0, len(at)]), row=row, cause=cause, eligible=none, chosen=none,
        parameters=block.parameters.take(rows), **arrays,
    )  # fmt: skip


def _nothing() -> Block:
    rows, minutes = np.empty(0, np.intp), np.empty(0, np.int64)
    return Block((-1,), np.array([0, 0]), rows, minutes, minutes, minutes, rows, Columns({}, 0), rows.astype(bool))
