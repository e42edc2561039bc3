"""Rows of one table looked up and ordered by those of another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Text, from_arrow, text


def of_types(table: pa.Table, types: tuple[str, ...]) -> Columns:
    """The claims of these types."""
    return from_arrow(table.filter(pc.is_in(table["type"].cast(pa.string()), value_set=pa.array(types))))


def every_row(keys: NDArray[np.int64], wanted: NDArray[np.int64], table: str) -> NDArray[np.int64]:
    """Row in `keys` of each of `wanted`, every one of which must be there."""
    rows = text.positions(keys, wanted)
    if (rows < 0).any():
        raise ValueError(f"{table} has no row {int(wanted[rows < 0][0])}")
    return rows


def ordered(table: pa.Table | Columns, owners: NDArray[np.int64], key: str, then: str) -> Columns:
    """The rows of `table` whose `key` is one of `owners`, in the order of `owners` and then of the column `then`.

    Returns:
        The table's columns and `owner`, the position in `owners`.
    """
    columns = table if isinstance(table, Columns) else from_arrow(table)
    position = text.positions(owners, columns.array(key))
    kept = np.flatnonzero(position >= 0)
    order = kept[np.lexsort((columns.array(then)[kept], position[kept]))]
    return columns.take(order).assign(owner=position[order])


def within(columns: Columns, start: int, stop: int) -> Columns:
    """The rows whose `owner` lies in start..stop, counted from `start`."""
    first, last = np.searchsorted(columns.array("owner"), (start, stop))
    some = columns.take(np.arange(first, last))
    return some.assign(owner=some.array("owner") - start)


def alphabetical(column: Text) -> NDArray[np.int64]:
    """Sort keys of text; null comes first."""
    values = np.array(column.values.to_pylist(), object)
    ranks = np.empty(len(values) + 1, np.int64)
    ranks[np.argsort(values)] = np.arange(len(values))
    ranks[-1] = -1
    return ranks[column.codes]


def changes(*keys: NDArray[np.signedinteger[Any]]) -> NDArray[np.bool_]:
    """Whether a row differs from the one before it in any of `keys`; the first does."""
    different = np.zeros(len(keys[0]), bool)
    for key in keys:
        different[1:] |= key[1:] != key[:-1]
    different[:1] = True
    return different


def last_true(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Row of the last True up to each row; the first row's must be True."""
    return np.maximum.accumulate(np.where(mask, np.arange(len(mask)), 0))


def slices(groups: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """Stretches of about `most` rows that end where a group ends."""
    ends = np.append(np.flatnonzero(np.diff(groups)) + 1, len(groups))
    cuts = np.unique(ends[np.minimum(np.searchsorted(ends, np.arange(most, len(groups) + most, most)), len(ends) - 1)])
    return list(zip([0, *cuts[:-1].tolist()], cuts.tolist(), strict=True))
