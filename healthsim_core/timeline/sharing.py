"""What events read that others may change meanwhile: found once, from the nodes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from healthsim_core.expressions.asking import LAST
from healthsim_core.journeys.nodes import Node, Passage
from healthsim_core.person_state.sources import Sources


@attrs.frozen
class Sharing:
    """What must be read as of a moment, for the order in which nodes run is not always that of time.

    Attributes:
        timed: Names of outcomes, ways and states that are read so. Of others the last that was drawn is right: all
            that draw them lead to all that read them.
        measured: By the rank of a node, the measures that it measures and of which somebody reads what was last.
        ends: Journeys that an event may end early, whose later events then never were.
        sources: What changes a person's state.
    """

    timed: frozenset[str] = frozenset()
    measured: Mapping[int, tuple[str, ...]] = attrs.field(factory=dict)
    ends: frozenset[str] = frozenset()
    sources: Sources = attrs.field(factory=Sources)

    @classmethod
    def of(cls, nodes: Sequence[Node], sources: Sources) -> Sharing:
        """What the nodes of a plan share."""
        writers: dict[str, list[int]] = {}
        for index, node in enumerate(nodes):
            for name in node.draws:
                writers.setdefault(name, []).append(index)
        reads = [frozenset(node.key(name) for name in node.reads_in_all) for node in nodes]
        timed = {f"{node.journey}/{node.how.lifecycle.name}" for node in nodes if isinstance(node.how, Passage)}
        for index in range(len(nodes)):
            leading = _leading(nodes, index)
            timed |= {name for name in reads[index] & writers.keys() if not leading.issuperset(writers[name])}
        ends = (node.journey for node in nodes if node.ending.ends == "journey")
        asked = frozenset().union(*reads)
        measured = {node.rank: tuple(sorted(n for n in node.measures if f"{LAST}{n}" in asked)) for node in nodes}
        return cls(frozenset(timed), {at: names for at, names in measured.items() if names}, frozenset(ends), sources)


def _leading(nodes: Sequence[Node], index: int) -> set[int]:
    """The nodes that lead to one, and itself, as far as they happen once to a person."""
    leading, at = set[int](), index if nodes[index].most == 1 else nodes[index].parent
    while at is not None:
        if nodes[at].most == 1:
            leading.add(at)
        at = nodes[at].parent
    return leading
