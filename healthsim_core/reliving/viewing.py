"""What has happened so far of some nodes to some people, and of nodes that are still to run what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns
from healthsim_core.journeys.nodes import Node
from healthsim_core.reliving.joining import Joining
from healthsim_core.timeline.blocks import Block, Happenings
from healthsim_core.timeline.state import Timeline


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
    joining, blocks, empty = Joining(nodes, (place,)), [], _nothing()
    happened = dict.fromkeys(range(len(nodes)), Happenings(empty, slice(0, 0)))
    stands: dict[int, NDArray[np.bool_]] = {}
    for index in indices:
        there = timeline.happened.get(index, timeline.standing.get(index))
        alone = attrs.evolve(empty, nodes=(index,))
        if there is not None:
            alone = _alone(index, there, *_following(timeline, nodes[index].parent, index, there))
        stands[index] = _stands(timeline, nodes[index], alone, stands)
        blocks.append(joining.block((alone,), stands[index]))
        happened[index] = Happenings(blocks[-1], slice(0, len(blocks[-1].row)))
    return View(happened, [empty, *blocks])


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


def _stands(timeline: Timeline, node: Node, block: Block, above: Mapping[int, NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """What no end of a journey has cancelled, as far as that is known."""
    if node.parent is not None:
        return above[node.parent][block.cause]
    ends = timeline.ends.of(node.journey)
    return np.ones(len(block.row), bool) if ends is None else block.minute <= ends[block.row]


def _alone(index: int, happened: Happenings, at: NDArray[np.intp], cause: NDArray[np.intp]) -> Block:
    """Some of a node's happenings as a block of its own."""
    block, rows = happened.block, happened.rows.start + at
    names = ("row", "minute", "occurrence", "id", "first", "kept", "moment")
    arrays = {name: getattr(block, name)[rows] for name in names}
    none = np.empty(0, np.intp)
    return attrs.evolve(
        block, nodes=(index,), starts=np.array([0, len(at)]), parameters=block.parameters.take(rows), eligible=none,
        chosen=none, cause=cause, **arrays,
    )  # fmt: skip


def _nothing() -> Block:
    rows, minutes = np.empty(0, np.intp), np.empty(0, np.int64)
    return Block((-1,), np.array([0, 0]), rows, minutes, minutes, minutes, rows, Columns({}, 0), rows.astype(bool))
