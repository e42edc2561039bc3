"""Distributions over a few values, and values without chance."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.distributions.base import Distribution, Value, kind_of, numbers
from healthsim_core.draws import Floats, pick
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import BOOLEAN, NUMBER, Kind, always, text_of


class Finite(Distribution):
    """A distribution that is a table of values and probabilities."""

    @abc.abstractmethod
    def probabilities(self) -> dict[Any, float]:
        """The probability of each value."""

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        values = tuple(self.probabilities())
        return always(
            text_of(values) if isinstance(values[0], str) else BOOLEAN if isinstance(values[0], bool) else NUMBER
        )

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._up_to(values, "right")

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._up_to(values, "left")

    def quantile(self, probability: Floats) -> Floats | None:
        if self.kind == "text":
            return None
        values, upto = self._table()
        return np.asarray(values[np.searchsorted(upto[1:-1], probability, side="left")], np.float64)

    @property
    def mean(self) -> float | None:
        return None if self.kind == "text" else sum(value * share for value, share in self.probabilities().items())

    @property
    def variance(self) -> float | None:
        mean = self.mean
        return (
            None if mean is None else sum((value - mean) ** 2 * share for value, share in self.probabilities().items())
        )

    def _table(self) -> tuple[NDArray[Any], Floats]:
        ordered = sorted(self.probabilities().items())
        upto = np.cumsum([0.0, *(share for _, share in ordered)])
        upto[-1] = 1.0
        return np.array([value for value, _ in ordered]), upto

    def _up_to(self, values: Column, side: Any) -> Floats:
        known, upto = self._table()
        if isinstance(values, Text):
            return values.map(lambda value: upto[np.searchsorted(known, value, side=side)])
        array = numbers(values)
        return np.where(np.isnan(array), np.nan, upto[np.searchsorted(known.astype(np.float64), array, side=side)])


@attrs.frozen
class Constant(Finite):
    """The same value for everybody."""

    value: Value

    def probabilities(self) -> dict[Any, float]:
        return {self.value: 1.0}

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        return Text.constant(self.value, len(unit)) if isinstance(self.value, str) else np.full(len(unit), self.value)


@attrs.frozen(eq=False)
class Choice(Finite):
    """One of given values, by weight."""

    values: tuple[Value, ...]
    weights: NDArray[np.float64]

    def probabilities(self) -> dict[Any, float]:
        shares, total = dict.fromkeys(self.values, 0.0), float(self.weights.sum())
        for value, weight in zip(self.values, self.weights, strict=True):
            shares[value] += float(weight) / total
        return shares

    @property
    def monotone(self) -> bool:
        return self.kind == "text" or list(self.values) == sorted(self.values)

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        codes = pick(unit, self.weights)
        if self.kind == "text":
            return Text(codes, [str(value) for value in self.values])
        return np.array(self.values, bool if self.kind == "boolean" else np.float64)[codes]


@attrs.frozen
class AgeBands(Finite):
    """Whole years: a band by weight, every age within it alike; one uniform serves both."""

    bands: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]

    def probabilities(self) -> dict[Any, float]:
        shares: dict[Any, float] = {}
        for (low, high), weight in zip(self.bands, self.weights, strict=True):
            for age in range(low, high + 1):
                shares[float(age)] = shares.get(float(age), 0.0) + weight / sum(self.weights) / (high - low + 1)
        return shares

    @property
    def monotone(self) -> bool:
        return all(earlier[1] < later[0] for earlier, later in pairwise(self.bands))

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        ends = np.cumsum(self.weights) / np.sum(self.weights)
        band = np.searchsorted(ends[:-1], unit, side="right")
        starts = np.concatenate([[0.0], ends[:-1]])
        within = (unit - starts[band]) / (ends - starts)[band]
        low, high = np.array(self.bands, np.float64).T
        return np.asarray(np.floor(low[band] + np.minimum(within, 1 - 1e-12) * (high - low + 1)[band]))


@attrs.frozen
class Derived(Distribution):
    """What an expression says of the person's other columns."""

    expression: Expression

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        return kind_of(self.expression, known)

    @property
    def names(self) -> frozenset[str]:
        return self.expression.names

    @property
    def monotone(self) -> bool:
        return not self.names  # the same for everybody

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        value = self.expression.values(columns, len(unit))
        if isinstance(value, Text) or value.dtype.kind in "bM":
            return value if isinstance(value, Text) else np.array(value)
        if value.dtype.kind in "OU":  # a text, or None, that the expression itself spells
            return Text.of(value.tolist())
        return np.asarray(value, np.float64).copy()

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._against(values, columns, strictly=False)

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return self._against(values, columns, strictly=True)

    def _against(self, values: Column, columns: Mapping[str, Any], strictly: bool) -> Floats:
        drawn = self.sample(np.zeros(len(values)), columns)
        if isinstance(drawn, Text):
            there, here = np.array(values.to_pylist(), object), np.array(drawn.to_pylist(), object)  # type: ignore[union-attr]
            known = ~(drawn.is_null() | np.array([word is None for word in there], bool))
        else:
            there, here = numbers(values), numbers(drawn)
            known = ~(np.isnan(there) | np.isnan(here))
        exceeds = np.full(len(values), np.nan)
        exceeds[known] = there[known] > here[known] if strictly else there[known] >= here[known]
        return exceeds


def no_value(where: str, low: float, high: float) -> SpecificationError:
    """The error for bounds between which the distribution has nothing."""
    bounds = " and ".join(f"{name} {bound:g}" for name, bound in (("min", low), ("max", high)) if np.isfinite(bound))
    return SpecificationError(f"no value lies within {bounds}.", where, "Widen the bounds, or move the distribution.")
