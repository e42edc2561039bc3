"""Distributions of counts: Poisson and negative binomial, truncated where bounds are given, both bounds included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
from scipy.special import betainc, betaincc, gammainc, gammaincc, gammaln, nbdtrik, pdtrik, xlog1py, xlogy

from healthsim_core import portable
from healthsim_core.columns import Column
from healthsim_core.distributions.base import Distribution, Parameter, names_of, numbers, value_of
from healthsim_core.distributions.finite import no_value
from healthsim_core.draws import Floats
from healthsim_core.errors import SpecificationError

LONGEST_TABLE = 1_000_000
_ENDLESS = 2.0**40
_NEVER = 1e-18  # what a table of counts leaves out of each tail
Law = Callable[..., Any]


@attrs.frozen(eq=False)
class CountFamily:
    """A law of counts. Every function takes the values first and then the law's parameters, scalars or arrays.

    Attributes:
        cdf: P(X <= k) for whole k.
        sf: P(X > k) for whole k, exact where it is small.
        log_mass: log P(X = k).
        about: A first guess at the count whose `cdf` is p.
        standard: The law's parameters, of those that are written.
    """

    cdf: Law
    sf: Law
    log_mass: Law
    about: Law
    standard: Law = lambda *parameters: parameters


POISSON = CountFamily(
    cdf=lambda k, mean: np.where(k < 0, 0.0, gammaincc(np.maximum(k, 0) + 1, mean)),
    sf=lambda k, mean: np.where(k < 0, 1.0, gammainc(np.maximum(k, 0) + 1, mean)),
    log_mass=lambda k, mean: xlogy(k, mean) - mean - gammaln(k + 1),
    about=lambda p, mean: np.where(mean == 0, 0.0, pdtrik(p, mean)),
)
NEGATIVE_BINOMIAL = CountFamily(
    cdf=lambda k, n, p: np.where(k < 0, 0.0, betainc(n, np.maximum(k, 0) + 1, p)),
    sf=lambda k, n, p: np.where(k < 0, 1.0, betaincc(n, np.maximum(k, 0) + 1, p)),
    log_mass=lambda k, n, p: gammaln(k + n) - gammaln(n) - gammaln(k + 1) + xlogy(n, p) + xlog1py(k, -p),
    about=lambda q, n, p: np.where(p == 1, 0.0, nbdtrik(q, n, p)),
)
NEGATIVE_BINOMIAL_BY_MEAN = attrs.evolve(
    NEGATIVE_BINOMIAL, standard=lambda mean, dispersion: (1 / dispersion, 1 / (1 + mean * dispersion))
)


@attrs.frozen(eq=False)
class CountTable(Distribution):
    """Counts from `first` on, by their cumulative probabilities: array (counts,) that ends with 1."""

    first: int
    upto: Floats

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        return self.first + np.searchsorted(self.upto[:-1], unit, side="left").astype(np.float64)

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._at(np.floor(numbers(values)))

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._at(np.ceil(numbers(values)) - 1)

    @property
    def mean(self) -> float:
        return portable.dot(self._masses, self._counts)

    @property
    def variance(self) -> float:
        return portable.dot(self._masses, (self._counts - self.mean) ** 2)

    @property
    def _counts(self) -> Floats:
        return self.first + np.arange(len(self.upto), dtype=np.float64)

    @property
    def _masses(self) -> Floats:
        return np.diff(self.upto, prepend=0.0)

    def _at(self, whole: Floats) -> Floats:
        index = np.clip(np.nan_to_num(whole - self.first, nan=0.0), -1, len(self.upto) - 1).astype(np.intp)
        return np.where(np.isnan(whole), np.nan, np.append(self.upto, 0.0)[index])


@attrs.frozen(eq=False)
class Counts(Distribution):
    """A law of counts whose parameters differ from person to person."""

    family: CountFamily
    parameters: tuple[Parameter, ...]
    low: float = 0.0
    high: float = np.inf

    @property
    def names(self) -> frozenset[str]:
        return names_of(self.parameters)

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        parameters = self._standard(columns, len(unit))
        with np.errstate(all="ignore"):
            under, upto = self._range(parameters)
            share = np.clip(under + (upto - under) * unit, 1e-300, 1 - 2.0**-53)
            counts = np.clip(np.ceil(self.family.about(share, *parameters)), self.low, self.high)
            return self._corrected(counts, share, parameters)

    def _corrected(self, counts: Floats, share: Floats, parameters: tuple[Floats, ...]) -> Floats:
        """The least count whose cumulative probability reaches the share, from a guess that is near."""
        law = self.family
        for step in (1.0, -1.0):
            rows = np.flatnonzero(np.isfinite(counts))
            while len(rows):
                here = tuple(parameter[rows] for parameter in parameters)
                short = law.cdf(counts[rows] - (step < 0), *here) < share[rows]
                inside = counts[rows] < self.high if step > 0 else counts[rows] > self.low
                rows = rows[(short if step > 0 else ~short) & inside]
                counts[rows] += step
        return counts

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._at(np.floor(numbers(values)), columns)

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._at(np.ceil(numbers(values)) - 1, columns)

    def _at(self, whole: Floats, columns: Mapping[str, Any]) -> Floats:
        parameters = self._standard(columns, len(whole))
        with np.errstate(all="ignore"):
            under, upto = self._range(parameters)
            shares = (self.family.cdf(np.minimum(whole, self.high), *parameters) - under) / (upto - under)
        return np.where(np.isnan(whole), np.nan, np.clip(shares, 0, 1))

    def _range(self, parameters: tuple[Floats, ...]) -> tuple[Any, Any]:
        upto = 1.0 if np.isinf(self.high) else self.family.cdf(self.high, *parameters)
        return self.family.cdf(self.low - 1, *parameters), upto

    def _standard(self, columns: Mapping[str, Any], rows: int) -> tuple[Floats, ...]:
        with np.errstate(all="ignore"):
            given = (value_of(parameter, columns, rows) for parameter in self.parameters)
            return tuple(
                np.broadcast_to(np.asarray(value, np.float64), (rows,)) for value in self.family.standard(*given)
            )


def counts(
    family: CountFamily, parameters: tuple[Parameter, ...], low: int | None, high: int | None, where: str
) -> Distribution:
    """A law of counts between two bounds: a table where its parameters are numbers.

    Raises:
        SpecificationError: The bounds leave no count, or the counts are too many for a table.
    """
    least, most = float(low or 0), np.inf if high is None else float(high)
    if names_of(parameters):
        return Counts(family, parameters, least, most)
    standard = family.standard(*parameters)
    first, last = _ends(family, standard, least, most, where)
    mass = np.exp(family.log_mass(np.arange(first, last + 1, dtype=np.float64), *standard))
    if not mass.sum() > 0:
        raise no_value(where, least if low is not None else -np.inf, most)
    upto = np.cumsum(mass) / mass.sum()
    upto[-1] = 1.0
    return CountTable(int(first), upto)


def _ends(family: CountFamily, standard: tuple[Any, ...], least: float, most: float, where: str) -> tuple[float, float]:
    """First and last count of the table: what is within the bounds and not beyond what ever occurs."""
    beyond, before = (
        _NEVER * family.sf(least - 1, *standard),
        _NEVER * (family.cdf(most, *standard) if np.isfinite(most) else 1.0),
    )
    last = _first_where(lambda count: family.sf(count, *standard) <= beyond, least, most)
    first = _first_where(lambda count: family.cdf(count, *standard) > before, least, last)
    if last - first >= LONGEST_TABLE or last - least >= _ENDLESS:
        remedy = f'Give "min" and "max" less than {LONGEST_TABLE:,} apart, or use gamma.'
        raise SpecificationError(f"its counts spread over more than {LONGEST_TABLE:,} values.", where, remedy)
    return first, last


def _first_where(holds: Callable[[float], Any], low: float, high: float) -> float:
    """The least count from low to high for which something holds that holds for all greater ones; high if for none."""
    if holds(low):
        return low
    step = 1.0
    while low + step < high and step < _ENDLESS and not holds(low + step):
        step *= 2
    high = min(low + step, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
