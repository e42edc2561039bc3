"""What is drawn when an event happens, its outcomes and the ways chosen, against what is stated of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.draws import Draws
from healthsim_core.generation.patterns.branching import Branching, took
from healthsim_core.generation.tallies.counts import Tallies
from healthsim_core.generation.tallies.sample import sampled
from healthsim_core.generation.tallies.stated import Within, between, tally_distribution, tally_shares

if TYPE_CHECKING:
    from healthsim_core.generation.nodes import Node
    from healthsim_core.generation.plan import Plan


@attrs.frozen(eq=False)
class OutcomeTally:
    """Counts each value at the moment at which it is drawn, when all that it depends on is there.

    Attributes:
        tallies: Where to count.
        plan: What is stated.
    """

    tallies: Tallies
    plan: Plan
    _nodes: dict[str, Node] = attrs.field(init=False, repr=False)

    @_nodes.default
    def _by_path(self) -> dict[str, Node]:
        return {node.path: node for node in self.plan.nodes}

    def __call__(self, path: str, name: str, values: Column, columns: Mapping[str, Any], ids: NDArray[np.int64]) -> None:
        """See `healthsim_core.generation.timeline.Witness`."""
        node, rows = self._nodes[path], sampled(f"{path}.{name}", np.asarray(columns["person_id"]))
        if rows is None:
            return
        draw = Draws(self.plan.run.seed, "validation", ids[rows])
        if node.branch is not None:
            assert isinstance(values, Text)
            reads = frozenset().union(*(expression.names for expression in node.branch.when if expression is not None))
            tally_branch(self.tallies, path, node.branch, values[rows], _some(columns, reads, rows), lambda: draw.uniform(name))
            return
        distribution = dict(node.outcomes)[name]
        read = _some(columns, distribution.names, rows)
        tally_distribution(self.tallies, f"{path}.outcomes.{name}", distribution, values[rows], read, lambda: draw.uniform(name))


def _some(columns: Mapping[str, Any], names: frozenset[str], rows: NDArray[np.intp] | slice) -> dict[str, Any]:
    return {name: columns[name][rows] for name in names}


def tally_branch(tallies: Tallies, where: str, branch: Branching, chosen: Text, columns: Mapping[str, Any], within: Within) -> None:
    """Count the ways chosen, of those that were open to each."""
    rows, conditional = len(chosen), any(expression is not None for expression in branch.when)
    able = np.stack([np.ones(rows, bool) if each is None else each.holds(columns, rows) for each in branch.when])
    taken = np.stack([took(chosen, choice) for choice in branch.choices])
    if branch.chances is not None:
        for index, (choice, chance) in enumerate(zip(branch.choices, branch.chances, strict=True)):
            tallies.proportion(where, f"share of {choice}", chance, np.sum(taken[index] & able[index]), np.sum(able[index]))
    elif branch.weights is not None and not conditional:
        tally_shares(tallies, where, dict(zip(branch.choices, branch.weights, strict=True)), chosen)
    elif branch.weights is not None:
        weights = np.where(able, np.array(branch.weights)[:, None], 0.0)
        upto, which, at = np.cumsum(weights, axis=0), np.argmax(taken, axis=0), np.arange(rows)
        some = np.flatnonzero((upto[-1] > 0) & taken.any(axis=0))
        ends, starts = upto[which, at] / upto[-1], (upto - weights)[which, at] / upto[-1]
        tallies.shape(where, "ways chosen", between(starts[some], ends[some], lambda: within()[some]))
    possible = ~(taken & ~able).any(axis=0)
    tallies.violation(where, "no way is taken that was closed", np.sum(~possible), rows)
