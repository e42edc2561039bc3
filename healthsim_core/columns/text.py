"""A column of text, dictionary-coded; and what any column is asked: whether it is null, and several in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Union

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Column = Union[NDArray[Any], "Text"]

_EXACT = 2.0**53  # below it, floats hold whole numbers exactly
_SPARE = 4  # values a row, above which those that no row has are left alone


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
        remapped = np.full(len(self.codes), -1, np.int32)
        remapped[known] = codes
        return Text(remapped, self.values.take(pa.array(used)))

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
