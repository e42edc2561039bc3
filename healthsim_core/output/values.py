"""A digest of what a table says, whatever file holds it: equal on every processor,
where the bytes of Parquet may not be."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa

ROWS_A_GROUP = 32_768  # of a table's files as well


class ValueDigest:
    """SHA-256 of a table's columns, group of rows by group of rows.

    Of a column count its name and its kind; of a row group where it is null, the categories in the order in which they
    first appear, and the values that are there: numbers (times in microseconds),
    and text as UTF-8 with the ends of its pieces.

    Args:
        schema: The table's Arrow schema.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._sha = hashlib.sha256("".join(f"{field.name} {_kind(field.type)}\n" for field in schema).encode())

    def add(self, rows: pa.Table) -> None:
        """Go on with a row group, whose columns are as `ordered` makes them."""
        self._sha.update(rows.num_rows.to_bytes(8, "little"))
        for column in rows.columns:
            for block in _blocks(column.chunk(0)):
                self._sha.update(block)

    def hexdigest(self) -> str:
        """The digest of what was added so far."""
        return self._sha.hexdigest()


def value_digest(rows: pa.Table) -> str:
    """The digest of a whole table, the same whatever pieces its columns lie in."""
    digest = ValueDigest(rows.schema)
    for start in range(0, rows.num_rows, ROWS_A_GROUP):
        digest.add(ordered(rows.slice(start, ROWS_A_GROUP)))
    return digest.hexdigest()


def ordered(rows: pa.Table) -> pa.Table:
    """The rows with each column in one piece, and its categories in the order in which they first appear."""
    return pa.Table.from_arrays([_ordered(column) for column in rows.columns], schema=rows.schema)


def _ordered(column: pa.ChunkedArray) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()
    whole: Any = column.unify_dictionaries().combine_chunks()
    if len(whole.dictionary) == 1 and not whole.null_count:
        return whole
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first = np.full(len(whole.dictionary) + 1, len(codes), np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    order = np.argsort(first[:-1], kind="stable")[: int((first[:-1] < len(codes)).sum())]
    renumbered = np.full(len(first), -1, np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    fresh = renumbered[codes]
    return pa.DictionaryArray.from_arrays(pa.array(fresh, mask=fresh < 0), whole.dictionary.take(pa.array(order)))


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return "category"
    return "time" if pa.types.is_timestamp(kind) else str(kind)


def _blocks(column: pa.Array) -> tuple[Any, ...]:
    """What is digested of a column's row group."""
    missing, present = np.zeros(0, bool), column
    if column.null_count:
        missing, present = column.is_null().to_numpy(zero_copy_only=False), column.drop_null()
    if pa.types.is_dictionary(column.type):
        return (np.packbits(missing), *_text(column.dictionary), _numbers(present.indices))
    return (np.packbits(missing), *(_text(present) if pa.types.is_string(column.type) else (_numbers(present),)))


def _text(column: pa.Array) -> tuple[Any, ...]:
    _, ends, content = column.buffers()
    offsets = (
        np.frombuffer(ends, np.int32)[column.offset : column.offset + len(column) + 1]
        if len(column)
        else np.zeros(1, np.int32)
    )
    return offsets - offsets[0], memoryview(content)[offsets[0] : offsets[-1]] if content is not None else b""


def _numbers(column: pa.Array) -> Any:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    if pa.types.is_boolean(column.type) or pa.types.is_floating(column.type):
        return column.to_numpy(zero_copy_only=False) + 0.0  # one zero
    width, content = column.type.bit_width // 8, column.buffers()[1]
    return (
        memoryview(content)[column.offset * width : (column.offset + len(column)) * width]
        if content is not None
        else b""
    )
