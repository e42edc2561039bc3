"""Parquet with the same bytes for any chunking: rows are regrouped, and each group's dictionaries rebuilt in order."""

from __future__ import annotations

from contextlib import suppress
from typing import Self

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_core.formats.destination import OutputFile, WrittenFile
from healthsim_core.formats.folder import Folder, refused
from healthsim_core.output.values import ROWS_A_GROUP, ValueDigest, ordered


class ParquetTable:
    """A table, or a part of it, that is written chunk by chunk to one Parquet file.

    Used in a `with` block, what is not closed at its end is dropped.

    A writer keeps what it must say at the end about every row group; the size of a part bounds that.

    Args:
        folder: The output folder.
        path: The file's path in it.
        schema: The table's Arrow schema.
    """

    def __init__(self, folder: Folder, path: str, schema: pa.Schema) -> None:
        self._file, self._schema = OutputFile(folder, path), schema
        self._waiting, self._values = list[pa.Table](), ValueDigest(schema)
        kinds = {field.name: field.type for field in schema}
        categories = [name for name, kind in kinds.items() if pa.types.is_dictionary(kind)]
        ranges = [
            name for name, kind in kinds.items() if not (pa.types.is_dictionary(kind) or pa.types.is_string(kind))
        ]
        days = [name for name, kind in kinds.items() if pa.types.is_timestamp(kind) or pa.types.is_date(kind)]
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=categories or False,
            column_encoding=dict.fromkeys(days, "DELTA_BINARY_PACKED") or None,  # half the time, and smaller
            write_statistics=ranges or False,
        )

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        self._waiting.append(rows)
        while sum(table.num_rows for table in self._waiting) >= ROWS_A_GROUP:
            together = _together(self._waiting)
            self._put(together.slice(0, ROWS_A_GROUP))
            self._waiting = [together.slice(ROWS_A_GROUP)]

    def close(self) -> WrittenFile:
        """Write what waits, and finish the file."""
        if self._waiting and sum(table.num_rows for table in self._waiting):
            self._put(_together(self._waiting))
        with refused(self._file.name):
            self._writer.close()
        return attrs.evolve(self._file.close(), values=self._values.hexdigest())

    def discard(self) -> None:
        """Drop what is not finished: the run has failed."""
        self._file.discard()
        self._waiting = []
        with suppress(Exception):  # what it says at its end goes nowhere
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def _put(self, rows: pa.Table) -> None:
        group = ordered(rows.select(self._schema.names))
        self._values.add(group)
        with refused(self._file.name):
            self._writer.write_table(group, row_group_size=ROWS_A_GROUP)
        self._file.rows += rows.num_rows


def _together(tables: list[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)
