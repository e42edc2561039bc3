"""The normal and the log-normal distribution.

Truncation is by inversion between the quantiles of the two bounds, never by clamping, and exact far into the tails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs
import numpy as np

from healthsim_core import portable
from healthsim_core.columns import Column
from healthsim_core.distributions.base import Distribution, Parameter, kind_of, moments, names_of, numbers, value_of
from healthsim_core.draws import Floats
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import NUMBER, Kind, always
from healthsim_core.portable import ndtr, ndtri


@attrs.frozen
class Normal(Distribution):
    """Normal, or log-normal where `log`: by mean and sd of the values, or of their logarithms ("mu")."""

    mean_before: Parameter
    sd_before: Parameter
    low: float = -np.inf
    high: float = np.inf
    log: Literal["no", "mean", "mu"] = "no"

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        if (
            isinstance(self.mean_before, Expression)
            and not isinstance(self.sd_before, Expression)
            and self.log != "mean"
        ):
            return always(NUMBER, kind_of(self.mean_before, known).always)
        return always(NUMBER, not self.names)

    @property
    def names(self) -> frozenset[str]:
        return names_of((self.mean_before, self.sd_before))

    @property
    def continuous(self) -> bool:
        return self.sd_before != 0

    @property
    def mean(self) -> float | None:
        return self._closed()[0] if self._is_whole() else moments(self)[0]

    @property
    def variance(self) -> float | None:
        return self._closed()[1] if self._is_whole() else moments(self)[1]

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        mean, sd = self._parameters(columns, len(unit))
        mean, sd = (mean, sd) if self.names else (mean[:1], sd[:1])  # the same for everybody: bounds are found once
        with np.errstate(over="ignore", invalid="ignore"):
            values = mean + sd * _truncated_quantile(unit, *self._bounds(mean, sd))
        # no deviation to speak of: the mean, or the bound nearest to it
        values = np.where(np.isfinite(values), values, mean)
        values = portable.exp(values) if self._of_logarithms else values
        return np.where(np.isnan(values), np.nan, np.clip(values, self.low, self.high))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._up_to(values, columns, np.greater_equal)

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._up_to(values, columns, np.greater)

    @property
    def _of_logarithms(self) -> bool:
        return self.log != "no"

    def _up_to(self, values: Column, columns: Mapping[str, Any], at: np.ufunc) -> Floats:
        given = numbers(values)
        mean, sd = self._parameters(columns, len(given))
        with np.errstate(divide="ignore", invalid="ignore"):
            points = portable.log(np.maximum(given, 0)) if self._of_logarithms else given
            shares = np.clip(_truncated_probability((points - mean) / sd, *self._bounds(mean, sd)), 0, 1)
        exact = sd == 0
        if exact.any():
            only = np.clip(portable.exp(mean) if self._of_logarithms else mean, self.low, self.high)
            shares = np.where(exact & ~np.isnan(given), at(given, only), shares)
        return shares

    def _bounds(self, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
        low, high = self.low, self.high
        if self._of_logarithms:
            low, high = (portable.log(low) if low > 0 else -np.inf), portable.log(high)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return (low - mean) / sd, (high - mean) / sd

    def _parameters(self, columns: Mapping[str, Any], rows: int) -> tuple[Floats, Floats]:
        mean, sd = (
            np.broadcast_to(np.asarray(value_of(p, columns, rows), np.float64), (rows,))
            for p in (self.mean_before, self.sd_before)
        )
        if self.log != "mean":
            return mean, sd
        variance = portable.log1p((sd / mean) ** 2)
        return portable.log(mean) - variance / 2, np.sqrt(variance)

    def _is_whole(self) -> bool:
        low = 0.0 if self._of_logarithms else -np.inf
        return not self.names and self.low <= low and self.high == np.inf

    def _closed(self) -> tuple[float, float]:
        mean, sd = (float(np.asarray(p)) for p in (self.mean_before, self.sd_before))
        if self.log != "mu":
            return mean, sd**2
        return float(portable.exp(mean + sd**2 / 2)), float(portable.expm1(sd**2) * portable.exp(2 * mean + sd**2))


_FAR = -37.0  # standard deviations from which the normal's tail is no longer a normal float; it is exponential there


def _truncated_quantile(unit: Floats, low: Floats, high: Floats) -> Floats:
    """The standard normal between two bounds, at each probability: in the lower half, where small tails are exact."""
    upper = low > 0
    flipped = bool(upper.any())
    if flipped:
        unit, low, high = np.where(upper, 1 - unit, unit), np.where(upper, -high, low), np.where(upper, -low, high)
    below, above = ndtr(low), ndtr(high)
    values = ndtri(below + (above - below) * unit)
    if (high < _FAR).any():
        low, high = np.broadcast_to(low, unit.shape), np.broadcast_to(high, unit.shape)
        far = high < _FAR
        share = _tail_share(low[far], high[far])
        values[far] = high[far] - portable.log(share + unit[far] * (1 - share)) / high[far]
    return np.asarray(np.where(upper, -values, values) if flipped else values)


def _truncated_probability(points: Floats, low: Floats, high: Floats) -> Floats:
    upper = low > 0
    points, low, high = np.where(upper, -points, points), np.where(upper, -high, low), np.where(upper, -low, high)
    below, above = ndtr(low), ndtr(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (ndtr(points) - below) / (above - below)
    far = high < _FAR
    if far.any():
        share = _tail_share(low[far], high[far])
        shares[far] = (portable.exp(-high[far] * (points[far] - high[far])) - share) / (1 - share)
    return np.asarray(np.where(upper, 1 - shares, shares))


def _tail_share(low: Floats, high: Floats) -> Floats:
    with np.errstate(over="ignore"):
        # of the exponential tail below `high`, what lies below `low`
        return np.asarray(portable.exp(-high * (low - high)))
