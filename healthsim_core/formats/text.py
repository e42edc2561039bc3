"""Text assembled from columns at the speed of a file write: render once per distinct value, take, join, write.

A *piece* is a string (the same in every row), a `Text` column, or an Arrow string array. Nulls are empty text unless
`optional` drops the piece around them as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text

Piece: TypeAlias = str | Text | pa.Array


def lines(*pieces: Piece) -> pa.Array:
    """One string a row: the pieces of the row, joined.

    Args:
        pieces: At least one must be a column.

    Returns:
        Arrow string array (rows,).
    """
    arrays = [piece.to_arrow() if isinstance(piece, Text) else _scalar(piece) for piece in pieces]
    return pc.binary_join_element_wise(*arrays, pa.scalar(""), null_handling="replace", null_replacement="")


def optional(before: str, column: Text | pa.Array, after: str = "") -> pa.Array:
    """`before + value + after` where there is a value, empty text where it is null."""
    if isinstance(column, Text):
        return column.recode(lambda value: f"{before}{value}{after}").or_else("").to_arrow()
    joined = pc.binary_join_element_wise(pa.scalar(before), column, pa.scalar(after), pa.scalar(""))
    return pc.fill_null(joined, "")


def choose(mask: NDArray[np.bool_], then: Piece, otherwise: Piece) -> pa.Array:
    """`then` where `mask` is True, `otherwise` elsewhere."""
    arrays = [piece.to_arrow() if isinstance(piece, Text) else _scalar(piece) for piece in (then, otherwise)]
    return pc.if_else(pa.array(mask), *arrays)


def each(column: Text | pa.Array | pa.ChunkedArray, function: Callable[[str], str]) -> Text:
    """`function` of every value (an escape, a fragment), computed once per distinct value."""
    return (column if isinstance(column, Text) else Text.of(column)).recode(function)


def whole(numbers: NDArray[Any] | pa.Array | pa.ChunkedArray) -> pa.Array:
    """Integers in decimal."""
    return pc.cast(_array(numbers), pa.string())


def padded(numbers: NDArray[Any], width: int) -> pa.Array:
    """Non-negative integers in decimal, with zeros on the left up to `width`."""
    return pc.utf8_lpad(whole(numbers), width=width, padding="0")


def decimal(numbers: NDArray[Any] | pa.Array | pa.ChunkedArray, places: int) -> pa.Array:
    """Numbers with exactly `places` decimals; NaN or null becomes null."""
    values = np.asarray(_array(numbers).to_numpy(zero_copy_only=False), np.float64)
    null = np.isnan(values)
    scaled = np.rint(np.where(null, 0, values) * 10**places).astype(np.int64)
    return _fixed_point(scaled, places, null)


def amount(cents: NDArray[np.int64]) -> pa.Array:
    """Money: dollars with two decimals from cents."""
    return _fixed_point(np.asarray(cents, np.int64), 2, np.zeros(len(cents), bool))


def plain_amount(cents: NDArray[np.int64]) -> pa.Array:
    """Money as X12 writes a number: no trailing zeros of the fraction, no trailing point ("12.5", "12")."""
    text = amount(cents)
    return pc.utf8_rtrim(pc.utf8_rtrim(text, characters="0"), characters=".")


def dates(days: NDArray[Any] | pa.Array | pa.ChunkedArray, pattern: str = "%Y-%m-%d") -> pa.Array:
    """Dates by a strftime pattern, rendered once per distinct date; null stays null."""
    return _rendered(days, "D", pattern)


def times(moments: NDArray[Any] | pa.Array | pa.ChunkedArray, pattern: str = "%Y-%m-%dT%H:%M:%S") -> pa.Array:
    """Times by a strftime pattern; null stays null."""
    return _rendered(moments, "s", pattern)


def grouped(strings: pa.Array, owners: NDArray[Any], groups: int, separator: str = "") -> pa.Array:
    """The strings of each group, joined.

    Args:
        strings: Arrow string array (rows,).
        owners: Int array (rows,), ascending: the group of each row, 0 <= owner < groups.
        groups: Number of groups; one without rows gives empty text.
        separator: Text between two strings.

    Returns:
        Arrow string array (groups,).
    """
    offsets = np.searchsorted(owners, np.arange(groups + 1)).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), strings), separator)


def interleaved(parts: Sequence[tuple[NDArray[Any], pa.Array]]) -> tuple[pa.Array, NDArray[Any]]:
    """Strings of several columns, merged by key; rows of equal key stay in the order of `parts`.

    Args:
        parts: (int array (rows,) of sort keys, Arrow string array (rows,)).

    Returns:
        The merged strings and their keys.
    """
    keys = np.concatenate([key for key, _ in parts])
    order = np.argsort(keys, kind="stable")
    return pa.concat_arrays([_combined(text) for _, text in parts]).take(pa.array(order)), keys[order]


def positions(keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Row in `keys` (distinct, any order) of each of `wanted`; -1 where it is not there."""
    order = np.argsort(keys, kind="stable")
    found = np.searchsorted(keys, wanted, sorter=order)
    found = np.minimum(found, len(keys) - 1) if len(keys) else np.zeros(len(wanted), np.int64)
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    rows = order[found]
    return np.where(keys[rows] == wanted, rows, -1)


def data(strings: pa.Array) -> memoryview:
    """The bytes of all rows, one after the other, without copying them."""
    whole_array = _combined(strings)
    if not len(whole_array):
        return memoryview(b"")
    offsets = np.frombuffer(whole_array.buffers()[1], np.int32)[whole_array.offset :]
    return memoryview(whole_array.buffers()[2] or b"")[int(offsets[0]) : int(offsets[len(whole_array)])]


def _scalar(piece: str | pa.Array | pa.ChunkedArray) -> Any:
    return pa.scalar(piece) if isinstance(piece, str) else _combined(piece)


def _combined(strings: pa.Array | pa.ChunkedArray) -> pa.Array:
    array = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    return array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array


def _array(numbers: Any) -> pa.Array:
    return _combined(numbers) if isinstance(numbers, pa.Array | pa.ChunkedArray) else pa.array(numbers)


def _fixed_point(scaled: NDArray[np.int64], places: int, null: NDArray[np.bool_]) -> pa.Array:
    sign = choose(scaled < 0, "-", "")
    units, fraction = np.divmod(np.abs(scaled), 10**places)
    text = lines(sign, whole(units), ".", padded(fraction, places)) if places else lines(sign, whole(units))
    return pc.if_else(pa.array(~null), text, pa.scalar(None, pa.string()))


def _rendered(values: Any, unit: str, pattern: str) -> pa.Array:
    array = _array(values) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    moments = array.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False).astype(f"datetime64[{unit}]")
    distinct, codes = np.unique(moments.view(np.int64), return_inverse=True)
    typed = pa.array(distinct.view(f"datetime64[{unit}]").astype("datetime64[s]"))
    return pc.strftime(typed, format=pattern).take(pa.array(codes))
