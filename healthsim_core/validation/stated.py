"""Values against the distribution that is stated for them, whatever its kind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

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


@functools.singledispatch
def tally_distribution(
    distribution: Distribution, tallies: Tallies, where: str, values: Column, columns: Mapping[str, Any], within: Within
) -> None:
    """Count values as their distribution asks for it: each of a few values, else where they lie.

    Args:
        distribution: What is stated.
        tallies: Where to count.
        where: Path of the distribution.
        values: Column (rows,) of what was made.
        columns: The columns that the distribution reads, of the same rows.
        within: Gives uniforms (rows,), addressed and otherwise unused.
    """
    shares = few_values(distribution)
    if shares is not None:
        tally_shares(tallies, where, shares, values)
    else:
        uniforms = between_values(distribution, values, columns, within)
        tallies.shape(where, "values", uniforms, scores_of(distribution))


@tally_distribution.register
def _each_branch(
    distribution: Conditional, tallies: Tallies, where: str, values: Column, columns: Mapping[str, Any], within: Within
) -> None:
    for path, branch, rows in _branches(where, distribution, columns, len(values)):
        inner = {name: columns[name][rows] for name in branch.names}
        tally_distribution(branch, tallies, path, values[rows], inner, _rows_of(within, rows))


@tally_distribution.register(Constant)
@tally_distribution.register(Derived)
def _as_stated(
    distribution: Distribution, tallies: Tallies, where: str, values: Column, columns: Mapping[str, Any], within: Within
) -> None:
    stated = distribution.sample(np.full(len(values), 0.5), columns)
    tallies.violation(where, "the value is as stated", np.sum(~_same(values, stated)), len(values))


@tally_distribution.register
def _with_zeros(
    distribution: ZeroInflated, tallies: Tallies, where: str, values: Column, columns: Mapping[str, Any], within: Within
) -> None:
    if not distribution.names and few_values(distribution) is None:
        nought, figures = np.zeros(1), numbers(values)
        share = float((distribution.cdf(nought, {}) - distribution.below(nought, {}))[0])
        tallies.proportion(where, "share of 0", share, np.sum(figures == 0), np.sum(~np.isnan(figures)))
    _any_distribution(distribution, tallies, where, values, columns, within)


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
def tally_ages(
    distribution: Distribution,
    tallies: Tallies,
    where: str,
    ages: NDArray[np.int64],
    columns: Mapping[str, Any],
    within: Within,
    possible: PossibleAges | None = None,
) -> None:
    """Count ages, which are the whole years of what the distribution gives,
    truncated where a parent's age leaves fewer.

    Args:
        distribution: What is stated.
        tallies: Where to count.
        where: Path of the distribution.
        ages: Int array (rows,).
        columns: The columns that the distribution reads, of the same rows.
        within: Gives uniforms (rows,), addressed and otherwise unused.
        possible: Of dependents, the ages that the subscriber's leaves them.
    """
    years = ages.astype(np.float64)
    below, upto = distribution.below(years, columns), distribution.below(years + 1, columns)
    if possible is not None:
        below, upto = possible.shares(below, upto)
        tallies.violation(where, "not too old for a child of the subscriber", np.sum(ages > possible.high), len(ages))
        tallies.violation(where, "not too young for a child of the subscriber", np.sum(ages < possible.low), len(ages))
    tallies.violation(where, "every age is one of those stated", np.sum(upto <= below), len(ages))
    tallies.shape(where, "ages", between(below, upto, within), scores_of(distribution))


@tally_ages.register
def _ages_of_each_branch(
    distribution: Conditional,
    tallies: Tallies,
    where: str,
    ages: NDArray[np.int64],
    columns: Mapping[str, Any],
    within: Within,
    possible: PossibleAges | None = None,
) -> None:
    for path, branch, rows in _branches(where, distribution, columns, len(ages)):
        inner = {name: columns[name][rows] for name in branch.names}
        left = None if possible is None else possible.taken(rows)
        tally_ages(branch, tallies, path, ages[rows], inner, _rows_of(within, rows), left)


@tally_ages.register(Constant)
@tally_ages.register(Derived)
def _ages_as_stated(
    distribution: Distribution,
    tallies: Tallies,
    where: str,
    ages: NDArray[np.int64],
    columns: Mapping[str, Any],
    within: Within,
    possible: PossibleAges | None = None,
) -> None:
    stated = np.floor(numbers(distribution.sample(np.full(len(ages), 0.5), columns)))
    stated = stated if possible is None else np.minimum(stated, possible.high)
    tallies.violation(where, "the age is as stated", np.sum(ages != stated), len(ages))


@tally_ages.register
def _ages_in_bands(
    distribution: AgeBands,
    tallies: Tallies,
    where: str,
    ages: NDArray[np.int64],
    columns: Mapping[str, Any],
    within: Within,
    possible: PossibleAges | None = None,
) -> None:
    if possible is None and distribution.monotone:
        for (low, high), weight in zip(distribution.bands, distribution.weights, strict=True):
            in_band, share = (ages >= low) & (ages <= high), weight / sum(distribution.weights)
            tallies.proportion(where, f"share of {low}-{high}", share, np.sum(in_band), len(ages))
    _any_ages(distribution, tallies, where, ages, columns, within, possible)


_any_ages = tally_ages.dispatch(Distribution)


def scores_of(distribution: Distribution) -> Scores:
    """The distribution's value in the middle of each cell; none where it differs from row to row, or is no number."""
    return () if distribution.names or distribution.kind in ("text", "date") else _scores(distribution)


@functools.lru_cache(maxsize=4_096)
def _scores(distribution: Distribution) -> Scores:
    values = distribution.quantile((np.arange(CELLS) + 0.5) / CELLS)
    return () if values is None or not np.isfinite(values).all() else tuple(values.tolist())


def _branches(
    where: str, distribution: Conditional, columns: Mapping[str, Any], rows: int
) -> Iterator[tuple[str, Distribution, NDArray[np.intp]]]:
    """Each branch, with its path and the rows that take it."""
    named = [(f"{where}.rules[{index}].then", then) for index, (_, then) in enumerate(distribution.rules)]
    choice = distribution.choice(columns, rows)
    for index, (path, branch) in enumerate([*named, (f"{where}.default", distribution.default)]):
        yield path, branch, np.flatnonzero(choice == index)


def _rows_of(within: Within, rows: NDArray[np.intp]) -> Within:
    return lambda: within()[rows]


def _same(values: Column, stated: Column) -> NDArray[np.bool_]:
    if isinstance(values, Text) or isinstance(stated, Text):
        return np.asarray(values == stated) | (is_null(values) & is_null(stated))
    figures, stated_figures = numbers(values), numbers(stated)
    return np.isclose(figures, stated_figures, rtol=_SLACK, atol=_SLACK, equal_nan=True)
