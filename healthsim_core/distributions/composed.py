"""Distributions made of others: by rule, by chance, around a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import portable
from healthsim_core.columns import Column
from healthsim_core.distributions.base import (
    LEAST,
    MOST,
    Distribution,
    Parameter,
    drawn_in_parts,
    names_of,
    numbers,
    value_of,
)
from healthsim_core.distributions.finite import Constant
from healthsim_core.draws import Floats, pick
from healthsim_core.expressions.certainty import certain_where, certain_where_not, made_certain
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import ANYTHING, DATE, Kind, always, together

_FARTHEST = 3_000_000  # days from a date: eight thousand years, well within what a date can be
_FEW_DAYS = 1_000_000


@attrs.frozen
class Conditional(Distribution):
    """The first rule whose condition holds, else the default."""

    rules: tuple[tuple[Expression, Distribution], ...]
    default: Distribution

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        kinds, rest = list[Kind](), known
        for condition, then in self.rules:
            kinds.append(then.gives(made_certain(rest, certain_where([condition], rest))))
            rest = made_certain(rest, certain_where_not(condition, rest))
        return together([*kinds, self.default.gives(rest)]) or ANYTHING

    @property
    def names(self) -> frozenset[str]:
        return self.default.names.union(*(condition.names | then.names for condition, then in self.rules))

    @property
    def continuous(self) -> bool:
        return all(branch.continuous for branch in self.branches)

    @property
    def monotone(self) -> bool:
        return all(branch.monotone for branch in self.branches)

    @property
    def branches(self) -> tuple[Distribution, ...]:
        """What each rule gives, and last the default."""
        return (*(then for _, then in self.rules), self.default)

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        return drawn_in_parts(self.branches, self.choice(columns, len(unit)), unit, columns)

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        tables = np.stack([branch.cdf(values, columns) for branch in self.branches])
        return np.asarray(tables[self.choice(columns, len(values)), np.arange(len(values))])

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        tables = np.stack([branch.below(values, columns) for branch in self.branches])
        return np.asarray(tables[self.choice(columns, len(values)), np.arange(len(values))])

    def choice(self, columns: Mapping[str, Any], rows: int) -> NDArray[np.intp]:
        """Index of the branch of each row: of the rule that matches first, or the number of rules."""
        choice = np.full(rows, len(self.rules))
        for index in reversed(range(len(self.rules))):
            choice[self.rules[index][0].holds(columns, rows)] = index
        return choice


@attrs.frozen(eq=False)
class Mixture(Distribution):
    """One of several distributions, by weight; the uniform that chooses is stretched within its part,
    and serves again."""

    weights: NDArray[np.float64]
    parts: tuple[Distribution, ...]

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        return together([part.gives(known) for part in self.parts]) or ANYTHING

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(part.names for part in self.parts))

    @property
    def continuous(self) -> bool:
        return all(part.continuous for part in self.parts)

    @property
    def monotone(self) -> bool:
        return False

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        ends = np.cumsum(self.weights) / self.weights.sum()
        starts = np.concatenate([[0.0], ends[:-1]])
        choice = pick(unit, self.weights).astype(np.intp)
        within = (unit - starts[choice]) / (ends - starts)[choice]
        return drawn_in_parts(self.parts, choice, np.clip(within, LEAST, MOST), columns)

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._weighted([part.cdf(values, columns) for part in self.parts])

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._weighted([part.below(values, columns) for part in self.parts])

    def quantile(self, probability: Floats) -> Floats | None:
        points = [point for point in (part.quantile(probability) for part in self.parts) if point is not None]
        if self.names or len(points) < len(self.parts):
            return None
        return _inverse(self, probability, np.min(points, axis=0), np.max(points, axis=0))

    def probabilities(self) -> dict[Any, float] | None:
        return _pooled(self.weights / self.weights.sum(), [part.probabilities() for part in self.parts])

    @property
    def mean(self) -> float | None:
        return _moments(self.weights / self.weights.sum(), self.parts)[0]

    @property
    def variance(self) -> float | None:
        return _moments(self.weights / self.weights.sum(), self.parts)[1]

    def _weighted(self, tables: Sequence[Floats]) -> Floats:
        return np.asarray(np.clip(((self.weights / self.weights.sum())[:, None] * np.stack(tables)).sum(axis=0), 0, 1))


@attrs.frozen
class ZeroInflated(Distribution):
    """Zero with a probability, else as the distribution says."""

    probability: Parameter
    otherwise: Distribution

    @property
    def names(self) -> frozenset[str]:
        return names_of((self.probability,)) | self.otherwise.names

    @property
    def monotone(self) -> bool:
        return self.otherwise.monotone

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        zero = self._zero(columns, len(unit))
        with np.errstate(divide="ignore", invalid="ignore"):
            within = np.clip((unit - zero) / (1 - zero), LEAST, MOST)
        drawn = drawn_in_parts((Constant(0.0), self.otherwise), (unit >= zero).astype(np.intp), within, columns)
        return np.where(np.isnan(zero), np.nan, numbers(drawn))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        zero = self._zero(columns, len(values))
        return np.asarray(zero * (numbers(values) >= 0) + (1 - zero) * self.otherwise.cdf(values, columns))

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        zero = self._zero(columns, len(values))
        return np.asarray(zero * (numbers(values) > 0) + (1 - zero) * self.otherwise.below(values, columns))

    def quantile(self, probability: Floats) -> Floats | None:
        points = self.otherwise.quantile(probability)
        if self.names or points is None:
            return None
        return _inverse(self, probability, np.minimum(points, 0), np.maximum(points, 0))

    def probabilities(self) -> dict[Any, float] | None:
        if isinstance(self.probability, Expression):
            return None
        return _pooled(np.array([self.probability, 1 - self.probability]), [{0.0: 1.0}, self.otherwise.probabilities()])

    @property
    def mean(self) -> float | None:
        mean = self.otherwise.mean
        return None if isinstance(self.probability, Expression) or mean is None else (1 - self.probability) * mean

    @property
    def variance(self) -> float | None:
        mean, variance = self.otherwise.mean, self.otherwise.variance
        if isinstance(self.probability, Expression) or mean is None or variance is None:
            return None
        return (1 - self.probability) * (variance + self.probability * mean**2)

    def _zero(self, columns: Mapping[str, Any], rows: int) -> Floats:
        return np.clip(
            np.broadcast_to(np.asarray(value_of(self.probability, columns, rows), np.float64), (rows,)), 0, 1
        )


@attrs.frozen
class Dates(Distribution):
    """A day so many days around another, rounded to the nearest whole day."""

    around: np.datetime64 | Expression
    days: Distribution

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        return always(DATE, not self.names)

    @property
    def names(self) -> frozenset[str]:
        return self.days.names | (self.around.names if isinstance(self.around, Expression) else frozenset())

    @property
    def monotone(self) -> bool:
        return self.days.monotone

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        base, days = self._base(columns, len(unit)), numbers(self.days.sample(unit, columns))
        known = ~(np.isnan(base) | np.isnan(days))
        day = np.floor(np.clip(np.where(known, days, 0), -_FARTHEST, _FARTHEST) + 0.5) + np.where(known, base, 0)
        return np.where(known, day.astype(np.int64).astype("datetime64[D]"), np.datetime64("NaT", "D"))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self.days.below(numbers(values) - self._base(columns, len(values)) + 0.5, columns)

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self.days.below(numbers(values) - self._base(columns, len(values)) - 0.5, columns)

    def quantile(self, probability: Floats) -> Floats | None:
        days = self.days.quantile(probability)
        return None if self.names or days is None else np.floor(days + 0.5) + self._base({}, 1)

    @property
    def mean(self) -> float | None:
        return self._moments()[0]

    @property
    def variance(self) -> float | None:
        return self._moments()[1]

    def _moments(self) -> tuple[float | None, float | None]:
        ends = self.quantile(np.array([1e-12, 1 - 1e-12]))
        if ends is None or ends[1] - ends[0] > _FEW_DAYS:
            return None, None
        days = np.arange(ends[0], ends[1] + 1)
        upto = self.cdf(days, {})
        masses = np.diff(upto, prepend=0.0)
        mean = portable.dot(masses, days) / float(masses.sum())
        return mean, portable.dot(masses, (days - mean) ** 2) / float(masses.sum())

    def _base(self, columns: Mapping[str, Any], rows: int) -> Floats:
        base = self.around.values(columns, rows) if isinstance(self.around, Expression) else np.full(rows, self.around)
        return numbers(base)


def _moments(shares: Floats, parts: Sequence[Distribution]) -> tuple[float | None, float | None]:
    means, variances = [part.mean for part in parts], [part.variance for part in parts]
    if None in means or None in variances:
        return None, None
    of_means, of_variances = np.array(means, np.float64), np.array(variances, np.float64)
    mean = portable.dot(shares, of_means)
    return mean, portable.dot(shares, of_variances + (of_means - mean) ** 2)


def _pooled(shares: Floats, tables: Sequence[dict[Any, float] | None]) -> dict[Any, float] | None:
    pooled: dict[Any, float] = {}
    for share, table in zip(shares, tables, strict=True):
        if table is None:
            return None
        for value, probability in table.items():
            pooled[value] = pooled.get(value, 0.0) + float(share) * probability
    return pooled


def _inverse(distribution: Distribution, probability: Floats, low: Floats, high: Floats) -> Floats:
    """The quantiles, by halving what lies between two bounds of each."""
    low, high = low.astype(np.float64), high.astype(np.float64)
    reached = distribution.cdf(low, {}) >= probability
    high = np.where(reached, low, high)
    for _ in range(128):
        middle = low + (high - low) / 2
        if ((middle <= low) | (middle >= high)).all():
            break
        enough = distribution.cdf(middle, {}) >= probability
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
