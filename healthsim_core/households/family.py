"""What the members of a household are to one another: how much younger its dependents are, and who of them is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.defaults import defaults
from healthsim_core.distributions import Constant, Distribution
from healthsim_core.draws import Floats
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.households.household import Member

_NOTHING = 1e-9  # a probability so small that a law is taken to have nothing there


@attrs.frozen(eq=False)
class PossibleAges:
    """What the parent's age leaves of the law that is stated for a dependent's age, row by row.

    A dependent is `years_younger` (least to most) than the subscriber. The law is truncated to the ages between: it is
    as if ages were drawn until one fits, so that none pile up at a bound. Where it has nothing there, the greatest
    difference gives way first (grandparents and adoptive parents may subscribe too); where all of it is too old,
    `holds_nothing`.

    Attributes:
        low: Array (rows,) of int64: the least possible age in years.
        high: Array (rows,) of int64: the greatest possible age in whole years.
        under: Array (rows,): the probability of lesser ages, by the law as stated.
        upto: Array (rows,): the probability of ages up to `high`, by the law as stated.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    under: Floats
    upto: Floats

    @classmethod
    def of(cls, law: Distribution, columns: Mapping[str, Any], parent: NDArray[np.int64]) -> PossibleAges:
        """The possible ages of children of subscribers of the ages `parent`.

        Args:
            law: What is stated for the dependent's age.
            columns: The columns that it reads, of the same rows.
            parent: Array (rows,) of int64: the subscriber's age in whole years.
        """
        younger = defaults()["members"]["dependent"]["years_younger"]
        low, high = np.maximum(parent - younger["most"], 0), np.maximum(parent - younger["least"], 0)
        under, upto = law.below(low.astype(np.float64), columns), law.below(high + 1.0, columns)
        too_young = ~(upto - under > _NOTHING) & (upto > _NOTHING)
        return cls(np.where(too_young, 0, low), high, np.where(too_young, 0.0, under), upto)

    @property
    def holds_nothing(self) -> NDArray[np.bool_]:
        """Where the law says only ages that are too old."""
        return np.asarray(~(self.upto - self.under > _NOTHING))

    @property
    def as_stated(self) -> NDArray[np.bool_]:
        """Where all of the law is possible: here, and only here, ages have the distribution that is stated."""
        return np.asarray((self.under == 0) & (self.upto == 1))

    def taken(self, rows: NDArray[np.intp]) -> PossibleAges:
        """Those of some rows."""
        return PossibleAges(self.low[rows], self.high[rows], self.under[rows], self.upto[rows])

    def shares(self, below: Floats, upto: Floats) -> tuple[Floats, Floats]:
        """The probabilities of less and of at most some ages among the possible ones, of those by the law as stated."""
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (
                (np.clip(ages, self.under, self.upto) - self.under) / (self.upto - self.under) for ages in (below, upto)
            )
            low, high = shares
        return np.where(self.holds_nothing, 0.0, low), np.where(self.holds_nothing, 1.0, high)

    def sample(self, law: Distribution, unit: Floats, columns: Mapping[str, Any]) -> Floats:
        """The age at each uniform: array (rows,) of whole years where the law is truncated, else what the law gives."""
        ages = np.array(law.sample(unit, columns), np.float64)
        ages[self.holds_nothing] = np.minimum(ages, self.high)[self.holds_nothing]
        rows = np.flatnonzero(~self.as_stated & ~self.holds_nothing)
        if len(rows):
            there = {name: columns[name][rows] for name in law.names}
            ages[rows] = self._found(law, unit, there, rows)
        return ages

    def _found(
        self, law: Distribution, unit: Floats, there: Mapping[str, Any], rows: NDArray[np.intp]
    ) -> NDArray[np.int64]:
        """The greatest age whose lesser ages have no more than the uniform's share, by halving: of any law,
        also unordered ones."""
        low, high, under, upto = self.low[rows], self.high[rows], self.under[rows], self.upto[rows]
        share = np.minimum(under + (upto - under) * unit[rows], np.nextafter(upto, 0))
        while (low < high).any():
            middle = (low + high + 1) // 2
            reached = law.below(middle.astype(np.float64), there) <= share
            low, high = np.where(reached, middle, low), np.where(reached, high, middle - 1)
        return low


def check_ages(laws: Sequence[Distribution], members: Sequence[Member], mistakes: Mistakes) -> None:
    """Refuse a dependent's age that is said to be too near the subscriber's, where both are said as one number.

    Args:
        laws: The distribution of age of each household position.
        members: The household positions.
        mistakes: Takes what is wrong.
    """
    least = defaults()["members"]["dependent"]["years_younger"]["least"]
    ages = [float(law.value) if isinstance(law, Constant) and not isinstance(law.value, str) else None for law in laws]
    parent = next((age for age, member in zip(ages, members, strict=True) if member.role == "subscriber"), None)
    for age, member in zip(ages, members, strict=True):
        if member.role == "dependent" and age is not None and parent is not None and age > max(parent - least, 0):
            remedy = f"Give at most {max(parent - least, 0):g}: a parent is {least} years older or more."
            what = f"a dependent of {age:g} is no child of a subscriber of {parent:g}."
            with mistakes.caught():
                raise SpecificationError(what, f"{member.where}.age", remedy)
