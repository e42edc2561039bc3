"""Distributions, compiled: one uniform in, one value out, by inversion.

Truncation is by inversion between the quantiles of the two bounds, never by clamping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from healthsim_core.columns import Column, Text, concat
from healthsim_core.draws import Floats, pick
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.expression_kinds import same_kind
from healthsim_core.generation.expressions import Expression
from healthsim_core.generation.kinds import ANYTHING, BOOLEAN, NUMBER, Kind, text_of, together
from healthsim_core.spec import distribution as written


class Distribution(Protocol):
    """A compiled distribution."""

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """The value at each uniform: float64 array or Text of the same rows."""

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats | None:
        """Probability of at most each value, for continuous distributions; None for others."""


_NONE: frozenset[str] = frozenset()


@attrs.frozen
class Constant:
    """The same value for everybody."""

    value: float | str | bool
    names: frozenset[str] = _NONE

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """See `Distribution`."""
        return Text.constant(self.value, len(unit)) if isinstance(self.value, str) else np.full(len(unit), self.value)

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> None:
        """See `Distribution`."""


@attrs.frozen(eq=False)
class Choice:
    """One of given values, by weight."""

    values: tuple[Any, ...]
    weights: NDArray[np.float64]
    names: frozenset[str] = _NONE

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """See `Distribution`."""
        codes = pick(unit, self.weights)
        if all(isinstance(value, str) for value in self.values):
            return Text(codes, list(self.values))
        return np.array(self.values, np.float64)[codes]

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> None:
        """See `Distribution`."""


@attrs.frozen
class Normal:
    """Normal, or log-normal where `log`; mean and sd may be expressions."""

    mean: float | Expression
    sd: float | Expression
    low: float = -np.inf
    high: float = np.inf
    log: bool = False

    @property
    def names(self) -> frozenset[str]:
        """See `Distribution`."""
        return frozenset().union(*(p.names for p in (self.mean, self.sd) if isinstance(p, Expression)))

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """See `Distribution`."""
        mean, sd = self._parameters(columns, len(unit))
        with np.errstate(over="ignore", invalid="ignore"):
            values = mean + sd * _truncated_quantile(unit, *self._bounds(mean, sd))
        values = np.where(np.isfinite(values), values, mean)  # no deviation to speak of: the mean, or the bound nearest to it
        values = np.exp(values) if self.log else values
        return np.where(np.isnan(values), np.nan, np.clip(values, self.low, self.high))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats | None:
        """See `Distribution`."""
        mean, sd = self._parameters(columns, len(values))
        if (sd == 0).any():
            return None
        points = np.log(np.asarray(values)) if self.log else np.asarray(values)
        return np.clip(_truncated_probability((points - mean) / sd, *self._bounds(mean, sd)), 0, 1)

    def _bounds(self, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
        low, high = self.low, self.high
        if self.log:
            low, high = (np.log(low) if low > 0 else -np.inf), np.log(high)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return (low - mean) / sd, (high - mean) / sd

    def _parameters(self, columns: Mapping[str, Any], rows: int) -> tuple[Floats, Floats]:
        mean, sd = (_number(parameter, columns, rows) for parameter in (self.mean, self.sd))
        if not self.log:
            return mean, sd
        variance = np.log1p((sd / mean) ** 2)
        return np.log(mean) - variance / 2, np.sqrt(variance)


@attrs.frozen
class Uniform:
    """Any value between two bounds alike."""

    low: float
    high: float
    names: frozenset[str] = _NONE

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """See `Distribution`."""
        return self.low + (self.high - self.low) * unit

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats | None:
        """See `Distribution`."""
        if self.high == self.low:
            return None
        return np.clip((np.asarray(values) - self.low) / (self.high - self.low), 0, 1)


@attrs.frozen
class AgeBands:
    """Whole years: a band by weight, every age within it alike; one uniform serves both."""

    bands: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    names: frozenset[str] = _NONE

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """See `Distribution`."""
        ends = np.cumsum(self.weights) / np.sum(self.weights)
        band = np.searchsorted(ends[:-1], unit, side="right")
        starts = np.concatenate([[0.0], ends[:-1]])
        within = (unit - starts[band]) / (ends - starts)[band]
        low, high = np.array(self.bands, np.float64).T
        return np.asarray(np.floor(low[band] + np.minimum(within, 1 - 1e-12) * (high - low + 1)[band]))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> None:
        """See `Distribution`."""


@attrs.frozen
class Conditional:
    """The first rule whose condition holds, else the default."""

    rules: tuple[tuple[Expression, Distribution], ...]
    default: Distribution

    @property
    def names(self) -> frozenset[str]:
        """See `Distribution`."""
        return self.default.names.union(*(condition.names | then.names for condition, then in self.rules))

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """See `Distribution`."""
        choice = self._choice(columns, len(unit))
        branches = [then for _, then in self.rules] + [self.default]
        samples = [branch.sample(unit, columns) for branch in branches]
        rows = np.arange(len(unit))
        return concat(samples)[choice * len(unit) + rows]

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats | None:
        """See `Distribution`."""
        branches = [then for _, then in self.rules] + [self.default]
        tables = [branch.cdf(values, columns) for branch in branches]
        if any(table is None for table in tables):
            return None
        return np.stack(tables)[self._choice(columns, len(values)), np.arange(len(values))]  # type: ignore[arg-type]

    def _choice(self, columns: Mapping[str, Any], rows: int) -> NDArray[np.intp]:
        choice = np.full(rows, len(self.rules))
        for index in reversed(range(len(self.rules))):
            choice[self.rules[index][0].holds(columns, rows)] = index
        return choice


def compile_distribution(spec: Any, where: str) -> Distribution:
    """The compiled form of a written distribution.

    Raises:
        SpecificationError: A conditional has no default, or an expression is not of the language.
    """
    match spec:
        case written.Constant():
            return Constant(spec.value)
        case written.Categorical():
            return Choice(tuple(spec.weights), np.array(list(spec.weights.values())))
        case written.Explicit():
            return Choice(tuple(item.value for item in spec.values), np.array([item.weight for item in spec.values]))
        case written.Uniform():
            return Uniform(spec.min, spec.max)
        case written.AgeBands():
            return AgeBands(tuple(map(written.age_band, spec.bands)), tuple(spec.bands.values()))
        case written.Normal() | written.LogNormal():
            low, high = (-np.inf if spec.min is None else spec.min), (np.inf if spec.max is None else spec.max)
            mean, sd = (_parameter(value, f"{where}.{name}") for name, value in (("mean", spec.mean), ("sd", spec.sd)))
            return Normal(mean, sd, low, high, log=isinstance(spec, written.LogNormal))
        case written.Conditional():
            return _conditional(spec, where)
    raise AssertionError(spec)


_FAR = -37.0  # standard deviations from which the normal's tail is no longer a normal float; it is exponential there


def _truncated_quantile(unit: Floats, low: Floats, high: Floats) -> Floats:
    """The standard normal between two bounds, at each probability: in the lower half, where small tails are exact."""
    upper = low > 0
    if upper.any():
        unit, low, high = np.where(upper, 1 - unit, unit), np.where(upper, -high, low), np.where(upper, -low, high)
    below, above = ndtr(low), ndtr(high)
    values = ndtri(below + (above - below) * unit)
    far = high < _FAR
    if far.any():
        share = _tail_share(low[far], high[far])
        values[far] = high[far] - np.log(share + unit[far] * (1 - share)) / high[far]
    return np.asarray(np.where(upper, -values, values))


def _truncated_probability(points: Floats, low: Floats, high: Floats) -> Floats:
    upper = low > 0
    points, low, high = np.where(upper, -points, points), np.where(upper, -high, low), np.where(upper, -low, high)
    below, above = ndtr(low), ndtr(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (ndtr(points) - below) / (above - below)
    far = high < _FAR
    if far.any():
        share = _tail_share(low[far], high[far])
        found[far] = (np.exp(-high[far] * (points[far] - high[far])) - share) / (1 - share)
    return np.asarray(np.where(upper, 1 - found, found))


def _tail_share(low: Floats, high: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(-high * (low - high)))  # of the exponential tail below `high`, what lies below `low`


def condition(written_condition: str | written.Compared, where: str) -> Expression:
    """The expression of a condition in either form."""
    if isinstance(written_condition, written.Compared):
        return Expression.parse(written_condition.expression(), where, "boolean")
    return Expression.parse(written_condition, where, "boolean")


def _conditional(spec: written.Conditional, where: str) -> Conditional:
    rules = tuple(
        (condition(rule.when, f"{where}.rules[{index}].if"), compile_distribution(rule.then, f"{where}.rules[{index}].then"))
        for index, rule in enumerate(spec.rules)
    )
    if spec.default is None:
        raise SpecificationError("no rule may match, and there is no default.", where, 'Add a "default".')
    default = compile_distribution(spec.default, f"{where}.default")
    kinds = {f"rules[{index}]": kind_of(then, {}) for index, (_, then) in enumerate(rules)} | {"default": kind_of(default, {})}
    same_kind(kinds, where, "some of its values are text and others numbers")
    return Conditional(rules, default)


def kind_of(distribution: Distribution, known: Mapping[str, Kind]) -> Kind:
    """What a distribution's values are, where the columns that it reads are of these kinds."""
    match distribution:
        case Constant(value=bool()):
            return BOOLEAN
        case Constant(value=str(value)):
            return text_of([value])
        case Choice(values=values) if isinstance(values[0], str):
            return text_of(values)
        case Conditional(rules=rules, default=default):
            return together([kind_of(then, known) for _, then in rules] + [kind_of(default, known)]) or ANYTHING
    return NUMBER


def _parameter(value: float | str, where: str) -> float | Expression:
    return Expression.parse(value, where, "number") if isinstance(value, str) else float(value)


def _number(parameter: float | Expression, columns: Mapping[str, Any], rows: int) -> Floats:
    if isinstance(parameter, Expression):
        return np.asarray(parameter.values(columns, rows), np.float64)
    return np.full(rows, parameter)
