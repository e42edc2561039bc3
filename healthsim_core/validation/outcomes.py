"""What is drawn when an event happens, its outcomes and the ways chosen, against what is stated of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.draws import Draws
from healthsim_core.journeys.nodes import Branched, Node
from healthsim_core.patterns.branching import Branching, took
from healthsim_core.planning.plan import Plan
from healthsim_core.validation.counts import Tallies
from healthsim_core.validation.sample import all_or_none, sampled
from healthsim_core.validation.stated import Made, tally_distribution


@attrs.frozen(eq=False)
class OutcomeTally:
    """Counts each value at the moment at which it is drawn, when all that it depends on is there.

    Attributes:
        tallies: Where to count.
        plan: What is stated.
        start: First unit of the chunk.
        stop: One past the last.
    """

    tallies: Tallies
    plan: Plan
    start: int
    stop: int
    _nodes: dict[str, Node] = attrs.field(init=False, repr=False)

    @_nodes.default
    def _by_path(self) -> dict[str, Node]:
        return {node.path: node for node in self.plan.nodes}

    def __call__(
        self, path: str, name: str, values: Column, columns: Mapping[str, Any], ids: NDArray[np.int64]
    ) -> None:
        node = self._nodes[path]
        if isinstance(node.how, Branched):
            assert isinstance(values, Text)
            tally_branch(self.tallies, path, node.how.branching, values, columns)
            return
        everybody = all_or_none(f"{path}.{name}", self.start, self.stop)
        rows: NDArray[np.intp] | slice | None = None
        if everybody is not False:
            rows = slice(None) if everybody else sampled(f"{path}.{name}", np.asarray(columns["person_id"]))
        if rows is None:
            return
        draw, distribution = Draws(self.plan.run.seed, "validation", ids[rows]), dict(node.outcomes)[name]
        read = _some(columns, distribution.names, rows)
        where = f"{path}.outcomes.{name}"
        tally_distribution(distribution, Made(self.tallies, where, values[rows], read, lambda: draw.uniform(name)))


def _some(columns: Mapping[str, Any], names: frozenset[str], rows: NDArray[np.intp] | slice) -> dict[str, Any]:
    return {name: columns[name][rows] for name in names}


def tally_branch(tallies: Tallies, where: str, branch: Branching, chosen: Text, columns: Mapping[str, Any]) -> None:
    """Count the ways chosen, of those that were open to each."""
    rows = len(chosen)
    able = np.stack([np.ones(rows, bool) if when is None else when.holds(columns, rows) for when in branch.when])
    taken = np.stack([took(chosen, choice) for choice in branch.choices])
    if branch.chances is not None:
        for index, (choice, chance) in enumerate(zip(branch.choices, branch.chances, strict=True)):
            tallies.proportion(
                where, f"share of {choice}", chance, np.sum(taken[index] & able[index]), np.sum(able[index])
            )
    elif branch.weights is not None:
        patterns, which = np.unique(able, axis=1, return_inverse=True)
        for number, pattern in enumerate(patterns.T):
            at = which.reshape(-1) == number
            total = float(np.sum(np.array(branch.weights)[pattern]))
            among = "" if pattern.all() else f" where {', '.join(np.array(branch.choices)[pattern])} are open"
            for way in np.flatnonzero(pattern) if total > 0 else ():
                what, share = f"share of {branch.choices[way]}{among}", min(branch.weights[way] / total, 1.0)
                tallies.proportion(where, what, share, np.sum(taken[way] & at), np.sum(at))
    tallies.violation(where, "no way is taken that was closed", np.sum((taken & ~able).any(axis=0)), rows)
