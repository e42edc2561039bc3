"""What every compiled distribution can do: draw, and say how likely a value is."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from healthsim_core import portable
from healthsim_core.columns import Column, concat
from healthsim_core.draws import Floats
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.checking import kind_of_expression
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import ANYTHING, NUMBER, Kind, always

Parameter: TypeAlias = float | Expression
Value: TypeAlias = float | str | bool

LEAST, MOST = 2.0**-54, 1 - 2.0**-53  # the open unit interval, as floats


class Distribution(abc.ABC):
    """A compiled distribution: one uniform in, one value out, by inversion.

    Values are ordered: numbers and dates as usual, False before True, texts alphabetically. In that order

        below(x) = P(X < x),    cdf(x) = P(X <= x)

    are given for every kind; they differ where a single value has a probability (an atom), and a uniform between them
    is uniform in 0..1 over all rows, whatever the distribution. Dates count as days since 1970. Where a parameter is
    an expression, all of this holds row by row; `mean`, `variance`, `quantile` and `probabilities` are then None.
    """

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        """What its values are, where the columns that it reads are of these kinds."""
        return always(NUMBER, not self.names)  # null where a parameter is null, or none that it may have

    @property
    def kind(self) -> str:
        """What its values are: number, text, boolean or date; of a derived value perhaps anything."""
        return self.gives({}).of

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""
        return frozenset()

    @property
    def continuous(self) -> bool:
        """Whether no single value has a probability."""
        return False

    @property
    def monotone(self) -> bool:
        """Whether a larger uniform gives no smaller value, as a correlation needs; texts are in the order written."""
        return True

    @abc.abstractmethod
    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        """The value at each uniform.

        Args:
            unit: Array (rows,) of uniforms in the open interval (0, 1).
            columns: The columns that `names` names, of the same rows.

        Returns:
            Array (rows,) of float64, bool or datetime64[D], or Text, as `gives` says. Null where a parameter is null.
        """

    @abc.abstractmethod
    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        """P(X <= value) for each value: array (rows,) of float64."""

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        """P(X < value) for each value: array (rows,) of float64."""
        return self.cdf(values, columns)

    def quantile(self, probability: Floats) -> Floats | None:
        """The least value x with P(X <= x) >= probability, for each; None for texts."""
        return None if self.names or self.kind == "text" else numbers(self.sample(probability, {}))

    def probabilities(self) -> dict[Any, float] | None:
        """Probability of each value where they are few and fixed, else None."""
        return None

    @property
    def mean(self) -> float | None:
        """The mean, after truncation; None for texts."""
        return moments(self)[0]

    @property
    def variance(self) -> float | None:
        """The variance, after truncation; None for texts."""
        return moments(self)[1]


def _rule() -> tuple[Floats, Floats]:
    at = np.linspace(-3.0, 3.0, 481)  # tanh-sinh: nodes crowd at both ends, where quantiles may be steep
    unit = 1 / (1 + np.exp(-np.pi * np.sinh(at)))
    weights = np.cosh(at) * unit * (1 - unit)
    return np.clip(unit, LEAST, MOST), weights / weights.sum()


_NODES, _WEIGHTS = _rule()


def moments(distribution: Distribution) -> tuple[float | None, float | None]:
    """Mean and variance by integration of the quantile function over (0, 1)."""
    values = distribution.quantile(_NODES)
    if values is None:
        return None, None
    mean = portable.dot(_WEIGHTS, values)
    return mean, portable.dot(_WEIGHTS, (values - mean) ** 2)


def numbers(values: Any) -> Floats:
    """Numbers, booleans or dates as float64; null is NaN."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        days = array.astype("datetime64[D]")
        return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))
    return array.astype(np.float64)


def kind_of(expression: Expression, known: Mapping[str, Kind]) -> Kind:
    """What an expression gives; anything, where it has a mistake,
    which is told by whoever requires it of all columns."""
    if not expression.names <= known.keys():
        return ANYTHING
    try:
        return kind_of_expression(expression, known)
    except SpecificationError:
        return ANYTHING


def names_of(parameters: Sequence[Parameter]) -> frozenset[str]:
    """Columns that some parameters read."""
    return frozenset().union(*(parameter.names for parameter in parameters if isinstance(parameter, Expression)))


def value_of(parameter: Parameter, columns: Mapping[str, Any], rows: int) -> Any:
    """A parameter's value: the number itself, or an array (rows,) of float64."""
    return numbers(parameter.values(columns, rows)) if isinstance(parameter, Expression) else parameter


def drawn_in_parts(
    parts: Sequence[Distribution], choice: NDArray[np.intp], unit: Floats, columns: Mapping[str, Any]
) -> Column:
    """A column whose every row is drawn from the distribution that `choice` gives it."""
    samples, order = [], []
    for index, part in enumerate(parts):
        rows = np.flatnonzero(choice == index)
        samples.append(part.sample(unit[rows], {name: columns[name][rows] for name in part.names}))
        order.append(rows)
    place = np.empty(len(choice), np.intp)
    place[np.concatenate(order)] = np.arange(len(choice))
    return concat(samples)[place]
