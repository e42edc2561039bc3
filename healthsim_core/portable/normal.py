"""The standard normal: probabilities, and the values that have them."""

from __future__ import annotations

from typing import Any

import numpy as np

from healthsim_core.portable.elementary import Floats, by_blocks, exp, log, polynomial

_DENSITY = 0.3989422804014327  # in the middle: 1 / sqrt(2 pi)

# The normal quantile: Wichura 1988, algorithm AS 241, PPND16; relative accuracy about 1e-16.
_NEAR = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4,
     6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
     3.9307895800092710610e4,
     2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
_OUTER = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0,
     2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
     1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2,
     1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip
_MIDDLE = 0.425  # of the probability, on either side of a half, where the first pair holds
_FAR = 5.0  # of sqrt(-log p), from where on the third does
# standard deviations up to which the normal's probability is a series; beyond, it is a continued fraction
_SERIES = 2.0
_TERMS, _FRACTIONS = 48, 160


def ndtr(values: Any) -> Any:
    """P(Z <= z) of the standard normal."""
    return by_blocks(_ndtr, values)


def ndtri(probabilities: Any) -> Any:
    """The z with P(Z <= z) of the standard normal; infinite for 0 and 1."""
    return by_blocks(_ndtri, probabilities)


def _ndtr(z: Floats) -> Floats:
    size = np.abs(z)
    near = size < _SERIES
    shares = np.where(near, 0.5 + _series(np.where(near, z, 0.0)), 0.0)
    if not near.all():
        tail = _fraction(np.where(near, _SERIES, size))
        shares = np.where(near, shares, np.where(z > 0, 1 - tail, tail))
    return np.where(np.isnan(z), np.nan, shares)


def _series(z: Floats) -> Floats:
    """P(0 < Z <= z) = density(z) (z + z^3 / 3 + z^5 / 15 + ...)."""
    square, term, total = z * z, z.copy(), z.copy()
    for n in range(1, _TERMS):
        term = term * square / (2 * n + 1)
        total += term
    return np.asarray(_DENSITY * exp(-0.5 * square) * total)


def _fraction(z: Floats) -> Floats:
    """P(Z > z) = density(z) / (z + 1 / (z + 2 / (z + ...)))."""
    below = z.copy()
    for n in range(_FRACTIONS, 0, -1):
        below = z + n / below
    return np.where(np.isinf(z), 0.0, _DENSITY * _bell(z) / below)


def _bell(z: Floats) -> Floats:
    """exp(-z^2 / 2), the square in two parts: the first is exact."""
    rough = np.rint(z * 16) / 16
    return np.asarray(exp(-0.5 * rough * rough) * exp(-0.5 * (z - rough) * (z + rough)))


def _ndtri(p: Floats) -> Floats:
    q = p - 0.5
    middle = np.abs(q) <= _MIDDLE
    r = _MIDDLE * _MIDDLE - q * q
    points = q * polynomial(_NEAR[0], r) / polynomial(_NEAR[1], r)
    outer = np.flatnonzero(~middle)
    if len(outer):
        points[outer] = _outer(p[outer], q[outer])
    return points


def _outer(p: Floats, q: Floats) -> Floats:
    least = np.where(q < 0, p, 1 - p)
    root = np.sqrt(-log(least))
    near, far = root - 1.6, root - _FAR
    points = polynomial(_OUTER[0], near) / polynomial(_OUTER[1], near)
    points = np.where(root <= _FAR, points, polynomial(_TAIL[0], far) / polynomial(_TAIL[1], far))
    points = np.where(least == 0, np.inf, np.where(least < 0, np.nan, points))
    return np.where(q < 0, -points, points)
