"""Choose a way on: one of several by weight or condition, or each by a chance of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.distributions import condition
from healthsim_core.draws import Draws
from healthsim_core.expressions.expression import Expression
from healthsim_core.spec.journey.patterns import Branch


@attrs.frozen
class Branching:
    """A compiled branch.

    Attributes:
        name: Under which expressions read it: `branch.` and its id.
        choices: Ids of the choices.
        weights: Weight of each, summing to 1; None where conditions alone decide, or each has a chance of its own.
        chances: Probability of each, where they do not exclude each other.
        when: Condition of each; None where there is none.
    """

    name: str
    choices: tuple[str, ...]
    weights: tuple[float, ...] | None
    chances: tuple[float, ...] | None
    when: tuple[Expression | None, ...]

    @classmethod
    def of(cls, branch: Branch, where: str) -> Branching:
        """The compiled form of a written branch."""
        choices = branch.choices
        given = [choice.weight for choice in choices if choice.weight is not None]
        return cls(
            f"branch.{branch.branch_id}",
            tuple(choice.choice_id for choice in choices),
            tuple(weight / sum(given) for weight in given) if given else None,
            None if branch.exclusive else tuple(1.0 if c.probability is None else c.probability for c in choices),
            tuple(
                None if c.when is None else condition(c.when, f"{where}.choices[{i}].when")
                for i, c in enumerate(choices)
            ),
        )

    def choose(self, columns: Mapping[str, Any], rows: int, draw: Draws) -> Text:
        """Text (rows,): the choice of each row, several separated by spaces, null for none."""
        open_to = np.ones((len(self.choices), rows), bool)
        for index, expression in enumerate(self.when):
            if expression is not None:
                open_to[index] = expression.holds(columns, rows)
        if self.chances is not None:
            units = np.stack([draw.uniform(f"{self.name}.{choice}") for choice in self.choices])
            return self._several(open_to & (units < np.array(self.chances)[:, None]))
        if self.weights is None:
            default = np.array([expression is None for expression in self.when])
            conditional = open_to & ~default[:, None]
            first = np.where(
                conditional.any(axis=0), conditional.argmax(axis=0), default.argmax() if default.any() else -1
            )
            return Text(first.astype(np.int32), list(self.choices))
        return Text(self._weighted(open_to, draw.uniform(self.name)), list(self.choices))

    def _weighted(self, open_to: NDArray[np.bool_], unit: NDArray[np.float64]) -> NDArray[np.int32]:
        weights = np.where(open_to, np.array(self.weights)[:, None], 0.0)
        upto = np.cumsum(weights, axis=0)
        total = upto[-1]
        chosen = np.sum(unit * total >= upto, axis=0)
        last = len(self.choices) - 1 - np.argmax((weights > 0)[::-1], axis=0)  # where rounding reaches past the end
        return np.where(total > 0, np.minimum(chosen, last), -1).astype(np.int32)

    def _several(self, taken: NDArray[np.bool_]) -> Text:
        packed, codes = np.unique(taken, axis=1, return_inverse=True)
        words = [
            " ".join(c for c, chosen in zip(self.choices, column, strict=True) if chosen) or None for column in packed.T
        ]
        return Text.of(words)[codes.reshape(-1)]


def took(chosen: Text, choice: str) -> NDArray[np.bool_]:
    """Where a choice is among those chosen."""
    return np.asarray(chosen.map(lambda words: choice in words.split(), bool, False))
