"""Pieces of text for columns: rendered once per distinct combination of values, never once a row."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Text

Codes = NDArray[np.int64]
once = functools.lru_cache(maxsize=1 << 16)  # for functions that render: most of what one part of a chunk holds, the next holds too


def rendered(render: Callable[..., str], *columns: Text) -> Text:
    """`render` of the values (None for null) of each row, called once per distinct combination."""
    codes, sample = combinations(columns)
    values = [column[sample].to_pylist() for column in columns]
    return Text(codes, [render(*row) for row in zip(*values, strict=True)])


def combinations(columns: tuple[Text, ...]) -> tuple[Codes, NDArray[np.intp]]:
    """Number the distinct combinations of the columns' values.

    Returns:
        Each row's number, and for each number a row that has it.
    """
    rows = len(columns[0])
    keys, size = np.zeros(rows, np.int64), 1
    for column in columns:
        values = len(column.values) + 1
        if size * values > max(4 * rows, 1 << 16):
            keys, distinct = numbered(keys, size)
            size = len(distinct)
        keys, size = keys * values + (column.codes + 1), size * values
    codes, distinct = numbered(keys, size)
    sample = np.zeros(len(distinct), np.intp)
    sample[codes] = np.arange(rows)
    return codes, sample


def numbered(keys: Codes, size: int) -> tuple[Codes, Codes]:
    """Each key's rank among the distinct keys, and these; keys lie in 0..size. A table where it is small, else a sort."""
    if size > max(4 * len(keys), 1 << 16):
        distinct, codes = np.unique(keys, return_inverse=True)
        return codes, distinct
    there = np.zeros(size, bool)
    there[keys] = True
    return (np.cumsum(there) - 1)[keys], np.flatnonzero(there)


def numbers(column: Any) -> Text:
    """Numbers in their shortest decimal form; NaN becomes null."""
    encoded = pa.array(np.asarray(column, np.float64), from_pandas=True).dictionary_encode()
    decimal = pc.cast(encoded.dictionary, pa.string())
    return Text(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), decimal)


def escaped(column: Text, special: str, escape: Callable[[str], str]) -> Text:
    """`escape` of every value, called only where one holds a character of the class `special`."""
    if not pc.any(pc.match_substring_regex(column.values, special)).as_py():
        return column
    return column.recode(escape)
