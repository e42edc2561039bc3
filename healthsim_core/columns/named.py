"""Named columns of one length, and those that are not there until they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core.columns.text import Column, Mask, Text, concat

_DEEPEST = 50  # columns that wait for one another to be read: Python calls itself a thousand times at most


class Repeated:
    """One value that stands in every row: a column that costs nothing until it is read."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Taken:
    """Rows of another column: gathered when they are read, for many never are."""

    __slots__ = ("column", "depth", "rows")

    def __init__(self, column: Column | Joined, rows: NDArray[Any]) -> None:
        self.column, self.rows, self.depth = column, rows, _depth(column) + 1

    def __len__(self) -> int:
        return len(self.rows)


class Joined:
    """One column of several sets of columns, one under the other: joined when it is read.

    What is joined and taken again and again, such as once a chunk, is read before it is `_DEEPEST` deep.
    """

    __slots__ = ("_column", "depth", "name", "parts")

    def __init__(self, parts: Sequence[Columns], name: str) -> None:
        self.parts, self.name = tuple(parts), name
        self._column: Column | None = None
        self.depth = max(part.depth(name) for part in parts) + 1
        if self.depth > _DEEPEST:
            self.read()
            self.depth = 1

    def __len__(self) -> int:
        return sum(part.rows for part in self.parts) if self._column is None else len(self._column)

    def read(self) -> Column:
        """The joined column."""
        if self._column is None:
            self._column = concat([part[self.name] for part in self.parts])
            self.parts = ()
        return self._column

    def take(self, indices: NDArray[Any]) -> Column:
        """The rows at `indices`."""
        return self.read().take(indices)


Stored = Text | NDArray[Any] | Repeated | Taken | Joined


class LengthError(ValueError):
    """Columns that are put together have different lengths."""


class Columns(Mapping[str, Column]):
    """Named columns of one length, immutable as a collection;
    a scalar or a taken row is kept as it is until its column is read.

    Args:
        data: Column by name; a scalar (str, number, bool, numpy datetime, None) is repeated in every row.
        rows: The length; needed only where every value is a scalar or there is no column.
    """

    __slots__ = ("_data", "rows")

    def __init__(self, data: Mapping[str, Any], rows: int | None = None) -> None:
        if rows is None:
            rows = next((len(v) for v in data.values() if _has_rows(v)), 0)
        self.rows: int = rows
        self._data: dict[str, Stored] = {name: _column(value) for name, value in data.items()}
        for name, column in self._data.items():
            if not isinstance(column, Repeated) and len(column) != rows:
                raise LengthError(f"column {name!r} has {len(column)} rows, the others {rows}")

    @classmethod
    def _of(cls, data: dict[str, Stored], rows: int) -> Columns:
        """Columns of other columns, which need no second look."""
        columns = cls.__new__(cls)
        columns.rows, columns._data = rows, data
        return columns

    def __getitem__(self, name: str) -> Column:
        column = self._data[name]
        if isinstance(column, Repeated):
            column = self._data[name] = _filled(column.value, self.rows)
        elif isinstance(column, Taken):
            column = self._data[name] = column.column.take(column.rows)
        elif isinstance(column, Joined):
            column = self._data[name] = column.read()
        return column

    def text(self, name: str) -> Text:
        """The column, which is of text."""
        if isinstance(column := self[name], Text):
            return column
        raise TypeError(f"column {name!r} is of {column.dtype}, not of text")

    def array(self, name: str) -> NDArray[Any]:
        """The column, which is a NumPy array."""
        if isinstance(column := self[name], Text):
            raise TypeError(f"column {name!r} is of text, not an array")
        return column

    def unread(self, name: str) -> Column | Repeated | None:
        """The column, or the value that is repeated where the column has not been read; None where there is none."""
        column = self._data.get(name)
        return self[name] if isinstance(column, Taken | Joined) else column

    def depth(self, name: str) -> int:
        """How many joined or taken columns within one another have to be read before the column is."""
        return _depth(self._data[name])

    @property
    def parts(self) -> dict[str, Stored]:
        """Every column, read or not, to be put into other columns of the same length."""
        return dict(self._data)

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def take(self, indices: NDArray[Any]) -> Columns:
        """The rows at `indices` (integer array)."""
        rows = np.asarray(indices)
        again: dict[int, NDArray[Any]] = {}  # columns that were taken together are taken together again
        data: dict[str, Stored] = {}
        for name, column in self._data.items():
            if isinstance(column, Taken):
                if id(column.rows) not in again:
                    again[id(column.rows)] = column.rows.take(rows)
                data[name] = Taken(column.column, again[id(column.rows)])
            else:
                data[name] = column if isinstance(column, Repeated) else Taken(column, rows)
        return Columns._of(data, len(rows))

    def where(self, mask: Mask) -> Columns:
        """The rows where `mask` (boolean array) is True."""
        return self.take(np.flatnonzero(mask))

    def select(self, names: Iterable[str]) -> Columns:
        """Only the columns `names`, in that order."""
        return Columns._of({name: self._data[name] for name in names}, self.rows)

    def assign(self, **columns: Any) -> Columns:
        """These columns with `columns` added or replaced."""
        return Columns({**self._data, **columns}, self.rows)

    @staticmethod
    def concat(parts: Sequence[Columns]) -> Columns:
        """The rows of all `parts`, in order; every part has the same column names."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return Columns({}, 0)
        return Columns._of({name: Joined(parts, name) for name in parts[0]}, sum(part.rows for part in parts))

    def to_pylist(self) -> list[dict[str, Any]]:
        """Rows as dictionaries: for tests and small tables."""
        lists = {n: c.to_pylist() if isinstance(c, Text) else c.tolist() for n, c in self.items()}
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]

    def __repr__(self) -> str:
        return f"Columns({self.rows} rows: {', '.join(self._data)})"


def as_columns(columns: Columns | Mapping[str, Column]) -> Columns:
    """Columns as they are, or of a mapping."""
    return columns if isinstance(columns, Columns) else Columns(columns)


def _depth(column: Stored) -> int:
    return column.depth if isinstance(column, Taken | Joined) else 0


def _has_rows(value: Any) -> bool:
    return isinstance(value, (Text, Taken, Joined, pa.Array, list, tuple)) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )


def _column(value: Any) -> Stored:
    # a tuple: four times faster than a union, and asked of every column
    if isinstance(value, (Text, Repeated, Taken, Joined)):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return Text.of(value.tolist()) if value.dtype.kind in "OU" else value
    if isinstance(value, pa.Array | list | tuple):
        return Text.of(value) if _holds_text(value) else np.asarray(value)
    return Repeated(value)


def _filled(value: Any, rows: int) -> Column:
    return Text.constant(value, rows) if value is None or isinstance(value, str) else np.full(rows, value)


def _holds_text(value: Any) -> bool:
    if isinstance(value, pa.Array):
        return bool(pa.types.is_string(value.type) or pa.types.is_dictionary(value.type))
    return any(isinstance(item, str) for item in value) or all(item is None for item in value)
