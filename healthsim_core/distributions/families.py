"""Laws of measured values besides the normal: each as its distribution function, both tails, and both inverses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from scipy.special import betainc, betaincc, gamma, gammainc, gammaincc

from healthsim_core import portable

Law = Callable[..., Any]


@attrs.frozen(eq=False)
class Family:
    """A law. Every function takes the values first and then the law's parameters, scalars or arrays.

    Attributes:
        cdf: P(X <= x).
        sf: P(X > x), exact where it is small.
        ppf: The value whose `cdf` is p.
        isf: The value whose `sf` is q.
        moments: Mean and variance, of the parameters alone.
        standard: The law's parameters, of those that are written.
    """

    cdf: Law
    sf: Law
    ppf: Law
    isf: Law
    moments: Law
    standard: Law = lambda *parameters: parameters


GAMMA = Family(
    cdf=lambda x, shape, scale: gammainc(shape, np.maximum(x, 0) / scale),
    sf=lambda x, shape, scale: gammaincc(shape, np.maximum(x, 0) / scale),
    ppf=lambda p, shape, scale: scale * portable.gamma_quantile(shape, p),
    isf=lambda q, shape, scale: scale * portable.gamma_upper_quantile(shape, q),
    moments=lambda shape, scale: (shape * scale, shape * scale**2),
)
GAMMA_BY_MEAN = attrs.evolve(GAMMA, standard=lambda mean, sd: ((mean / sd) ** 2, sd**2 / mean))


def _share(x: Any, low: Any, high: Any) -> Any:
    return np.clip((x - low) / (high - low), 0, 1)


BETA = Family(
    cdf=lambda x, a, b, low, high: betainc(a, b, _share(x, low, high)),
    sf=lambda x, a, b, low, high: betaincc(a, b, _share(x, low, high)),
    ppf=lambda p, a, b, low, high: low + (high - low) * portable.beta_quantile(a, b, p),
    isf=lambda q, a, b, low, high: low + (high - low) * portable.beta_upper_quantile(a, b, q),
    moments=lambda a, b, low, high: (
        low + (high - low) * a / (a + b),
        (high - low) ** 2 * a * b / ((a + b) ** 2 * (a + b + 1)),
    ),
)


def _hazard(x: Any, shape: Any, scale: Any) -> Any:
    return (np.maximum(x, 0) / scale) ** shape


WEIBULL = Family(
    cdf=lambda x, shape, scale: -np.expm1(-_hazard(x, shape, scale)),
    sf=lambda x, shape, scale: np.exp(-_hazard(x, shape, scale)),
    ppf=lambda p, shape, scale: scale * portable.power(-portable.log1p(-p), 1 / shape),
    isf=lambda q, shape, scale: scale * portable.power(-portable.log(q), 1 / shape),
    moments=lambda shape, scale: (
        scale * gamma(1 + 1 / shape),
        scale**2 * (gamma(1 + 2 / shape) - gamma(1 + 1 / shape) ** 2),
    ),
)
EXPONENTIAL_BY_MEAN = attrs.evolve(WEIBULL, standard=lambda mean: (1.0, mean))
EXPONENTIAL_BY_RATE = attrs.evolve(WEIBULL, standard=lambda rate: (1.0, 1 / rate))


def _rising(x: Any, low: Any, mode: Any, high: Any) -> Any:
    """Of a triangle, the area on its rising side up to x."""
    return np.clip(x - low, 0, mode - low) ** 2 / ((high - low) * np.where(mode > low, mode - low, 1.0))


def _triangle_cdf(x: Any, low: Any, mode: Any, high: Any) -> Any:
    return np.where(x < mode, _rising(x, low, mode, high), 1 - _rising(-x, -high, -mode, -low))


def _triangle_ppf(p: Any, low: Any, mode: Any, high: Any) -> Any:
    width, split = high - low, (mode - low) / (high - low)
    return np.where(p < split, low + np.sqrt(p * width * (mode - low)), high - np.sqrt((1 - p) * width * (high - mode)))


TRIANGULAR = Family(
    cdf=_triangle_cdf,
    sf=lambda x, low, mode, high: _triangle_cdf(-x, -high, -mode, -low),
    ppf=_triangle_ppf,
    isf=lambda q, low, mode, high: -_triangle_ppf(q, -high, -mode, -low),
    moments=lambda low, mode, high: (
        (low + mode + high) / 3,
        (low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18,
    ),
)
