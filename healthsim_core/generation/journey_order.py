"""The order in which the nodes of several journeys run: as time passes, so that no journey reads another's future."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import attrs

from healthsim_core.generation.journey_plan import Node


def by_expected_time(nodes: Sequence[Node], starts: Sequence[int]) -> list[int]:
    """Indices of `nodes` in the order to run them.

    What happens in one journey is read by the others (a hemoglobin A1c, a weight), so their nodes take turns by the day
    on which each is expected. Within one journey the order stays as it is written.

    Args:
        nodes: All nodes, journey after journey, each after the one it follows.
        starts: Index of the first node of each journey, ascending.
    """
    expected: list[float] = []
    for node in nodes:
        expected.append((expected[node.parent] if node.parent is not None else 0.0) + node.timing.expected)
    keys: list[float] = []
    for first, stop in itertools.pairwise([*starts, len(nodes)]):
        keys += itertools.accumulate(expected[first:stop], max)
    return sorted(range(len(nodes)), key=keys.__getitem__)


def reordered(nodes: Sequence[Node], order: Sequence[int]) -> tuple[Node, ...]:
    """The nodes in another order, each still following the same one."""
    place = {index: position for position, index in enumerate(order)}
    return tuple(attrs.evolve(node, parent=place[node.parent]) if node.parent is not None else node for node in (nodes[i] for i in order))

