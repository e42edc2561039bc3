"""Blocks of what happened put together: of some people from here, of others from there, each effect to its cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns
from healthsim_core.journeys.nodes import Node
from healthsim_core.timeline.blocks import Block, stacked

_ALIKE = ("minute", "occurrence", "id", "first", "kept", "moment")  # arrays that go along row by row
_COUNTED = ("eligible", "chosen")


class Joining:
    """Joins blocks of several timelines, in the order in which their nodes ran.

    Args:
        nodes: The plan's nodes.
        places: Of each timeline, an int array: the new row of each of its rows, -1 for those that are left out.
    """

    def __init__(self, nodes: Sequence[Node], places: Sequence[NDArray[np.intp]]) -> None:
        self._nodes, self._places = nodes, places
        self._at: dict[int, list[NDArray[np.intp]]] = {}  # by node and timeline, where its happenings stand now

    def block(self, blocks: Sequence[Block], stands: NDArray[np.bool_] | bool = True) -> Block:
        """One block of the same block of each timeline; each node's happenings in order of their rows.

        Args:
            blocks: The block of each timeline.
            stands: Which of their happenings are kept.
        """
        pairs = list(zip(blocks, self._places, strict=True))
        row = np.where(stands, np.concatenate([place[block.row] for block, place in pairs]), -1)
        of_node = np.concatenate([np.repeat(np.arange(len(block.nodes)), np.diff(block.starts)) for block in blocks])
        stay = np.flatnonzero(row >= 0)
        order = stay[np.lexsort((row[stay], of_node[stay]))]
        starts = np.searchsorted(of_node[order], np.arange(len(blocks[0].nodes) + 1))
        at = np.full(len(row), -1)
        at[order] = np.arange(len(order)) - starts[of_node[order]]
        cause = self._causes(blocks, at)
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(block, name) for block in blocks])[order] for name in _ALIKE
        }
        counted: dict[str, Any] = {
            name: np.concatenate([_kept(place, getattr(block, name)) for block, place in pairs]) for name in _COUNTED
        }
        parameters = _parameters(blocks).take(order)
        return attrs.evolve(
            blocks[0], starts=starts, row=row[order], cause=cause[order], parameters=parameters, **arrays, **counted
        )

    def _causes(self, blocks: Sequence[Block], at: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where the cause of each happening stands now; where each stands is noted for its effects."""
        causes, offset = [], 0
        for number, block in enumerate(blocks):
            cause = block.cause.copy()
            for position, index in enumerate(block.nodes):
                mine, parent = slice(block.starts[position], block.starts[position + 1]), self._nodes[index].parent
                cause[mine] = -1 if parent is None else self._at[parent][number][cause[mine]]
                self._at.setdefault(index, []).append(at[offset + mine.start : offset + mine.stop])
            causes.append(cause)
            offset += len(block.row)
        return np.concatenate(causes)


def _kept(place: NDArray[np.intp], row: NDArray[np.intp]) -> NDArray[np.intp]:
    there = place[row]
    return there[there >= 0]


def _parameters(blocks: Sequence[Block]) -> Columns:
    names = dict.fromkeys(name for block in blocks for name in block.parameters)
    sizes = [slice(0, len(block.row)) for block in blocks]
    whole = {
        name: stacked([(block.parameters.unread(name), size) for block, size in zip(blocks, sizes, strict=True)])
        for name in names
    }
    return Columns(whole, sum(len(block.row) for block in blocks))
