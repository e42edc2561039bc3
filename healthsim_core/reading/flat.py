"""Nested columns made flat: a column for every member that a record has, named by its path."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def flat(table: pa.Table) -> pa.Table:
    """A table whose columns are texts, numbers and booleans.

    Members of structs are named `name.member`, elements of lists `name[0]`. Numbers become doubles, and whole ones of
    64 bits stay whole. A column of nulls alone is left out.

    Args:
        table: Rows with columns of any type.

    Returns:
        As many rows.
    """
    batches = [_flat_batch(batch) for batch in table.to_batches() if batch.num_rows]
    return pa.concat_tables(batches, promote_options="permissive") if batches else table.slice(0, 0).select([])


def _flat_batch(batch: pa.RecordBatch) -> pa.Table:
    arrays: dict[str, pa.Array] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        arrays |= {path: array for path, array in _flat(name, column) if array.null_count < len(array)}
    return pa.table(arrays) if arrays else pa.Table.from_batches([batch]).select([])


def _flat(path: str, array: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    kind = array.type
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _flat(f"{path}.{field.name}", pc.struct_field(array, field.name))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        if (lengths == 1).all():
            yield from _flat(f"{path}[0]", array.flatten())
            return
        starts = array.offsets.to_numpy()[:-1]
        for index in range(int(lengths.max(initial=0))):
            absent = lengths <= index
            yield from _flat(
                f"{path}[{index}]", array.values.take(pa.array(np.where(absent, 0, starts + index), mask=absent))
            )
    else:
        yield path, _plain(array)


def _plain(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_int64(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return array
    if pa.types.is_integer(kind):
        return array.cast(pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return array.cast(pa.float64())
    return array.cast(pa.string())
