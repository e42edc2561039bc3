"""Parquet with the same bytes for any chunking: rows are regrouped, and each group's dictionaries rebuilt in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_core.formats.destination import refused

ROWS_A_GROUP = 32_768


class ParquetFile:
    """A Parquet file that is written chunk by chunk.

    Args:
        path: Where it lies.
        name: How errors name it.
        schema: Its Arrow schema.
    """

    def __init__(self, path: Path, name: str, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._name, self.rows = name, 0
        self._waiting: list[pa.Table] = []
        self._schema = schema
        categories = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        ranges = [field.name for field in schema if not (pa.types.is_dictionary(field.type) or pa.types.is_string(field.type))]
        with refused(name):
            self._writer = pq.ParquetWriter(
                path, schema, compression="zstd", compression_level=1, use_dictionary=categories or False, write_statistics=ranges or False
            )

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        self._waiting.append(rows)
        self.rows += rows.num_rows
        while sum(table.num_rows for table in self._waiting) >= ROWS_A_GROUP:
            together = _together(self._waiting)
            self._put(together.slice(0, ROWS_A_GROUP))
            self._waiting = [together.slice(ROWS_A_GROUP)]

    def close(self) -> None:
        """Write what waits, and finish the file."""
        if self._waiting and sum(table.num_rows for table in self._waiting):
            self._put(_together(self._waiting))
        with refused(self._name):
            self._writer.close()

    def _put(self, rows: pa.Table) -> None:
        ordered = pa.Table.from_arrays([_ordered(rows[name]) for name in self._schema.names], schema=self._schema)
        with refused(self._name):
            self._writer.write_table(ordered, row_group_size=ROWS_A_GROUP)


def _together(tables: list[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)


def _ordered(column: pa.ChunkedArray) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()
    whole: Any = column.unify_dictionaries().combine_chunks()
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first = np.full(len(whole.dictionary) + 1, len(codes), np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    order = np.argsort(first[:-1], kind="stable")[: int((first[:-1] < len(codes)).sum())]
    renumbered = np.full(len(first), -1, np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    fresh = renumbered[codes]
    return pa.DictionaryArray.from_arrays(pa.array(fresh, mask=fresh < 0), whole.dictionary.take(pa.array(order)))
