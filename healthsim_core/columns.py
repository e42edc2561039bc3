"""Equal-length named columns: NumPy arrays, and dictionary-coded text.

Numbers are NumPy arrays with NaN for null; dates are `datetime64[D]` and times `datetime64[s]` with NaT for null; ids
are `int64` with 0 for null; money is `int64` cents; text is `Text`, codes into distinct values with -1 for null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Union

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
_EXACT = 2.0**53  # below it, floats hold whole numbers exactly
Column = Union[NDArray[Any], "Text"]

_SPARE = 4  # values a row, above which those that no row has are left alone
_DEEPEST = 50  # columns that wait for one another to be read: Python calls itself a thousand times at most


class Text:
    """A column of text: `codes` (int32, -1 for null) into `values` (a `pa.StringArray`).

    Comparison with a string gives a boolean array, as with NumPy; null equals nothing.
    """

    __slots__ = ("codes", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, codes: NDArray[Any], values: pa.Array | Sequence[str]) -> None:
        self.codes: NDArray[np.int32] = np.asarray(codes, dtype=np.int32)
        self.values: pa.Array = values if isinstance(values, pa.Array) else pa.array(values, pa.string())

    @classmethod
    def of(cls, strings: Iterable[str | None] | pa.Array | pa.ChunkedArray) -> Text:
        """Encode strings (any iterable, or an Arrow array); None becomes null."""
        array = strings if isinstance(strings, pa.Array | pa.ChunkedArray) else pa.array(list(strings), pa.string())
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if not pa.types.is_dictionary(array.type):
            array = _as_string(array).dictionary_encode()
        indices = array.indices.fill_null(-1) if array.indices.null_count else array.indices
        return cls(indices.to_numpy(zero_copy_only=False), _as_string(array.dictionary))

    @classmethod
    def constant(cls, value: str | None, rows: int) -> Text:
        """The same value in every row; None gives a null column."""
        if value is None:
            return cls(np.full(rows, -1, np.int32), pa.array([], pa.string()))
        return cls(np.zeros(rows, np.int32), pa.array([value], pa.string()))

    @classmethod
    def distinct(cls, strings: pa.Array) -> Text:
        """Wrap an Arrow string array whose every row is its own value, without encoding it."""
        return cls(np.arange(len(strings), dtype=np.int32), strings)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, key: Any) -> Text:
        return Text(self.codes[key], self.values)

    def take(self, indices: NDArray[Any]) -> Text:
        """The rows at `indices`."""
        return Text(self.codes.take(indices), self.values)

    def take_or_null(self, indices: NDArray[Any]) -> Text:
        """The rows at `indices`; null where an index is negative, as of what was not found."""
        return Text(np.append(self.codes, np.int32(-1))[np.maximum(indices, -1)], self.values)

    def only(self, mask: Mask) -> Text:
        """This text where `mask` (boolean array) is True, null elsewhere."""
        return Text(np.where(mask, self.codes, np.int32(-1)), self.values)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Text):
            words: dict[str, int] = {}
            ours = [words.setdefault(value, len(words)) for value in self.values.to_pylist()]
            theirs = [words.setdefault(value, len(words)) for value in other.values.to_pylist()]
            return np.asarray(np.array([*ours, -1])[self.codes] == np.array([*theirs, -2])[other.codes])
        return self.isin([other])

    def __ne__(self, other: object) -> Any:
        return ~(self == other)

    def isin(self, wanted: Iterable[object]) -> Mask:
        """Boolean array (rows): True where the value is one of `wanted`."""
        chosen = {str(value) for value in wanted if value is not None}
        return self.map(lambda value: value in chosen, np.bool_, False)

    def is_null(self) -> Mask:
        """Boolean array (rows): True where there is no value."""
        return np.asarray(self.codes < 0)

    def map(self, function: Callable[[str], Any], dtype: Any = np.float64, null: Any = np.nan) -> NDArray[Any]:
        """An array of `dtype`: `function` of each row's value, computed once per distinct value."""
        used = self._used()
        table = np.array([*map(function, used.values.to_pylist()), null], dtype=dtype)
        return np.asarray(table[used.codes])

    def recode(self, function: Callable[[str], str | None]) -> Text:
        """Another text: `function` of each row's value, computed once per distinct value."""
        used = self._used()
        if len(used.values) == 0:
            return used
        encoded = Text.of(map(function, used.values.to_pylist()))
        return Text(np.append(encoded.codes, np.int32(-1))[used.codes], encoded.values)

    def _used(self) -> Text:
        """Itself; with the values of its rows alone, where there are far more than rows (a few people,
        and all ZIP codes)."""
        if len(self.values) <= _SPARE * len(self.codes):
            return self
        known = self.codes >= 0
        used, codes = np.unique(self.codes[known], return_inverse=True)
        found = np.full(len(self.codes), -1, np.int32)
        found[known] = codes
        return Text(found, self.values.take(pa.array(used)))

    def or_else(self, other: Text | str) -> Text:
        """This text, with nulls replaced by `other`."""
        other = other if isinstance(other, Text) else Text.constant(other, len(self))
        codes = np.where(self.codes >= 0, self.codes, np.where(other.codes >= 0, other.codes + len(self.values), -1))
        return Text(codes, pa.concat_arrays([self.values, other.values]))

    def to_arrow(self, categorical: bool = False) -> pa.Array:
        """A plain string array, or a dictionary array where `categorical`."""
        if not categorical:
            return self.values if self._each_its_own() else self.values.take(_indices(self.codes))
        distinct = _compact(self)
        return pa.DictionaryArray.from_arrays(_indices(distinct.codes), distinct.values)

    def _each_its_own(self) -> bool:
        rows = len(self.codes)
        return rows == len(self.values) and bool((self.codes == np.arange(rows, dtype=np.int32)).all())

    def to_pylist(self) -> list[str | None]:
        """The values as Python strings and None: for tests and small tables."""
        return self.to_arrow().to_pylist()  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Text({len(self)} rows, {len(self.values)} values)"


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


def spelled(numbers: NDArray[Any]) -> Text:
    """Numbers as text, as short as can be, whole ones with all their digits; NaN is null."""
    return Text.of([None if value != value else _spelled(float(value)) for value in numbers.tolist()])


def _spelled(value: float) -> str:
    return f"{value:.0f}" if abs(value) < _EXACT and value.is_integer() else f"{value:g}"


def is_null(column: Column) -> Mask:
    """Boolean array (rows): True where there is no value; of whole numbers that is nowhere."""
    if isinstance(column, Text):
        return column.is_null()
    return np.asarray(
        np.isnat(column)
        if column.dtype.kind in "mM"
        else np.isnan(column)
        if column.dtype.kind == "f"
        else np.zeros(len(column), bool)
    )


def as_columns(columns: Columns | Mapping[str, Column]) -> Columns:
    """Columns as they are, or of a mapping."""
    return columns if isinstance(columns, Columns) else Columns(columns)


def concat(parts: Sequence[Column]) -> Column:
    """One column of the rows of all `parts`."""
    if not any(isinstance(part, Text) for part in parts):
        return np.concatenate(parts)  # type: ignore[arg-type]
    texts = [part if isinstance(part, Text) else Text.constant(None, len(part)) for part in parts]
    worded = {id(text.values): text.values for text in texts if len(text.values)}
    if len(worded) <= 1:  # nulls beside text, or rows of one text
        return Text(np.concatenate([text.codes for text in texts]), next(iter(worded.values()), texts[0].values))
    offsets = dict(zip(worded, np.cumsum([0, *map(len, worded.values())]), strict=False))
    codes = [np.where(t.codes < 0, -1, t.codes + offsets.get(id(t.values), 0)) for t in texts]
    return _compact(Text(np.concatenate(codes), pa.concat_arrays(list(worded.values()))))


def _as_string(array: pa.Array) -> pa.Array:
    return array if pa.types.is_string(array.type) else array.cast(pa.string())


def _indices(codes: NDArray[np.int32]) -> pa.Array:
    null = codes < 0
    return pa.array(codes, mask=null) if null.any() else pa.array(codes)


def _compact(text: Text) -> Text:
    encoded = text.values.dictionary_encode()
    if len(encoded.dictionary) == len(text.values):
        return text
    remap = np.append(encoded.indices.to_numpy(zero_copy_only=False), -1)
    return Text(remap[text.codes], encoded.dictionary)


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
