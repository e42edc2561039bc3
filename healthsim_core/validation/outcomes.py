"""What is drawn when an event happens, its outcomes and the ways chosen, against what is stated of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

Pending = Callable[[NDArray[np.bool_]], None]


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
    ) -> Pending | None:
        """What was drawn, to be counted when it is known which rows of it stand; None where it is not looked at."""
        node = self._nodes[path]
        if isinstance(node.how, Branched):
            assert isinstance(values, Text)
            return self._of_branch(path, node.how.branching, values, columns)
        everybody = all_or_none(f"{path}.{name}", self.start, self.stop)
        rows: NDArray[np.intp] | slice | None = None
        if everybody is not False:
            rows = slice(None) if everybody else sampled(f"{path}.{name}", np.asarray(columns["person_id"]))
        if rows is None:
            return None
        distribution, of_rows = dict(node.outcomes)[name], np.arange(len(values))[rows]
        read, looked_at, of_ids = {n: columns[n][rows] for n in distribution.names}, values[rows], ids[rows]

        def count(stands: NDArray[np.bool_]) -> None:
            at = _those(stands[of_rows])
            draw = Draws(self.plan.run.seed, "validation", of_ids[at])
            some = {name: column[at] for name, column in read.items()}
            where = f"{path}.outcomes.{name}"
            made = Made(self.tallies, where, looked_at[at], some, lambda: draw.uniform(name))
            tally_distribution(distribution, made)

        return count

    def _of_branch(self, path: str, branching: Branching, chosen: Text, columns: Mapping[str, Any]) -> Pending:
        able = np.stack([
            np.ones(len(chosen), bool) if when is None else when.holds(columns, len(chosen)) for when in branching.when
        ])  # fmt: skip

        def count(stands: NDArray[np.bool_]) -> None:
            at = _those(stands)
            tally_branch(self.tallies, path, branching, chosen[at], able[:, at])

        return count


def _those(stands: NDArray[np.bool_]) -> NDArray[np.intp] | slice:
    return slice(None) if stands.all() else np.flatnonzero(stands)


def tally_branch(tallies: Tallies, where: str, branch: Branching, chosen: Text, able: NDArray[np.bool_]) -> None:
    """Count the ways chosen, of those that were open to each: `able` is a boolean array (choices, rows)."""
    rows = len(chosen)
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
