"""Values of gamma and beta laws at given probabilities.

A library's inverse is right to some digits and differs in the last ones. It is taken for a start; which of the
neighbouring points of a coarse grid it is, the distribution function says, which is computed here from portable parts;
so does the last step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import betaincinv, gammainccinv, gammaincinv

from healthsim_core.portable.elementary import Floats, exp, log, log1p

_GRID = 2.0**30  # points between a power of two and the next
_TERMS = 2_000  # of a series or a fraction, at most
_SMALL, _TINY = 1e-17, 1e-300
_SMALL_TAIL = 2.0**-10  # a probability below it would lose digits if it were taken from 1
_SHIFT = 12.0  # from where on Stirling's series is exact to the last digits
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)  # DLMF 5.11.1
_HALF_LOG_TWO_PI = 0.9189385332046728


def gamma_quantile(shape: Any, probability: Any) -> Floats:
    """The x of a gamma law of scale 1 with P(X <= x) = probability."""
    return _solved(gammaincinv, lambda x, a, p: _gamma(a, x)[0] - p, _gamma_density, shape, probability)


def gamma_upper_quantile(shape: Any, probability: Any) -> Floats:
    """The x of a gamma law of scale 1 with P(X > x) = probability."""
    return _solved(gammainccinv, lambda x, a, q: q - _gamma(a, x)[1], _gamma_density, shape, probability)


def beta_quantile(a: Any, b: Any, probability: Any) -> Floats:
    """The x of a beta law with P(X <= x) = probability; of an x above a half, what it lacks to 1 is exact."""
    first, second, p = np.broadcast_arrays(*(np.asarray(array, np.float64) for array in (a, b, probability)))
    with np.errstate(all="ignore"):
        above = _beta(first.ravel(), second.ravel(), np.full(first.size, 0.5)).reshape(first.shape) < p
    turned = above & (p > _SMALL_TAIL)
    low, high = np.where(turned, second, first), np.where(turned, first, second)
    roots = _solved(
        betaincinv, lambda x, a, b, p: _beta(a, b, x) - p, _beta_density, low, high, np.where(turned, 1 - p, p)
    )
    return np.asarray(np.where(turned, 1 - roots, roots))


def beta_upper_quantile(a: Any, b: Any, probability: Any) -> Floats:
    """The x of a beta law with P(X > x) = probability."""
    return 1 - beta_quantile(b, a, probability)


def _solved(inverse: Any, excess: Callable[..., Floats], density: Callable[..., Floats], *given: Any) -> Floats:
    """The grid's first point whose excess is not below zero, and from there one step of Newton's."""
    arguments = np.broadcast_arrays(*(np.asarray(array, np.float64) for array in given))
    flat = [np.ascontiguousarray(argument).ravel() for argument in arguments]
    with np.errstate(all="ignore"):
        start = inverse(*flat)
        mantissa, exponent = np.frexp(start)
        points = [np.ldexp((np.rint(mantissa * _GRID) + step) / _GRID, exponent) for step in (-1.0, 0.0, 1.0)]
        gaps = [excess(point, *flat) for point in points[:2]]
        roots = np.where(gaps[0] >= 0, points[0], np.where(gaps[1] >= 0, points[1], points[2]))
        gap = np.where(gaps[0] >= 0, gaps[0], gaps[1])  # of the third point's row, that of the second, one step away
        near = np.where(gaps[0] >= 0, points[0], points[1])
        better = near - gap / density(near, *flat)
        roots = np.where(np.abs(better - roots) < 4 * np.abs(roots) / _GRID, better, roots)
    settled = ~np.isfinite(start) | (start == 0)
    return np.asarray(np.where(settled, start, roots)).reshape(arguments[0].shape)


def _gamma_density(x: Floats, a: Floats, _: Floats) -> Floats:
    return np.asarray(exp(a * log(x) - x - _log_gamma(a)) / x)


def _beta_density(x: Floats, a: Floats, b: Floats, _: Floats) -> Floats:
    return np.asarray(exp((a - 1) * log(x) + (b - 1) * log1p(-x) + _log_gamma(a + b) - _log_gamma(a) - _log_gamma(b)))


def _log_gamma(a: Floats) -> Floats:
    shift, product = a.copy(), np.ones_like(a)
    for _ in range(int(_SHIFT)):
        low = shift < _SHIFT
        product = np.where(low, product * shift, product)
        shift = np.where(low, shift + 1, shift)
    inverse = 1 / shift
    square, total = inverse * inverse, np.zeros_like(a)
    for coefficient in reversed(_STIRLING):
        total = total * square + coefficient
    return np.asarray((shift - 0.5) * log(shift) - shift + _HALF_LOG_TWO_PI + total * inverse - log(product))


def _gamma(a: Floats, x: Floats) -> tuple[Floats, Floats]:
    """P(X <= x) and P(X > x)."""
    front = exp(a * log(x) - x - _log_gamma(a))
    lower = x < a + 1
    series = front * _series(a, np.where(lower, x, 0.0))
    fraction = front * _fraction(a, np.where(lower, a + 1, x))
    return np.where(lower, series, 1 - fraction), np.where(lower, 1 - series, fraction)


def _series(a: Floats, x: Floats) -> Floats:
    term = 1 / a
    total, going = term.copy(), np.ones(len(a), bool)
    for n in range(1, _TERMS):
        term = term * x / (a + n)
        total = np.where(going, total + term, total)
        going &= term > total * _SMALL
        if not going.any():
            break
    return total


def _fraction(a: Floats, x: Floats) -> Floats:
    """Lentz's way from the front; every row stops by itself, so that its neighbours do not matter."""
    b = x + 1 - a
    c, d = np.full(len(a), 1 / _TINY), 1 / b
    total, going = d.copy(), np.ones(len(a), bool)
    for n in range(1, _TERMS):
        numerator = -n * (n - a)
        b = b + 2
        d, c = 1 / _away(numerator * d + b), _away(b + numerator / c)
        total = np.where(going, total * (d * c), total)
        going &= np.abs(d * c - 1) > 3e-16
        if not going.any():
            break
    return total


def _away(values: Floats) -> Floats:
    return np.where(np.abs(values) < _TINY, _TINY, values)


def _beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """P(X <= x); by that of 1 - X where its fraction is the shorter."""
    turned = x > (a + 1) / (a + b + 2)
    first, second, at = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - x, x)
    front = exp(first * log(at) + second * log(1 - at) + _log_gamma(a + b) - _log_gamma(a) - _log_gamma(b)) / first
    shares = front * _beta_fraction(first, second, at)
    return np.asarray(np.where(turned, 1 - shares, shares))


def _beta_fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """DLMF 8.17.22, in Lentz's way."""
    c, d = np.ones(len(a)), 1 / _away(1 - (a + b) * x / (a + 1))
    total, going = d.copy(), np.ones(len(a), bool)
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d, c = 1 / _away(1 + numerator * d), _away(1 + numerator / c)
            total = np.where(going, total * (d * c), total)
        going &= np.abs(d * c - 1) > 3e-16
        if not going.any():
            break
    return total
