"""Distributions of measured values, truncated by inversion on the side of the tail in which they lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from healthsim_core.columns import Column
from healthsim_core.distributions.base import Distribution, Parameter, moments, names_of, numbers, value_of
from healthsim_core.distributions.families import Family
from healthsim_core.draws import Floats


@attrs.frozen(eq=False)
class Continuous(Distribution):
    """A law between two bounds.

    Attributes:
        family: The law.
        parameters: Its parameters as written.
        low: The least value.
        high: The greatest value.
    """

    family: Family
    parameters: tuple[Parameter, ...]
    low: float = -np.inf
    high: float = np.inf

    @property
    def names(self) -> frozenset[str]:
        return names_of(self.parameters)

    @property
    def continuous(self) -> bool:
        return True

    @property
    def mean(self) -> float | None:
        return float(self.family.moments(*self._standard({}, 1))[0]) if self._is_whole() else moments(self)[0]

    @property
    def variance(self) -> float | None:
        return float(self.family.moments(*self._standard({}, 1))[1]) if self._is_whole() else moments(self)[1]

    def mass(self) -> float:
        """P(low <= X <= high) before truncation, where no parameter is an expression."""
        return float(np.max(self._tails(*self._standard({}, 1))[2:]))

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        law, parameters = self.family, self._standard(columns, len(unit))
        with np.errstate(all="ignore"):  # a parameter out of its range gives null
            if not self._is_bounded():
                return np.asarray(law.ppf(unit, *parameters))
            under, over, below_width, above_width = self._tails(*parameters)
            in_upper = np.asarray(under > 0.5)
            if not in_upper.any():
                values = law.ppf(under + below_width * unit, *parameters)
            elif in_upper.all():
                values = law.isf(over + above_width * (1 - unit), *parameters)
            else:
                upper = law.isf(over + above_width * (1 - unit), *parameters)
                values = np.where(in_upper, upper, law.ppf(under + below_width * unit, *parameters))
            return np.asarray(np.clip(values, self.low, self.high))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        law, x = self.family, numbers(values)
        parameters = self._standard(columns, len(x))
        with np.errstate(all="ignore"):
            if not self._is_bounded():
                return np.asarray(law.cdf(x, *parameters))
            under, over, below_width, above_width = self._tails(*parameters)
            from_above = 1 - (law.sf(x, *parameters) - over) / above_width
            from_below = (law.cdf(x, *parameters) - under) / below_width
            return np.asarray(np.clip(np.where(under > 0.5, from_above, from_below), 0, 1))

    def _tails(self, *parameters: Any) -> tuple[Any, Any, Any, Any]:
        """P(X < low), P(X > high), and P(low <= X <= high) as found from below and from above."""
        law = self.family
        under, over = law.cdf(self.low, *parameters), law.sf(self.high, *parameters)
        return under, over, law.cdf(self.high, *parameters) - under, law.sf(self.low, *parameters) - over

    def _standard(self, columns: Mapping[str, Any], rows: int) -> tuple[Any, ...]:
        with np.errstate(all="ignore"):
            given = (value_of(parameter, columns, rows) for parameter in self.parameters)
            return tuple(self.family.standard(*given))

    def _is_bounded(self) -> bool:
        return bool(np.isfinite(self.low) or np.isfinite(self.high))

    def _is_whole(self) -> bool:
        return not self.names and not self._is_bounded()


@attrs.frozen
class Uniform(Distribution):
    """Any value between two bounds alike."""

    low: float
    high: float

    @property
    def continuous(self) -> bool:
        return self.low < self.high

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def variance(self) -> float:
        return (self.high - self.low) ** 2 / 12

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        return self.low + (self.high - self.low) * unit

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        if self.high == self.low:
            return np.where(np.isnan(numbers(values)), np.nan, numbers(values) >= self.low)
        return np.clip((numbers(values) - self.low) / (self.high - self.low), 0, 1)

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        if self.high == self.low:
            return np.where(np.isnan(numbers(values)), np.nan, numbers(values) > self.low)
        return self.cdf(values, columns)


@attrs.frozen(eq=False)
class Empirical(Distribution):
    """Quantiles joined by lines.

    Attributes:
        shares: Array (points,) of probabilities that rise from 0 to 1; equal ones skip the values between.
        values: Array (points,) of the values there, rising; equal ones are values with a probability of their own.
        low: The least value.
        high: The greatest value.
    """

    shares: Floats
    values: Floats
    low: float = -np.inf
    high: float = np.inf

    @property
    def continuous(self) -> bool:
        atoms = self.values[1:][(np.diff(self.values) == 0) & (np.diff(self.shares) > 0)]
        return not ((self.low <= atoms) & (atoms <= self.high)).any()

    def mass(self) -> float:
        """P(low <= X <= high) before truncation."""
        under, upto = self._range()
        return upto - under

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        under, upto = self._range()
        share = under + (upto - under) * unit
        right = np.clip(np.searchsorted(self.shares, share, side="right"), 1, len(self.shares) - 1)
        return np.clip(self._between(self.shares, self.values, share, right), self.low, self.high)

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        under, upto = self._range()
        return np.clip((self._up_to(numbers(values), "right") - under) / (upto - under), 0, 1)

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        under, upto = self._range()
        return np.clip((self._up_to(numbers(values), "left") - under) / (upto - under), 0, 1)

    @property
    def mean(self) -> float:
        return self._moment(lambda a, b: (a + b) / 2)

    @property
    def variance(self) -> float:
        mean = self.mean
        return self._moment(lambda a, b: ((a - mean) ** 2 + (a - mean) * (b - mean) + (b - mean) ** 2) / 3)

    def _moment(self, of_line: Any) -> float:
        under, upto = self._range()
        inner = (self.shares > under) & (self.shares < upto)
        shares = np.concatenate([[under], self.shares[inner], [upto]])
        middles = (shares[1:] + shares[:-1]) / 2  # of each line, to know which it is
        right = np.clip(np.searchsorted(self.shares, middles, side="right"), 1, len(self.shares) - 1)
        first, last = (self._between(self.shares, self.values, at, right) for at in (shares[:-1], shares[1:]))
        return float(np.sum(np.diff(shares) * of_line(first, last)) / (upto - under))

    def _range(self) -> tuple[float, float]:
        return float(self._up_to(np.array([self.low]), "left")[0]), float(
            self._up_to(np.array([self.high]), "right")[0]
        )

    def _up_to(self, x: Floats, side: Any) -> Floats:
        right = np.searchsorted(self.values, x, side=side)
        inside = self._between(self.values, self.shares, x, np.clip(right, 1, len(self.values) - 1))
        shares = np.where(right == 0, 0.0, np.where(right == len(self.values), 1.0, inside))
        return np.where(np.isnan(x), np.nan, shares)

    @staticmethod
    def _between(at: Floats, to: Floats, x: Floats, right: Any) -> Floats:
        left = right - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            part = (x - at[left]) / (at[right] - at[left])
            shares = to[left] + np.clip(part, 0, 1) * (to[right] - to[left])
        return np.asarray(np.where(np.isfinite(part), shares, to[left]))
