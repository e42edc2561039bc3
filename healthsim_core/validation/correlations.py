"""Correlated attributes: how often both lie in their lower part, which a Gaussian copula says exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.distributions import Choice, Distribution
from healthsim_core.distributions.base import numbers
from healthsim_core.draws import Floats
from healthsim_core.people.attribute import Attribute
from healthsim_core.portable import dot, ndtri

_AT, _WEIGHTS = np.polynomial.legendre.leggauss(96)


def both_below(first: float, second: float, correlation: float) -> float:
    """P(X <= x and Y <= y) of two correlated normals, where P(X <= x) is `first` and P(Y <= y) is `second`.

    By the integral over the correlation (Drezner and Wesolowsky 1990).
    """
    a, b = ndtri(first), ndtri(second)
    end = np.arcsin(np.clip(correlation, -1.0, 1.0))
    angle = end * (_AT + 1) / 2
    density = np.exp(-(a * a + b * b - 2 * a * b * np.sin(angle)) / (2 * np.cos(angle) ** 2))
    return float(np.clip(first * second + end / 2 * dot(_WEIGHTS, density) / (2 * np.pi), 0.0, min(first, second)))


def lower_part(
    distribution: Distribution, values: Column, columns: Mapping[str, Any], whole: bool
) -> tuple[NDArray[np.bool_], float] | None:
    """Which values lie in a lower part that is near to half of the distribution, and the share of it.

    Args:
        distribution: What is stated.
        values: Column (rows,).
        columns: What the distribution reads.
        whole: Whether values are rounded down to whole numbers.

    Returns:
        Boolean array (rows,) and the share; None where a single value has nearly all of it,
        or no part is the same for all.
    """
    if distribution.names:
        return (
            (np.asarray(distribution.cdf(values, columns) <= 0.5), 0.5)
            if distribution.continuous and not whole
            else None
        )
    if isinstance(distribution, Choice) and isinstance(values, Text):
        upto = np.cumsum(distribution.weights) / distribution.weights.sum()
        index = int(np.argmin(np.abs(upto - 0.5)))
        return _worthwhile(values.isin(distribution.values[: index + 1]), float(upto[index]))
    middle = distribution.quantile(np.array([0.5]))
    if middle is None:
        return None
    points = (
        np.floor(middle[0]) + np.arange(-1.0, 3.0) if whole else np.array([middle[0], np.nextafter(middle[0], np.inf)])
    )
    shares: Floats = distribution.below(points, {})
    best = int(np.argmin(np.abs(shares - 0.5)))
    return _worthwhile(np.asarray(numbers(values) < points[best]), float(shares[best]))


def entangled(attribute: Attribute, attributes: Sequence[Attribute]) -> bool:
    """Whether an attribute reads, perhaps by way of others, what it is correlated with:
    then it is not alike in every branch."""
    by_name = {other.name: other for other in attributes}
    leader = attribute.normals[0][0] if attribute.normals else None
    group = {other.name for other in attributes if other.normals and other.normals[0][0] == leader}
    seen: set[str] = set()
    waiting = [attribute.name]
    while waiting:
        reads = {name.removeprefix("subscriber_") for name in by_name[waiting.pop()].names} & by_name.keys()
        waiting += sorted(reads - seen)
        seen |= reads
    return bool(seen & group)


def _worthwhile(lower: NDArray[np.bool_], share: float) -> tuple[NDArray[np.bool_], float] | None:
    return (lower, share) if 0.001 < share < 0.999 else None
