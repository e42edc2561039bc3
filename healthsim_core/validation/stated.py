"""Values against the distribution that is stated for them, whatever its kind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text, is_null
from healthsim_core.distributions import AgeBands, Constant, Derived, Distribution
from healthsim_core.distributions.base import numbers
from healthsim_core.distributions.composed import Conditional, ZeroInflated
from healthsim_core.draws import Floats
from healthsim_core.households.family import PossibleAges
from healthsim_core.validation.counts import CELLS, Scores, Tallies

FEW = 30  # values of which each is counted by itself
Within: TypeAlias = Callable[[], Floats]  # uniforms that choose within a value's own probability, a row a value
_SLACK = 1e-9  # of a derived number, relative: sums may be taken in another order


@attrs.frozen(eq=False)
class Made:
    """Values that a run made, and where they are counted.

    Attributes:
        tallies: Where to count.
        where: Path of what is stated of them.
        values: Column (rows,); of ages an int array.
        columns: The columns that their distribution reads, of the same rows.
        within: Gives uniforms (rows,), addressed and otherwise unused.
    """

    tallies: Tallies
    where: str
    values: Any
    columns: Mapping[str, Any]
    within: Within

    def __len__(self) -> int:
        return len(self.values)

    def violation(self, what: str, broken: NDArray[np.bool_]) -> None:
        """Count those that break a rule."""
        self.tallies.violation(self.where, what, np.sum(broken), len(self))

    def proportion(self, what: str, stated: float, so: NDArray[np.bool_]) -> None:
        """Count those of which something is so that is stated as a probability."""
        self.tallies.proportion(self.where, what, stated, np.sum(so), len(self))

    def branches(self, law: Conditional) -> Iterator[tuple[Distribution, Made, NDArray[np.intp]]]:
        """Each branch of their distribution, those that take it, and their rows."""
        named = [(f"{self.where}.rules[{index}].then", then) for index, (_, then) in enumerate(law.rules)]
        choice = law.choice(self.columns, len(self))
        for index, (path, branch) in enumerate([*named, (f"{self.where}.default", law.default)]):
            rows = np.flatnonzero(choice == index)
            columns = {name: self.columns[name][rows] for name in branch.names}
            yield branch, Made(self.tallies, path, self.values[rows], columns, _rows_of(self.within, rows)), rows


@functools.singledispatch
def tally_distribution(law: Distribution, made: Made) -> None:
    """Count values as their distribution asks for it: each of a few values, else where they lie.

    Args:
        law: What is stated.
        made: The values.
    """
    shares = few_values(law)
    if shares is not None:
        tally_shares(made.tallies, made.where, shares, made.values)
    else:
        uniforms = between_values(law, made.values, made.columns, made.within)
        made.tallies.shape(made.where, "values", uniforms, scores_of(law))


@tally_distribution.register
def _each_branch(law: Conditional, made: Made) -> None:
    for branch, taking, _ in made.branches(law):
        tally_distribution(branch, taking)


@tally_distribution.register(Constant)
@tally_distribution.register(Derived)
def _as_stated(law: Distribution, made: Made) -> None:
    stated = law.sample(np.full(len(made), 0.5), made.columns)
    made.violation("the value is as stated", ~_same(made.values, stated))


@tally_distribution.register
def _with_zeros(law: ZeroInflated, made: Made) -> None:
    if not law.names and few_values(law) is None:
        nought, figures = np.zeros(1), numbers(made.values)
        share = float((law.cdf(nought, {}) - law.below(nought, {}))[0])
        known = np.sum(~np.isnan(figures))
        made.tallies.proportion(made.where, "share of 0", share, np.sum(figures == 0), known)
    _any_distribution(law, made)


_any_distribution = tally_distribution.dispatch(Distribution)


def between(below: Floats, upto: Floats, within: Within) -> Floats:
    """Uniforms, if the probabilities of less and of at most each value are true; rows without a value are left out."""
    if below is not upto and not np.array_equal(below, upto, equal_nan=True):
        below = below + (upto - below) * within()
    return below[~np.isnan(below)] if np.isnan(below).any() else below


def between_values(distribution: Distribution, values: Column, columns: Mapping[str, Any], within: Within) -> Floats:
    """Uniforms, if the values are of the distribution."""
    upto = distribution.cdf(values, columns)
    # where a deviation comes out as none, its only value has all
    if distribution.continuous and not (upto >= 1.0).any():
        return between(upto, upto, within)
    return between(distribution.below(values, columns), upto, within)


def few_values(distribution: Distribution) -> dict[Any, float] | None:
    """The probability of each value, where they are few enough to be counted one by one."""
    shares = None if distribution.names else distribution.probabilities()
    return shares if shares is not None and len(shares) <= FEW else None


def tally_shares(tallies: Tallies, where: str, shares: Mapping[Any, float], values: Column) -> None:
    """Count each of a few values, and what is none of them."""
    known = ~is_null(values)
    rows, others = int(known.sum()), known.copy()
    for value, share in shares.items():
        equal = np.asarray(values == value) & known
        others &= ~equal
        what = f"share of {value:g}" if isinstance(value, float) else f"share of {value}"
        tallies.proportion(where, what, min(share, 1.0), np.sum(equal), rows)
    tallies.violation(where, "every value is one of those stated", np.sum(others), rows)


@functools.singledispatch
def tally_ages(law: Distribution, made: Made, possible: PossibleAges | None = None) -> None:
    """Count ages, which are the whole years of what the distribution gives,
    truncated where a parent's age leaves fewer.

    Args:
        law: What is stated.
        made: The ages.
        possible: Of dependents, the ages that the subscriber's leaves them.
    """
    ages, years = made.values, made.values.astype(np.float64)
    below, upto = law.below(years, made.columns), law.below(years + 1, made.columns)
    if possible is not None:
        below, upto = possible.shares(below, upto)
        made.violation("not too old for a child of the subscriber", ages > possible.high)
        made.violation("not too young for a child of the subscriber", ages < possible.low)
    made.violation("every age is one of those stated", upto <= below)
    made.tallies.shape(made.where, "ages", between(below, upto, made.within), scores_of(law))


@tally_ages.register
def _ages_of_each_branch(law: Conditional, made: Made, possible: PossibleAges | None = None) -> None:
    for branch, taking, rows in made.branches(law):
        tally_ages(branch, taking, None if possible is None else possible.taken(rows))


@tally_ages.register(Constant)
@tally_ages.register(Derived)
def _ages_as_stated(law: Distribution, made: Made, possible: PossibleAges | None = None) -> None:
    stated = np.floor(numbers(law.sample(np.full(len(made), 0.5), made.columns)))
    stated = stated if possible is None else np.minimum(stated, possible.high)
    made.violation("the age is as stated", made.values != stated)


@tally_ages.register
def _ages_in_bands(law: AgeBands, made: Made, possible: PossibleAges | None = None) -> None:
    if possible is None and law.monotone:
        for (low, high), weight in zip(law.bands, law.weights, strict=True):
            share, in_band = weight / sum(law.weights), (made.values >= low) & (made.values <= high)
            made.proportion(f"share of {low}-{high}", share, in_band)
    _any_ages(law, made, possible)


_any_ages = tally_ages.dispatch(Distribution)


def scores_of(distribution: Distribution) -> Scores:
    """The distribution's value in the middle of each cell; none where it differs from row to row, or is no number."""
    return () if distribution.names or distribution.kind in ("text", "date") else _scores(distribution)


@functools.lru_cache(maxsize=4_096)
def _scores(distribution: Distribution) -> Scores:
    values = distribution.quantile((np.arange(CELLS) + 0.5) / CELLS)
    return () if values is None or not np.isfinite(values).all() else tuple(values.tolist())


def _rows_of(within: Within, rows: NDArray[np.intp]) -> Within:
    return lambda: within()[rows]


def _same(values: Column, stated: Column) -> NDArray[np.bool_]:
    if isinstance(values, Text) or isinstance(stated, Text):
        return np.asarray(values == stated) | (is_null(values) & is_null(stated))
    figures, stated_figures = numbers(values), numbers(stated)
    return np.isclose(figures, stated_figures, rtol=_SLACK, atol=_SLACK, equal_nan=True)
