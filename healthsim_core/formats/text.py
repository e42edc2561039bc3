"""Text assembled from columns at the speed of a file write: render once per distinct value, then copy each byte once.

A *piece* is a string (the same in every row), a `Text` column, an Arrow string array, or several of them side by side
(`Joined`). Nulls are empty text unless `optional` drops the piece around them as well.

`lines` puts the distinct values of all its pieces into one array, says of each row which of them it consists of, and lets
one `take` copy them: the bytes that it returns are those that are written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text

Piece: TypeAlias = Union[str, Text, pa.Array, "Joined"]

_NOTHING = pa.array([""])
_BLOCK = 1_024  # days rendered at once
_SPARSE = 4  # days a row from the first to the last, above which only the days that are there are rendered


class Joined:
    """Columns of text side by side, not joined before the line is that they are part of."""

    __slots__ = ("columns",)

    def __init__(self, columns: Sequence[str | Text]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return next(len(column) for column in self.columns if isinstance(column, Text))

    def __getitem__(self, key: Any) -> Joined:
        return Joined([column if isinstance(column, str) else column[key] for column in self.columns])


def joined(*pieces: Piece) -> Joined:
    """The pieces of a row, side by side: what `lines` would give, as a piece."""
    columns: list[str | Text] = []
    for column in _columns(pieces):
        if isinstance(column, str) and columns and isinstance(columns[-1], str):
            columns[-1] += column
        else:
            columns.append(column)
    return Joined(columns)


def lines(*pieces: Piece) -> pa.Array:
    """One string a row: the pieces of the row, joined.

    Args:
        pieces: At least one must be a column.

    Returns:
        Arrow string array (rows,).
    """
    pool, index = _chosen(joined(*pieces))
    return _copied(pool, index)


def batches(*pieces: Piece, rows: int = 8_192) -> Iterator[pa.Array]:
    """What `lines` gives, in stretches of at most `rows` rows: few enough bytes to be still in the cache when written."""
    pool, index = _chosen(joined(*pieces))
    for start in range(0, len(index), rows):
        yield _copied(pool, index[start : start + rows])


def merged(parts: Sequence[tuple[NDArray[Any], Piece]]) -> Joined:
    """Rows of several pieces, merged by key; rows of equal key stay in the order of `parts`.

    Args:
        parts: (int array (rows,) of sort keys, piece of as many rows).
    """
    if len(parts) == 1:
        return joined(parts[0][1])
    keys = np.concatenate([key for key, _ in parts])
    place = np.empty(len(keys), np.int64)
    place[np.argsort(keys, kind="stable")] = np.arange(len(keys))
    columns, start = [], 0
    for key, piece in parts:
        rows, start = place[start : start + len(key)], start + len(key)
        for column in map(functools.partial(_repeated, rows=len(rows)), _columns([piece])):
            codes = np.full(len(keys), -1, np.int32)
            codes[rows] = column.codes
            columns.append(Text(codes, column.values))
    return Joined(columns)


def optional(before: str, column: Text | pa.Array, after: str = "") -> Text:
    """`before + value + after` where there is a value, null where there is none."""
    text = _text(column)
    return Text(text.codes, pc.binary_join_element_wise(pa.scalar(before), text.values, pa.scalar(after), pa.scalar("")))


def choose(mask: NDArray[np.bool_], then: Piece, otherwise: Piece) -> Text | Joined:
    """`then` where `mask` is True, `otherwise` elsewhere."""
    sides = [list(_columns([piece])) for piece in (then, otherwise)]
    if max(map(len, sides)) == 1:
        first, second = (_repeated(side[0], len(mask)) if side else Text.constant(None, len(mask)) for side in sides)
        there = np.where(second.codes < 0, np.int32(-1), second.codes + np.int32(len(first.values)))
        values = pa.concat_arrays([first.values, second.values]) if len(second.values) else first.values
        return Text(np.where(mask, first.codes, there), values)
    chosen = [(side, chosen) for side, chosen in zip(sides, (mask, ~mask), strict=True)]
    return Joined([_where(chosen, _repeated(column, len(mask))) for side, chosen in chosen for column in side])


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


def plain_amount(cents: NDArray[np.int64]) -> Joined:
    """Money as X12 writes a number: no trailing zeros of the fraction, no trailing point ("12.5", "12")."""
    magnitude = np.abs(cents)
    units = magnitude // 100
    sign = [Text(np.where(cents < 0, 0, -1), ["-"])] if (cents < 0).any() else []
    return Joined([*sign, _text(whole(units)), Text(magnitude - units * 100, _fractions())])


def dates(days: NDArray[Any] | pa.Array | pa.ChunkedArray, pattern: str = "%Y-%m-%d") -> Text:
    """Dates (of days or of times) by a strftime pattern, rendered once per distinct date; null stays null."""
    values = _moments(days)
    null = np.isnat(values)
    number = values.view(np.int64) if values.dtype == "datetime64[D]" else values.astype("datetime64[s]").view(np.int64) // 86_400
    if null.any():
        if null.all():
            return Text.constant(None, len(values))
        number = np.where(null, number[~null].min(), number)
    if not len(number):
        return Text.constant(None, 0)
    first, last = int(number.min()) // _BLOCK, int(number.max()) // _BLOCK
    if (last - first) * _BLOCK > _SPARSE * len(number):
        distinct, codes = np.unique(number, return_inverse=True)
        rendered = _strftime(distinct * 86_400, pattern)
    else:
        codes, rendered = number - first * _BLOCK, _calendar(first, last, pattern)
    return Text(np.where(null, -1, codes) if null.any() else codes, rendered)


def times(moments: NDArray[Any] | pa.Array | pa.ChunkedArray, pattern: str = "%Y-%m-%dT%H:%M:%S") -> Text:
    """Times by a strftime pattern, rendered once per distinct time; null stays null."""
    distinct, codes = np.unique(_moments(moments).astype("datetime64[s]").view(np.int64), return_inverse=True)
    return Text(codes, _strftime(distinct, pattern))


def clock(moments: NDArray[Any] | pa.Array | pa.ChunkedArray, separator: str = ":") -> Joined:
    """Times of day, with `separator` between hours, minutes and seconds; null is empty."""
    values = _moments(moments).astype("datetime64[s]")
    seconds = values.view(np.int64)
    minutes = seconds // 60
    null = np.isnat(values)
    minute, second = minutes % 1_440, seconds - minutes * 60
    if null.any():
        minute, second = np.where(null, -1, minute), np.where(null, -1, second)
    return Joined([Text(minute, _minutes(separator)), Text(second, _seconds())])


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
    if not separator and len(strings):
        return _spanned(strings, offsets)
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


def _chosen(row: Joined) -> tuple[pa.Array, NDArray[np.int32]]:
    """The distinct values of all columns, and which of them each row consists of (rows, columns)."""
    index = np.empty((len(row), len(row.columns)), np.int32)
    pool, base, size = [_NOTHING], {}, 1  # before the values of each column stands the empty text: -1, null
    for position, column in enumerate(row.columns):
        values = pa.array([column]) if isinstance(column, str) else column.values
        if id(values) not in base:
            base[id(values)] = size
            pool += [values, _NOTHING]
            size += len(values) + 1
        np.add(0 if isinstance(column, str) else column.codes, base[id(values)], out=index[:, position])
    return pa.concat_arrays(pool), index


def _copied(pool: pa.Array, index: NDArray[np.int32]) -> pa.Array:
    rows, columns = index.shape
    return _spanned(pool.take(pa.array(index.reshape(-1))), np.arange(rows + 1) * columns)


def _columns(pieces: Iterable[Piece]) -> Iterable[str | Text]:
    for piece in pieces:
        if isinstance(piece, Joined):
            yield from piece.columns
        elif not isinstance(piece, str):
            yield _text(piece)
        elif piece:
            yield piece


def _text(column: Text | pa.Array | pa.ChunkedArray) -> Text:
    if isinstance(column, Text):
        return column
    strings = _combined(column)
    whole_text = Text.distinct(strings)
    return _where(np.asarray(strings.is_valid()), whole_text) if strings.null_count else whole_text


def _repeated(column: str | Text, rows: int) -> Text:
    return Text.constant(column, rows) if isinstance(column, str) else column


def _where(mask: NDArray[np.bool_], column: Text) -> Text:
    return Text(np.where(mask, column.codes, np.int32(-1)), column.values)


def _spanned(strings: pa.Array, bounds: NDArray[Any]) -> pa.Array:
    """The strings between one bound and the next, joined: the same bytes with fewer offsets."""
    _, offsets, content = strings.buffers()
    fewer = np.frombuffer(offsets, np.int32)[strings.offset :][bounds]
    return pa.StringArray.from_buffers(len(fewer) - 1, pa.py_buffer(fewer), content or pa.py_buffer(b""))


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


def _moments(values: Any) -> NDArray[Any]:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        values = _combined(values).cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)
    moments: NDArray[Any] = values
    return moments


@functools.lru_cache(maxsize=256)
def _calendar(first: int, last: int, pattern: str) -> pa.Array:
    return pa.concat_arrays([_days(block, pattern) for block in range(first, last + 1)])


@functools.cache
def _days(block: int, pattern: str) -> pa.Array:
    return _strftime((block * _BLOCK + np.arange(_BLOCK)) * 86_400, pattern)


def _strftime(seconds: NDArray[np.int64], pattern: str) -> pa.Array:
    return pc.strftime(pa.array(seconds.view("datetime64[s]")), format=pattern)


@functools.cache
def _minutes(separator: str) -> pa.Array:
    return pa.array([f"{minute // 60:02d}{separator}{minute % 60:02d}{separator}" for minute in range(1_440)])


@functools.cache
def _seconds() -> pa.Array:
    return pa.array([f"{second:02d}" for second in range(60)])


@functools.cache
def _fractions() -> pa.Array:
    return pa.array(["", *(f".{cents:02d}".rstrip("0") for cents in range(1, 100))])
