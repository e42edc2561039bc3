"""How surprising counts are: tails that hold at any sample size, from one row to a billion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, ndtr

from healthsim_core.portable import dot, log

Floats = NDArray[np.float64]

FEW = 200  # rows below which a tail is bounded rather than approximated
_STEPS = 60


def of_proportion(successes: int, trials: int, stated: float) -> float:
    """Twice the smaller exact binomial tail: never less than the chance of something as far away."""
    if not trials:
        return 1.0
    at_most = bdtr(successes, trials, stated)
    at_least = bdtrc(successes - 1, trials, stated) if successes else 1.0
    return float(min(1.0, 2 * min(at_most, at_least)))


def of_total(counts: NDArray[np.int64], shares: Floats, scores: Floats) -> float:
    """Chance that the scores of rows sum to something as far from what is stated.

    Args:
        counts: Int array (cells,) of rows.
        shares: Array (cells,) of the cells' stated probabilities, which sum to 1.
        scores: Array (cells,) of what a row of each cell adds.

    Returns:
        Below `FEW` rows twice Chernoff's bound, which holds for any number of them; from there on the saddlepoint
        approximation of Lugannani and Rice (1980), whose relative error falls with the number of rows,
        in the tails too.
    """
    rows = int(counts.sum())
    centred = scores - dot(shares, scores)
    spread = float(np.sqrt(dot(shares, centred**2)))
    if not rows or not spread > 0:
        return 1.0
    centred = centred / spread
    mean = dot(counts, centred) / rows
    if not centred[shares > 0].min() < mean < centred[shares > 0].max():
        return float(min(1.0, 2 * _share_at(centred, shares, mean) ** rows))
    tilt = _tilt(centred, shares, mean)
    logarithm, _, variance = _cumulants(centred, shares, tilt)
    exponent = rows * max(tilt * mean - logarithm, 0.0)
    if rows < FEW:
        return float(min(1.0, 2 * np.exp(-exponent)))
    return float(min(1.0, 2 * _lugannani_rice(exponent, abs(tilt) * np.sqrt(rows * variance))))


def of_shape(counts: NDArray[np.int64], shares: Floats) -> float:
    """Bound on the chance that counts differ from stated shares by as much relative entropy.

    Agrawal, "Finite-sample concentration of the multinomial in relative entropy", IEEE Transactions on Information
    Theory 66 (2020): of k cells and n rows, P(n D >= x) <= exp(-x) (e x / (k - 1)) ** (k - 1) for x > k - 1.
    """
    rows, freedom = int(counts.sum()), int(np.count_nonzero(shares)) - 1
    if not rows:
        return 1.0
    if (counts[shares == 0] > 0).any():
        return 0.0
    there = counts > 0
    entropy = dot(counts[there], log(counts[there] / rows / shares[there]))
    if freedom == 0 or entropy <= freedom:
        return 1.0
    return float(min(1.0, np.exp(-entropy + freedom * (1 + np.log(entropy / freedom)))))


def _share_at(scores: Floats, shares: Floats, mean: float) -> float:
    return float(shares[scores == (scores.max() if mean > 0 else scores.min())].sum())


def _cumulants(scores: Floats, shares: Floats, tilt: float) -> tuple[float, float, float]:
    """Logarithm of the moment-generating function, and the mean and variance of the tilted scores."""
    exponents = tilt * scores
    most = exponents.max()
    weights = shares * np.exp(exponents - most)
    total = weights.sum()
    mean = dot(weights, scores) / total
    return float(most + np.log(total)), float(mean), dot(weights, (scores - mean) ** 2) / float(total)


def _tilt(scores: Floats, shares: Floats, mean: float) -> float:
    """The tilt under which the scores have this mean: Newton's steps,
    kept within a bracket that halves where they leave it."""
    low, high = (0.0, 1.0) if mean > 0 else (-1.0, 0.0)
    while (
        abs(high - low) < 1e6 and not _cumulants(scores, shares, low)[1] <= mean <= _cumulants(scores, shares, high)[1]
    ):
        low, high = (high, 2 * high) if mean > 0 else (2 * low, low)
    tilt = (low + high) / 2
    for _ in range(_STEPS):
        _, tilted_mean, variance = _cumulants(scores, shares, tilt)
        low, high = (tilt, high) if tilted_mean < mean else (low, tilt)
        step = tilt + (mean - tilted_mean) / variance if variance > 0 else low
        tilt = step if low < step < high else (low + high) / 2
        if high - low < 1e-14 * max(1.0, abs(tilt)):
            break
    return tilt


def _lugannani_rice(exponent: float, curved: float) -> float:
    root = np.sqrt(2 * exponent)
    if root < 1e-3 or curved < 1e-3:
        return 0.5
    density = np.exp(-exponent) / np.sqrt(2 * np.pi)
    return float(np.clip(ndtr(-root) + density * (1 / curved - 1 / root), 0.0, 0.5))
