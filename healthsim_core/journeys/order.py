"""The order in which the nodes of several journeys run: as time passes, so that no journey reads another's future."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from healthsim_core.journeys.nodes import Node
from healthsim_core.journeys.ranks import ranks_of


def by_expected_time(nodes: Sequence[Node], groups: Sequence[int]) -> list[int]:
    """Indices of `nodes` in the order to run them.

    What happens in one journey is read by the others (a hemoglobin A1c, a weight), so their nodes take turns by the day
    on which each is expected. Within one journey the order stays as it is written.

    Args:
        nodes: All nodes, each after the one it follows.
        groups: The number of the journey of each.
    """
    expected: list[float] = []
    keys: list[float] = []
    latest: dict[int, float] = {}
    for node, group in zip(nodes, groups, strict=True):
        takes = node.timing.expected if node.place.anchor is None else 0.0
        expected.append((expected[node.parent] if node.parent is not None else 0.0) + takes)
        follows = keys[node.parent] if node.parent is not None else 0.0
        latest[group] = max(expected[-1], follows, latest.get(group, 0.0))
        keys.append(latest[group])
    return sorted(range(len(nodes)), key=keys.__getitem__)


def reordered(nodes: Sequence[Node], order: Sequence[int]) -> tuple[Node, ...]:
    """The nodes in another order, each still following the same one, and told its rank."""
    place = {index: position for position, index in enumerate(order)}
    moved = tuple(nodes[index].moved(place) for index in order)
    return tuple(attrs.evolve(node, rank=rank) for node, rank in zip(moved, ranks_of(moved), strict=True))
