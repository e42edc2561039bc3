"""Which of two events comes first that fall on one minute: by where they are written, whatever order nodes run in."""

from __future__ import annotations

from collections.abc import Sequence

from healthsim_core.journeys.nodes import Node


def ranks_of(nodes: Sequence[Node]) -> tuple[int, ...]:
    """The rank of each node: what happens in one minute happens in order of rank.

    Within a journey it is the order in which the events are written; journeys come by name, but one that starts on an
    event of another comes right after that event. So a cause is before its effects, and a journey more or fewer
    changes no order of the others.

    Args:
        nodes: All nodes, each after the one it follows, those of one journey as they are written.
    """
    keys: list[tuple[tuple[str, int], ...]] = []
    for place, node in enumerate(nodes):
        above = () if node.parent is None else keys[node.parent]
        own = node.parent is not None and nodes[node.parent].journey == node.journey
        keys.append((*(above[:-1] if own else above), (node.journey, place)))
    ranks = [0] * len(nodes)
    for rank, index in enumerate(sorted(range(len(nodes)), key=keys.__getitem__)):
        ranks[index] = rank
    return tuple(ranks)
