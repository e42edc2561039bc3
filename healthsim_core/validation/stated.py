"""Values against the distribution that is stated for them, whatever its kind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
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


def tally_distribution(
    tallies: Tallies, where: str, distribution: Distribution, values: Column, columns: Mapping[str, Any], within: Within
) -> None:
    """Count values as their distribution asks for it.

    Args:
        tallies: Where to count.
        where: Path of the distribution.
        distribution: What is stated.
        values: Column (rows,) of what was made.
        columns: The columns that the distribution reads, of the same rows.
        within: Gives uniforms (rows,), addressed and otherwise unused.
    """
    match distribution:
        case Conditional():
            _each_branch(tallies, where, distribution, values, columns, within)
        case Derived() | Constant():
            own = distribution.sample(np.full(len(values), 0.5), columns)
            tallies.violation(where, "the value is as stated", np.sum(~_same(values, own)), len(values))
        case _ if (shares := few_values(distribution)) is not None:
            tally_shares(tallies, where, shares, values)
        case _:
            if isinstance(distribution, ZeroInflated) and not distribution.names:
                nought = np.zeros(1)
                share = float((distribution.cdf(nought, {}) - distribution.below(nought, {}))[0])
                tallies.proportion(
                    where, "share of 0", share, np.sum(numbers(values) == 0), np.sum(~np.isnan(numbers(values)))
                )
            tallies.shape(
                where, "values", between_values(distribution, values, columns, within), scores_of(distribution)
            )


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
        there = np.asarray(values == value) & known
        others &= ~there
        what = f"share of {value:g}" if isinstance(value, float) else f"share of {value}"
        tallies.proportion(where, what, min(share, 1.0), np.sum(there), rows)
    tallies.violation(where, "every value is one of those stated", np.sum(others), rows)


def tally_ages(
    tallies: Tallies,
    where: str,
    distribution: Distribution,
    ages: NDArray[np.int64],
    columns: Mapping[str, Any],
    within: Within,
    possible: PossibleAges | None = None,
) -> None:
    """Count ages, which are the whole years of what the distribution gives,
    truncated where a parent's age leaves fewer."""
    if isinstance(distribution, Conditional):
        choice = distribution.choice(columns, len(ages))
        for index, (path, branch) in enumerate(_branches(where, distribution)):
            rows = np.flatnonzero(choice == index)
            inner = {name: columns[name][rows] for name in branch.names}
            left = None if possible is None else possible.taken(rows)
            tally_ages(tallies, path, branch, ages[rows], inner, _rows_of(within, rows), left)
        return
    if isinstance(distribution, Constant | Derived):
        stated = np.floor(numbers(distribution.sample(np.full(len(ages), 0.5), columns)))
        stated = stated if possible is None else np.minimum(stated, possible.high)
        tallies.violation(where, "the age is as stated", np.sum(ages != stated), len(ages))
        return
    years = ages.astype(np.float64)
    below, upto = distribution.below(years, columns), distribution.below(years + 1, columns)
    if possible is not None:
        below, upto = possible.shares(below, upto)
        tallies.violation(where, "not too old for a child of the subscriber", np.sum(ages > possible.high), len(ages))
        tallies.violation(where, "not too young for a child of the subscriber", np.sum(ages < possible.low), len(ages))
    elif isinstance(distribution, AgeBands) and distribution.monotone:
        for (low, high), weight in zip(distribution.bands, distribution.weights, strict=True):
            there = (ages >= low) & (ages <= high)
            tallies.proportion(
                where, f"share of {low}-{high}", weight / sum(distribution.weights), np.sum(there), len(ages)
            )
    tallies.violation(where, "every age is one of those stated", np.sum(upto <= below), len(ages))
    tallies.shape(where, "ages", between(below, upto, within), scores_of(distribution))


def scores_of(distribution: Distribution) -> Scores:
    """The distribution's value in the middle of each cell; none where it differs from row to row, or is no number."""
    return () if distribution.names or distribution.kind in ("text", "date") else _scores(distribution)


@functools.lru_cache(maxsize=4_096)
def _scores(distribution: Distribution) -> Scores:
    values = distribution.quantile((np.arange(CELLS) + 0.5) / CELLS)
    return () if values is None or not np.isfinite(values).all() else tuple(values.tolist())


def _each_branch(
    tallies: Tallies, where: str, distribution: Conditional, values: Column, columns: Mapping[str, Any], within: Within
) -> None:
    choice = distribution.choice(columns, len(values))
    for index, (path, branch) in enumerate(_branches(where, distribution)):
        rows = np.flatnonzero(choice == index)
        inner = {name: columns[name][rows] for name in branch.names}
        tally_distribution(tallies, path, branch, values[rows], inner, _rows_of(within, rows))


def _branches(where: str, distribution: Conditional) -> list[tuple[str, Distribution]]:
    named = [(f"{where}.rules[{index}].then", then) for index, (_, then) in enumerate(distribution.rules)]
    return [*named, (f"{where}.default", distribution.default)]


def _rows_of(within: Within, rows: NDArray[np.intp]) -> Within:
    return lambda: within()[rows]


def _same(values: Column, own: Column) -> NDArray[np.bool_]:
    if isinstance(values, Text) or isinstance(own, Text):
        return np.asarray(values == own) | (is_null(values) & is_null(own))
    found, said = numbers(values), numbers(own)
    return np.isclose(found, said, rtol=_SLACK, atol=_SLACK, equal_nan=True)
