"""Parquet with the same bytes for any chunking: rows are regrouped, and each group's dictionaries rebuilt in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_core.formats.destination import refused

ROWS_A_GROUP = 32_768
GROUPS_A_FILE = 32


class ParquetTable:
    """A table that is written chunk by chunk to one Parquet file, and to `NAME-2.parquet`, ... where it is long.

    A writer keeps what it must say at the end about every row group; a bounded number of groups a file bounds that.

    Args:
        path: Where its first file lies.
        name: How errors name it.
        schema: Its Arrow schema.

    Attributes:
        files: Path and rows of each file.
    """

    def __init__(self, path: Path, name: str, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._name, self._schema = path, name, schema
        self._waiting: list[pa.Table] = []
        self.files: list[tuple[Path, int]] = []
        self._begin()

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        self._waiting.append(rows)
        while sum(table.num_rows for table in self._waiting) >= ROWS_A_GROUP:
            together = _together(self._waiting)
            self._put(together.slice(0, ROWS_A_GROUP))
            self._waiting = [together.slice(ROWS_A_GROUP)]

    def close(self) -> None:
        """Write what waits, and finish the last file."""
        if self._waiting and sum(table.num_rows for table in self._waiting):
            self._put(_together(self._waiting))
        with refused(self._name):
            self._writer.close()

    def _begin(self) -> None:
        number = len(self.files) + 1
        path = self._path if number == 1 else self._path.with_name(f"{self._path.stem}-{number}.parquet")
        self.files.append((path, 0))
        kinds = {field.name: field.type for field in self._schema}
        categories = [name for name, kind in kinds.items() if pa.types.is_dictionary(kind)]
        ranges = [name for name, kind in kinds.items() if not (pa.types.is_dictionary(kind) or pa.types.is_string(kind))]
        with refused(self._name):
            self._writer = pq.ParquetWriter(
                path,
                self._schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=categories or False,
                write_statistics=ranges or False,
            )

    def _put(self, rows: pa.Table) -> None:
        if self.files[-1][1] >= GROUPS_A_FILE * ROWS_A_GROUP:
            with refused(self._name):
                self._writer.close()
            self._begin()
        ordered = pa.Table.from_arrays([_ordered(rows[name]) for name in self._schema.names], schema=self._schema)
        with refused(self._name):
            self._writer.write_table(ordered, row_group_size=ROWS_A_GROUP)
        path, before = self.files[-1]
        self.files[-1] = (path, before + rows.num_rows)


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
