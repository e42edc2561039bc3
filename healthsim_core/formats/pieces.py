"""Rows of text joined from columns at the speed of a file write: each byte is copied once.

A *piece* is a string (the same in every row), a `Text` column, an Arrow string array, or several of them side by side
(`Joined`). Nulls are empty text unless `optional` drops the piece around them as well.

`lines` puts the distinct values of all its pieces into one array, says of each row which of them it consists of, and
lets one `take` copy them: the bytes that it returns are those that are written. What costs is the number of pieces:
where rows are many (`batches`), neighbours of few combinations are joined beforehand.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.formats.distinct import combinations

Piece: TypeAlias = Union[str, Text, pa.Array, "Joined"]

_NOTHING = pa.array([""])
_INDEXED = 8_192  # rows of which it is said at once of which values they consist
_COMBINATIONS = 4_096  # of neighbouring columns' values, up to which they are joined beforehand
_ROWS_A_COMBINATION = 4  # at least: joining beforehand has to save more than it costs


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
    row = joined(*pieces)
    pool, bases = _pooled(row)
    return _copied(pool, _indexed(row.columns, bases, slice(0, len(row))), len(bases))


def batches(*pieces: Piece, rows: int = 1_024) -> Iterator[pa.Array]:
    """What `lines` gives, in stretches of at most `rows` rows:
    few enough bytes to be still in the cache when written."""
    row = _fused(joined(*pieces))
    pool, bases = _pooled(row)
    for start in range(0, len(row), _INDEXED):
        index = _indexed(row.columns, bases, slice(start, min(start + _INDEXED, len(row))))
        for first in range(0, len(index), rows * len(bases)):
            yield _copied(pool, index.slice(first, rows * len(bases)), len(bases))


def together(pieces: Callable[..., Sequence[Piece]], *columns: Text) -> Text:
    """One column of what `pieces` makes of the columns, made and joined once per combination of their values.

    Args:
        pieces: From columns to pieces, at least one of them a column; of each row, by this row alone.
        columns: At least one.
    """
    codes, sample = combinations(columns)
    return Text(codes, lines(*pieces(*(column[sample] for column in columns))))


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
    rows = np.split(place, np.cumsum([len(key) for key, _ in parts])[:-1])
    sides = itertools.zip_longest(*(_fused(joined(piece)).columns for _, piece in parts))
    return Joined([_spread(columns, rows, len(keys)) for columns in sides])


def optional(before: str, column: Text | pa.Array, after: str = "") -> Text:
    """`before + value + after` where there is a value, null where there is none."""
    text = as_text(column)
    return Text(
        text.codes, pc.binary_join_element_wise(pa.scalar(before), text.values, pa.scalar(after), pa.scalar(""))
    )


def choose(mask: NDArray[np.bool_], then: Piece, otherwise: Piece) -> Text | Joined:
    """`then` where `mask` is True, `otherwise` elsewhere."""
    sides = itertools.zip_longest(_columns([then]), _columns([otherwise]))
    columns = [_either(mask, *(_repeated(column, len(mask)) for column in side)) for side in sides]
    return columns[0] if len(columns) == 1 else Joined(columns)


def _fused(row: Joined) -> Joined:
    """The same text in fewer columns: neighbours whose values make few combinations become one column of these."""
    columns: list[str | Text] = []
    together: list[str | Text] = []
    size, most = 1, min(_COMBINATIONS, len(row) // _ROWS_A_COMBINATION)
    for column in map(_constant, row.columns):
        values = 1 if isinstance(column, str) else len(column.values) + 1
        if size * values > most and together:
            columns.append(_together(together))
            together, size = [], 1
        together.append(column)
        size *= values
    columns.append(_together(together))
    # which tells how many rows there are
    return Joined(columns) if any(isinstance(column, Text) for column in columns) else row


def _constant(column: str | Text) -> str | Text:
    """The string itself where it is the same in every row."""
    if isinstance(column, str) or len(column.values) != 1 or not len(column) or column.codes.min() < 0:
        return column
    value: str = column.values[0].as_py()
    return value


def _together(columns: list[str | Text]) -> str | Text:
    varied = [column for column in columns if isinstance(column, Text)]
    if not varied:
        return "".join(column for column in columns if isinstance(column, str))
    if len(columns) == 1:
        return columns[0]
    if len(varied) == 1 and len(varied[0]) and varied[0].codes.min() >= 0:
        values = [pa.scalar(column) if isinstance(column, str) else column.values for column in columns]
        return Text(varied[0].codes, pc.binary_join_element_wise(*values, "", null_handling="replace"))
    codes, sample = combinations(varied)
    return Text(codes, lines(*(column if isinstance(column, str) else column[sample] for column in columns)))


def _pooled(row: Joined) -> tuple[pa.Array, list[int]]:
    """The distinct values of all columns, and where each column's begin; before them stands the empty text: -1,
    null."""
    pool, starts, bases, size = [_NOTHING], {}, [], 1
    for column in row.columns:
        values = pa.array([column]) if isinstance(column, str) else column.values
        if id(values) not in starts:
            starts[id(values)] = size
            pool += [values, _NOTHING]
            size += len(values) + 1
        bases.append(starts[id(values)])
    return pa.concat_arrays(pool), bases


def _indexed(columns: Sequence[str | Text], bases: Sequence[int], rows: slice) -> pa.Array:
    """Which values the rows consist of: as many of each row as there are columns."""
    same = np.zeros(rows.stop - rows.start, np.int32)
    codes = np.array([same if isinstance(column, str) else column.codes[rows] for column in columns])
    return pa.array(np.add(codes.T, np.array(bases, np.int32), order="C").reshape(-1))


def _copied(pool: pa.Array, index: pa.Array, columns: int) -> pa.Array:
    return spanned(pc.take(pool, index, boundscheck=False), slice(None, None, columns))


def _columns(pieces: Iterable[Piece]) -> Iterable[str | Text]:
    for piece in pieces:
        if isinstance(piece, Joined):
            yield from piece.columns
        elif not isinstance(piece, str):
            yield as_text(piece)
        elif piece:
            yield piece


def as_text(column: Text | pa.Array | pa.ChunkedArray) -> Text:
    """The column as it is, or strings, each its own value."""
    if isinstance(column, Text):
        return column
    strings = combined(column)
    whole_text = Text.distinct(strings)
    return whole_text.only(np.asarray(strings.is_valid())) if strings.null_count else whole_text


def _repeated(column: str | Text | None, rows: int) -> Text:
    return column if isinstance(column, Text) else Text.constant(column, rows)


def _either(mask: NDArray[np.bool_], first: Text, second: Text) -> Text:
    if mask.all():
        return first
    if not len(second.values):
        return first.only(mask)
    second_codes = np.where(second.codes < 0, np.int32(-1), second.codes + np.int32(len(first.values)))
    return Text(np.where(mask, first.codes, second_codes), pa.concat_arrays([first.values, second.values]))


def _spread(columns: Sequence[str | Text | None], rows: Sequence[NDArray[np.int64]], total: int) -> Text:
    """One column of several, each of which has some of the rows."""
    codes, values, start = np.full(total, -1, np.int32), [], 0
    for column, where in zip(
        (_repeated(column, len(where)) for column, where in zip(columns, rows, strict=True)), rows, strict=True
    ):
        codes[where] = np.where(column.codes < 0, -1, column.codes + np.int32(start))
        values.append(column.values)
        start += len(column.values)
    return Text(codes, pa.concat_arrays(values))


def spanned(strings: pa.Array, bounds: NDArray[Any] | slice) -> pa.Array:
    """The strings between one bound and the next, joined: the same bytes with fewer offsets."""
    _, offsets, content = strings.buffers()
    fewer = np.ascontiguousarray(np.frombuffer(offsets, np.int32)[strings.offset :][: len(strings) + 1][bounds])
    return pa.StringArray.from_buffers(len(fewer) - 1, pa.py_buffer(fewer), content or pa.py_buffer(b""))


def combined(strings: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array, not categorical."""
    array = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    return array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array
