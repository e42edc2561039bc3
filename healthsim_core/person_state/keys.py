"""Moments as words that sort: person, minute, and the rank of the node within the minute."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.patterns.timing import Minutes

_RANKS, _MINUTES = 15, 28  # bits of a word; above them, the person's row
_MIDDLE = 1 << (_MINUTES - 1)  # minutes: 255 years before 1970 and after
_WITHIN = (1 << (_MINUTES + _RANKS)) - 1
Keys = NDArray[np.int64]


def packed(row: NDArray[np.intp], minute: Minutes, rank: int | NDArray[np.int64]) -> Keys:
    """Words that sort as rows, minutes and ranks do."""
    moment = np.clip(np.asarray(minute, np.int64), -_MIDDLE, _MIDDLE - 1) + _MIDDLE
    return (((np.asarray(row, np.int64) << _MINUTES) + moment) << _RANKS) + rank


def row_of(keys: Keys) -> NDArray[np.intp]:
    """The rows of words."""
    return np.asarray(keys >> (_MINUTES + _RANKS))


def minute_of(keys: Keys) -> Minutes:
    """The minutes of words."""
    return np.asarray(((keys & _WITHIN) >> _RANKS) - _MIDDLE)


def rank_of(keys: Keys) -> NDArray[np.int64]:
    """The ranks of words."""
    return np.asarray(keys & ((1 << _RANKS) - 1))


def within_of(keys: Keys) -> Keys:
    """Minute and rank of words, which sort as they do."""
    return np.asarray(keys & _WITHIN)


def mixed(keys: Keys, values: Column) -> NDArray[np.uint64]:
    """A number for each pair of a word and a value, which another pair hardly has."""
    word = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ _bits(values)
    word ^= word >> np.uint64(31)
    word *= np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray(word ^ (word >> np.uint64(29)))


def _bits(values: Column) -> NDArray[np.uint64]:
    if isinstance(values, Text):
        of_values = [*(zlib.crc32(value.encode()) + 1 for value in values.values.to_pylist()), 0]
        return np.array(of_values, np.uint64)[values.codes]
    words = values.astype(np.int64) if values.dtype.kind in "biuM" else values.astype(np.float64).view(np.int64)
    return np.asarray(words.view(np.uint64))
