"""Tables, declared once: from the declaration come the Arrow schema, the DuckDB table,
the dictionary and the checks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text
from healthsim_core.errors import TableError, UnknownNameError, nearest, suggestion

_ARROW: dict[str, pa.DataType] = {
    "id": pa.int64(),
    "integer": pa.int32(),
    "number": pa.float64(),
    "money": pa.decimal128(14, 2),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("s"),
    "text": pa.string(),
    "category": pa.dictionary(pa.int32(), pa.string()),
}
_SQL = {
    "id": "BIGINT",
    "integer": "INTEGER",
    "number": "DOUBLE",
    "money": "DECIMAL(14,2)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP_S",
    "text": "VARCHAR",
    "category": "VARCHAR",
}


def _names(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


@attrs.frozen
class Field:
    """One column of a declared table.

    Attributes:
        name: The column's name.
        type: id (int64, 0 for null), integer, number, money (int64 cents in, DECIMAL(14,2) out), boolean, date,
            datetime, text (mostly distinct values) or category (few values).
        description: One sentence for the data dictionary.
        unit: Unit of measure, where there is one.
        nullable: Whether null may stand in it.
        references: "product.table" whose key the column holds, where it refers to one.
        codes: Name of the code system or value set that its texts are of, such as "icd-10-cm"; the name of another
            field in brackets, such as "[system]", where that field says which; "" for free text.
        least: Of a number, the least that it may be.
        above: Of a number, what it exceeds.
        most: Of a number, the most that it may be.
        sum_of: Of an amount or a number, the fields of the same table whose sum it is; or one "product.table.column",
            whose sum it is over the rows that refer to this one. Null counts as nothing.
        signed_by: Name of the field whose LOINC code says whether it may be below `least` after all,
            as a base excess may.
    """

    name: str
    type: str = attrs.field(validator=attrs.validators.in_(_ARROW))
    description: str
    unit: str = ""
    nullable: bool = False
    references: str = ""
    codes: str = ""
    least: float | None = None
    above: float | None = None
    most: float | None = None
    signed_by: str = ""
    sum_of: tuple[str, ...] = attrs.field(default=(), converter=_names)

    @property
    def said_by(self) -> str:
        """Name of the field that says which code system its codes are of, where one does."""
        return self.codes.strip("[]") if self.codes.startswith("[") else ""

    @property
    def arrow(self) -> pa.Field:
        """The column of the Arrow schema."""
        metadata = {"description": self.description, **({"unit": self.unit} if self.unit else {})}
        return pa.field(self.name, _ARROW[self.type], nullable=self.nullable, metadata=metadata)

    @property
    def sql(self) -> str:
        """The column's DuckDB type."""
        return _SQL[self.type]

    def nulls(self, rows: int) -> Column:
        """A column of nulls, as handlers see it."""
        return _NULLS[self.type](rows)


def _fields(value: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(value)


@attrs.frozen
class Table:
    """A declared table.

    Attributes:
        name: "product.table".
        fields: The columns, in order.
        key: Names of the columns that identify a row.
        description: One sentence for the data dictionary.
        person: Name of the column that holds the person, "" for a table that has no person (providers, study design).
    """

    name: str
    fields: tuple[Field, ...] = attrs.field(converter=_fields)
    key: tuple[str, ...]
    description: str
    person: str = "person_id"

    @functools.cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([field.arrow for field in self.fields], metadata={"description": self.description})

    def field(self, name: str) -> Field:
        """The column called `name`."""
        return next(field for field in self.fields if field.name == name)

    @functools.cached_property
    def _empty(self) -> pa.Table:
        return self.schema.empty_table()

    def empty(self) -> pa.Table:
        """The table without rows, with its types."""
        return self._empty

    def arrow(self, columns: Columns) -> pa.Table:
        """Convert a handler's columns to the declared types.

        Args:
            columns: The declared columns; a nullable one may be left out.

        Raises:
            TableError: A column is unknown, missing, of another type, or null where that is not allowed.
        """
        known = [field.name for field in self.fields]
        for name in columns:
            if name not in known:
                raise TableError(f'the table has no column "{name}".', self.name, suggestion(name, known))
        arrays = [self._array(field, columns) for field in self.fields]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _array(self, field: Field, columns: Columns) -> pa.Array:
        if field.name not in columns and not field.nullable:
            raise TableError(f'the column "{field.name}" is missing.', self.name, "It is declared as not nullable.")
        column = columns[field.name] if field.name in columns else field.nulls(columns.rows)
        try:
            array = to_arrow(column, field.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError, TypeError, ValueError) as error:
            raise TableError(f'the column "{field.name}" is not of type {field.type}: {error}', self.name) from error
        if array.null_count and not field.nullable:
            raise TableError(
                f'the column "{field.name}" holds {array.null_count} nulls.', self.name, "Declare it nullable."
            )
        return array


Value = TypeVar("Value")


class ByTable(dict[str, Value]):
    """Something of each table, by name; an unknown name is an error that names the nearest."""

    def __missing__(self, name: str) -> Value:
        raise no_table(name, self)


def no_table(name: Any, known: Iterable[str]) -> UnknownNameError:
    """An error for a table that is not there, with the nearest that is: by its whole name, or without its product's."""
    by_word = {word: table for table in sorted(known) for word in (table.split(".", 1)[-1], table)}
    near = by_word.get(nearest(str(name).replace("-", "_"), by_word))
    remedy = f'Did you mean "{near}"?' if near else f"There are {', '.join(sorted(known))}."
    return UnknownNameError(f'no table is called "{name}".', "tables", remedy)


def to_arrow(column: Column, kind: str) -> pa.Array:
    """An Arrow array of a declared type from a column; see `Field.type`."""
    if kind in ("text", "category"):
        return column.to_arrow(categorical=kind == "category")  # type: ignore[union-attr]
    values = np.asarray(column)
    if kind == "money":
        return money(values)
    if kind == "id":
        return pa.array(values.astype(np.int64, copy=False), mask=_mask(values == 0))
    if kind == "date":
        return pa.array(values.astype("datetime64[D]", copy=False))
    if kind == "datetime":
        return pa.array(values.astype("datetime64[s]", copy=False))
    if kind == "number":
        numbers = values.astype(np.float64, copy=False)
        return pa.array(
            numbers if not np.isinf(numbers).any() else np.where(np.isinf(numbers), np.nan, numbers), from_pandas=True
        )
    if kind == "boolean":
        return pa.array(values.astype(bool, copy=False))
    whole, null = _whole(values)
    return pa.array(whole, mask=null).cast(pa.int32())  # refuses what does not fit


def money(cents: NDArray[Any]) -> pa.Array:
    """DECIMAL(14,2) from int64 cents, or from float64 cents with NaN for null."""
    low, null = _whole(cents)
    sixteen_bytes = np.empty((len(low), 2), np.int64)
    sixteen_bytes[:, 0] = low
    np.right_shift(low, 63, out=sixteen_bytes[:, 1])
    validity = pa.py_buffer(np.packbits(~null, bitorder="little")) if null is not None else None
    return pa.Array.from_buffers(_ARROW["money"], len(low), [validity, pa.py_buffer(sixteen_bytes)])


def cents(amounts: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Int64 cents from a DECIMAL(14,2) array; null becomes 0."""
    whole = amounts.combine_chunks() if isinstance(amounts, pa.ChunkedArray) else amounts
    if not len(whole):
        return np.empty(0, np.int64)
    filled = whole.fill_null(0)  # of a slice, with or without the rows before it
    words = np.frombuffer(filled.buffers()[1], np.int64)
    return words[2 * filled.offset : 2 * (filled.offset + len(filled)) : 2].copy()


def from_arrow(table: pa.Table) -> Columns:
    """Columns from an Arrow table: money as cents, ids with 0 for null, text dictionary-coded."""
    return Columns({name: column_from_arrow(table[name]) for name in table.column_names}, table.num_rows)


def column_from_arrow(array: pa.ChunkedArray | pa.Array) -> Column:
    """One column from an Arrow array; see `from_arrow`."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_large_string(kind):
        return Text.of(array)
    if pa.types.is_decimal(kind):
        return cents(array)
    if pa.types.is_int64(kind) and array.null_count:
        array = array.fill_null(0)
    if pa.types.is_date(kind):
        return _numpy(array.cast(pa.timestamp("s"))).astype("datetime64[D]")
    return _numpy(array)


def _numpy(array: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    return np.asarray(array.to_numpy() if isinstance(array, pa.ChunkedArray) else array.to_numpy(zero_copy_only=False))


def _whole(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
    """Int64 values, and where they are null (NaN, or infinite), if anywhere."""
    if values.dtype.kind != "f":
        return values.astype(np.int64, copy=False), None
    null = ~np.isfinite(values)
    return np.where(null, 0, values).astype(np.int64), _mask(null)


def _mask(null: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return null if null.any() else None


_NULLS: dict[str, Callable[[int], Column]] = {
    "id": lambda rows: np.zeros(rows, np.int64),
    "integer": lambda rows: np.full(rows, np.nan),
    "number": lambda rows: np.full(rows, np.nan),
    "money": lambda rows: np.full(rows, np.nan),
    "boolean": lambda rows: np.zeros(rows, bool),
    "date": lambda rows: np.full(rows, np.datetime64("NaT"), "datetime64[D]"),
    "datetime": lambda rows: np.full(rows, np.datetime64("NaT"), "datetime64[s]"),
    "text": lambda rows: Text.constant(None, rows),
    "category": lambda rows: Text.constant(None, rows),
}
