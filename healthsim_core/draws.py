"""Random columns with an address: each value is a pure function of (seed, stream name, row id).

The generator is Squares64 (Widynski, "Squares: A Fast Counter-Based RNG", arXiv 2004.06278): five rounds of squaring
of `counter * key`. The key is derived from (seed, stream) by BLAKE2b, with digits chosen as the paper's section 4
recommends: the eight low and the eight high hexadecimal digits each all different, none zero, the key odd.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.portable import ndtri

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

FEW = 8  # weights up to which comparing with each is faster than a search
_BUCKETS = 16_384  # equal parts of 0..1 of which a guide knows where to begin
BLOCK = 16_384  # ids worked at a time, so that every intermediate stays in the cache
_HALF = np.uint64(32)
_UNIT = 2.0**-52


@functools.lru_cache(maxsize=65_536)
def stream_key(seed: int, stream: str) -> np.uint64:
    """The generator's 64-bit key for a stream of a seed."""
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=32).digest()
    return np.uint64((_digits(digest[:16]) << 32) | _digits(digest[16:], odd=True))


def _digits(entropy: bytes, odd: bool = False) -> int:
    left, value = list(range(1, 16)), 0
    for position in range(8):
        pool = [digit for digit in left if digit % 2] if odd and position == 0 else left
        digit = pool[int.from_bytes(entropy[2 * position : 2 * position + 2], "little") % len(pool)]
        left.remove(digit)
        value |= digit << (4 * position)
    return value


def words(key: np.uint64 | Words, counters: Words) -> Words:
    """Squares64 of each counter.

    Args:
        key: The 64-bit key, or an array (rows,) of them.
        counters: Array (rows,) of uint64.

    Returns:
        Array (rows,) of uint64, uniform over all 64-bit words.
    """
    out = np.empty(len(counters), np.uint64)
    for start in range(0, len(counters), BLOCK):
        keys = key[start : start + BLOCK] if isinstance(key, np.ndarray) else key
        y = counters[start : start + BLOCK] * keys
        z = y + keys
        x = y.copy()
        for addend in (y, z, y):
            x *= x
            x += addend
            x = (x >> _HALF) | (x << _HALF)
        x *= x
        x += z
        fourth = x.copy()
        x = (x >> _HALF) | (x << _HALF)
        x *= x
        x += y
        out[start : start + BLOCK] = fourth ^ (x >> _HALF)
    return out


def open_unit(random: Words) -> Floats:
    """Array (rows,) of float64 in the open interval (0, 1): the middles of 2**52 equal cells,
    each of which is exact."""
    return np.asarray(((random >> np.uint64(12)).astype(np.float64) + 0.5) * _UNIT)


def identify(seed: int, stream: str, counters: NDArray[Any]) -> NDArray[np.int64]:
    """Positive 63-bit ids for counters of a stream: never 0, which stands for null."""
    return _positive(words(stream_key(seed, stream), counters.astype(np.uint64)))


def identify_each(
    seed: int, streams: Sequence[str], which: NDArray[np.intp], counters: NDArray[Any]
) -> NDArray[np.int64]:
    """As `identify`, each counter in a stream of its own: `streams[which]`."""
    keys = np.array([stream_key(seed, stream) for stream in streams], np.uint64)
    return _positive(words(keys[which], counters.astype(np.uint64)))


def _positive(random: Words) -> NDArray[np.int64]:
    return np.maximum((random >> np.uint64(1)).view(np.int64), 1)


@attrs.frozen(eq=False)
class Draws:
    """Draws bound to a seed, a stream prefix and the ids of a batch's rows.

    Every method takes the draw's own name first: two draws of one name are the same numbers, and adding a draw of
    another name changes none.

    Attributes:
        seed: The run's seed.
        stream: Prefix of every stream name.
        ids: Array (rows,) of integers that address the rows.
    """

    seed: int
    stream: str
    ids: NDArray[Any]

    def words(self, name: str) -> Words:
        """Array (rows,) of uint64."""
        return words(stream_key(self.seed, f"{self.stream}.{name}"), self.ids.astype(np.uint64))

    def uniform(self, name: str, low: Any = 0.0, high: Any = 1.0) -> Floats:
        """Array (rows,) of float64 in the open interval (low, high)."""
        unit = open_unit(self.words(name))
        return unit if low == 0.0 and high == 1.0 else np.asarray(low + (high - low) * unit)

    def integers(self, name: str, low: Any, high: Any) -> NDArray[np.int64]:
        """Array (rows,) of int64, uniform over low <= value < high (scalars or arrays)."""
        return np.asarray(np.floor(low + (np.asarray(high) - low) * self.uniform(name))).astype(np.int64)

    def happens(self, name: str, probability: Any) -> NDArray[np.bool_]:
        """Boolean array (rows,): True with `probability` (scalar or array)."""
        return np.asarray(self.uniform(name) < probability)

    def normal(self, name: str, mean: Any = 0.0, sd: Any = 1.0) -> Floats:
        """Array (rows,) of float64, normal by inversion."""
        return np.asarray(mean + sd * ndtri(self.uniform(name)))

    def choice(self, name: str, weights: Mapping[str, float]) -> Text:
        """Text: one key of `weights` a row, with probability proportional to its weight."""
        return Text(pick(self.uniform(name), np.fromiter(weights.values(), float)), list(weights))


def pick(unit: Floats, weights: NDArray[Any]) -> NDArray[np.int32]:
    """Index of the weight into which each uniform falls.

    Args:
        unit: Array (rows,) of uniforms in (0, 1).
        weights: Array (categories,) of non-negative weights, not all zero.

    Returns:
        Array (rows,) of int32.
    """
    thresholds = _thresholds(weights)
    if len(thresholds) > FEW:
        return np.searchsorted(thresholds, unit, side="right").astype(np.int32)
    indices = np.zeros(len(unit), np.int8)
    for threshold in thresholds:
        indices += unit >= threshold
    return indices.astype(np.int32)


def _thresholds(weights: NDArray[Any]) -> Floats:
    ends = np.cumsum(weights, dtype=np.float64)
    return np.asarray(ends[:-1] / ends[-1])


@attrs.frozen(eq=False)
class Weighted:
    """Many weights, or several sets of them, from which is drawn again and again: what `pick` gives,
    several times faster.

    Attributes:
        thresholds: Float array (sets, most): where one category ends and the next begins, filled up with 2.
        guide: Int array (sets, buckets + 1): the category at the beginning of each of the equal parts of 0..1.
    """

    thresholds: Floats
    guide: NDArray[np.int32]

    @classmethod
    def of(cls, *weights: NDArray[Any]) -> Weighted:
        """The weights of one set, or of each."""
        ends = [_thresholds(of_set) for of_set in weights]
        thresholds = np.full((len(ends), max(map(len, ends)) + 1), 2.0)
        for row, limits in zip(thresholds, ends, strict=True):
            row[: len(limits)] = limits
        edges = np.arange(_BUCKETS + 1) / _BUCKETS
        return cls(thresholds, np.array([np.searchsorted(limits, edges, side="right") for limits in ends], np.int32))

    def pick(self, unit: Floats, of: NDArray[np.intp] | None = None) -> NDArray[np.int32]:
        """Index of the weight into which each uniform falls.

        Args:
            unit: Float array (rows,) of uniforms in (0, 1).
            of: Int array (rows,): the set from which each is drawn; None for the first.
        """
        bucket = (unit * _BUCKETS).astype(np.intp)
        start = np.zeros(len(unit), np.intp) if of is None else of * self.thresholds.shape[1]
        bucket = bucket if of is None else bucket + of * self.guide.shape[1]
        picked, last = self.guide.ravel().take(bucket), self.guide.ravel().take(bucket + 1)
        left = np.flatnonzero(picked != last)
        while len(left):  # by halves, for the few whose part of 0..1 holds several categories
            middle = (picked[left] + last[left]) >> 1
            beyond = self.thresholds.ravel().take(start[left] + middle) <= unit[left]
            picked[left] = np.where(beyond, middle + 1, picked[left])
            last[left] = np.where(beyond, last[left], middle)
            left = left[picked[left] < last[left]]
        return picked
