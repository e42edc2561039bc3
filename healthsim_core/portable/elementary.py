"""The exponential and the logarithm, accurate to a few units in the last place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BLOCK = 8_192  # values at a time: they stay in the processor's cache
# the logarithm of two in two parts; the first has few digits
_LN2_HIGH, _LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6
_GREATEST, _LEAST = 709.782712893384, -745.2  # beyond, an exponential is infinite or nothing
_HALF = 0.7071067811865476  # the square root of a half

# The logarithm by atanh: log m = 2 (s + s^3 / 3 + s^5 / 5 + ...), where s = (m - 1) / (m + 1) and |s| < 0.1716.
_ATANH = [1 / n for n in range(3, 25, 2)]
# of the exponential, within |r| < 0.3466
_TAYLOR = [1.0, 1.0, *(1 / float(np.prod(np.arange(2.0, n + 1))) for n in range(2, 14))]


def exp(values: Any) -> Any:
    """The exponential of each value; a scalar for a scalar."""
    return by_blocks(_exp, values)


def expm1(values: Any) -> Any:
    """The exponential less 1, accurate where x is small."""
    return by_blocks(_expm1, values)


def log(values: Any) -> Any:
    """The natural logarithm of each value; -infinity for 0, NaN below; a scalar for a scalar."""
    return by_blocks(_log, values)


def log1p(values: Any) -> Any:
    """The logarithm of 1 + x, accurate where x is small."""
    return by_blocks(_log1p, values)


def power(values: Any, exponents: Any) -> Any:
    """Values, none below 0, to the power of exponents."""
    base, exponent = np.broadcast_arrays(np.asarray(values, np.float64), np.asarray(exponents, np.float64))
    with np.errstate(invalid="ignore"):
        raised = np.where(
            base == 0, np.where(exponent == 0, 1.0, np.where(exponent > 0, 0.0, np.inf)), exp(exponent * log(base))
        )
    powers = np.where(exponent == 1.0, base, raised)
    return powers if powers.ndim else np.float64(powers)


def by_blocks(function: Callable[[Floats], Floats], values: Any) -> Any:
    """A function of flat arrays over values of any shape; a scalar for a scalar."""
    given = np.asarray(values, np.float64)
    flat, results = given.ravel(), np.empty(given.size)
    with np.errstate(all="ignore"):
        for start in range(0, given.size, _BLOCK):
            results[start : start + _BLOCK] = function(flat[start : start + _BLOCK])
    return results.reshape(given.shape) if given.ndim else np.float64(results[0])


def polynomial(coefficients: Sequence[float], at: Floats) -> Floats:
    """Horner's rule, the first coefficient being the constant."""
    sums = np.full(len(at), coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        sums *= at
        sums += coefficient
    return sums


def _exp(x: Floats) -> Floats:
    inside = np.clip(x, _LEAST, _GREATEST)
    whole = np.rint(np.where(np.isnan(inside), 0.0, inside) * 1.4426950408889634)
    rest = (inside - whole * _LN2_HIGH) - whole * _LN2_LOW
    powers = np.ldexp(polynomial(_TAYLOR, rest), whole.astype(np.int64))
    return np.where(x > _GREATEST, np.inf, np.where(x < _LEAST, 0.0, powers))


def _expm1(x: Floats) -> Floats:
    small = np.abs(x) < 0.3
    near = np.where(small, x, 0.0)
    return np.where(small, near * polynomial(_TAYLOR[1:], near), _exp(x) - 1)


def _log(x: Floats) -> Floats:
    mantissa, exponent = np.frexp(x)
    small = mantissa < _HALF
    mantissa, exponent = np.where(small, 2 * mantissa, mantissa), np.where(small, exponent - 1, exponent)
    f = mantissa - 1
    s = f / (2 + f)
    square = s * s
    half = 0.5 * f * f
    rest = square * polynomial(_ATANH, square) * 2
    # log(1 + f) = f - f^2/2 + s (f^2/2 + R), so that the leading terms are exact
    logs = exponent * _LN2_HIGH - ((half - (s * (half + rest) + exponent * _LN2_LOW)) - f)
    logs = np.where(x > 0, logs, np.where(x == 0, -np.inf, np.nan))
    return np.where(np.isposinf(x), np.inf, logs)


def _log1p(x: Floats) -> Floats:
    above = 1 + x
    logs = np.where(above == 1, x, _log(above) * (x / (above - 1)))
    return np.where(np.isposinf(x), np.inf, logs)
