"""Combinations of columns of text, numbered: what is said once per combination is said once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text

Codes = NDArray[np.int64]
_SMALL = 1 << 16  # a table of so many is faster than a sort


def combinations(columns: Sequence[Text]) -> tuple[Codes, NDArray[np.intp]]:
    """Number the distinct combinations of the columns' values.

    Args:
        columns: At least one, of equal length.

    Returns:
        Each row's number, and for each number a row that has it.
    """
    rows, size = len(columns[0]), len(columns[0].values) + 1
    keys = columns[0].codes.astype(np.int64) + 1
    for column in columns[1:]:
        values = len(column.values) + 1
        if size * values > max(4 * rows, _SMALL):
            keys, distinct = numbered(keys, size)
            size = len(distinct)
        keys *= values
        keys += column.codes
        keys += 1
        size *= values
    codes, distinct = numbered(keys, size)
    sample = np.zeros(len(distinct), np.intp)
    sample[codes] = np.arange(rows)
    return codes, sample


def numbered(keys: Codes, size: int) -> tuple[Codes, Codes]:
    """Each key's rank among the distinct keys, and these; keys lie in 0..size. A table where it is small,
    else a sort."""
    if size > max(4 * len(keys), _SMALL):
        distinct, codes = np.unique(keys, return_inverse=True)
        return codes, distinct
    present = np.zeros(size, bool)
    present[keys] = True
    distinct = np.flatnonzero(present)
    rank = np.empty(size, np.int64)
    rank[distinct] = np.arange(len(distinct))
    return rank[keys], distinct
