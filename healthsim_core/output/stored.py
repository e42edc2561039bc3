"""Tables that lie in the Parquet files of an output folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_core.errors import GoneError, OutputError
from healthsim_core.formats.folder import Folder
from healthsim_core.output.manifest import read_manifest
from healthsim_core.output.parts import TABLES
from healthsim_core.tables import no_table


class Kept(dict[str, pa.Table]):
    """Tables of files, by path: as many as fit.

    Args:
        room: Bytes; those of a file that does not fit are not kept.
    """

    def __init__(self, room: int = 0) -> None:
        super().__init__()
        self._room = room

    def add(self, path: str, rows: pa.Table) -> pa.Table:
        """Keep a file's rows if they fit; returns them."""
        if self._room and rows.get_total_buffer_size() <= self._room:
            self[path], self._room = rows, self._room - rows.get_total_buffer_size()
        return rows


class StoredTables(Mapping[str, pa.Table]):
    """A run's tables by name, read when they are asked for.

    Args:
        folder: The output folder.
        paths: Paths of their files in it: `tables/NAME.parquet`, or `tables/NAME/part-00000.parquet` and so on.
        digest: That of the run's manifest; the files of another run are then never shown.
            None where whoever asks sees to it.
        kept: Files that were read, for whoever asks for them again; None where each is read anew.

    Raises:
        GoneError: When a table is asked for, and the folder holds the files of another run, or of none.
    """

    def __init__(
        self, folder: Folder, paths: Iterable[str], digest: str | None = None, kept: Kept | None = None
    ) -> None:
        self._folder, self._digest = folder, digest
        self._kept = Kept() if kept is None else kept
        self._paths: dict[str, list[str]] = {}
        for path in sorted(paths):
            self._paths.setdefault(table_name(path), []).append(path)

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._paths:
            raise no_table(name, self._paths)
        parts = list(self.pieces(name))
        return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()

    def __contains__(self, name: object) -> bool:
        """Whether the run has that table; nothing is read for it."""
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def are_kept(self) -> bool:
        """Whether each table is one file that is kept."""
        return all(len(paths) == 1 and paths[0] in self._kept for paths in self._paths.values())

    def pieces(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """A table part by part, so that memory holds one at a time; some columns or all."""
        for path in self._paths[name]:
            yield self.file(path, columns)

    def part(self, number: int) -> StoredTables:
        """A part of every table that is cut, and the others whole; each is read when it is asked for."""
        return StoredTables(
            self._folder,
            (paths[number] if len(paths) > 1 else paths[0] for paths in self._paths.values()),
            self._digest,
            self._kept,
        )

    def paths(self, name: str) -> list[str]:
        """Paths or URLs of a table's files, in order."""
        self._refuse_if_gone()
        return [self._folder.of(path) for path in self._paths[name]]

    def count(self, name: str) -> int:
        """Rows of a table, by its files' footers; 0 where it is not there."""
        return sum(self.rows(path) for path in self._paths.get(name, ()))

    def rows(self, path: str) -> int:
        """Rows of one file, by its own footer."""
        if path in self._kept:
            return int(self._kept[path].num_rows)
        with self._opened(path) as source, pq.ParquetFile(source, pre_buffer=False) as file:
            return int(file.metadata.num_rows)

    def file(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one file; some columns or all."""
        if path not in self._kept:
            rows = self._read(path, columns)
            return self._kept.add(path, rows) if columns is None else rows
        self._refuse_if_gone()
        return self._kept[path] if columns is None else self._kept[path].select(list(columns))

    def _read(self, path: str, columns: Sequence[str] | None) -> pa.Table:
        local = self._folder.local is not None
        try:
            # No thread of Arrow's may hold a file of Python's: one that is still at it when Python ends aborts the
            # process.
            with self._opened(path) as source, pq.ParquetFile(source, pre_buffer=False) as file:
                rows: pa.Table = file.read(columns=list(columns) if columns is not None else None, use_threads=local)
        except (OSError, pa.ArrowException):
            self._refuse_if_gone()
            raise
        self._refuse_if_gone()  # afterwards: while files are replaced, there is no manifest
        return rows

    def _opened(self, path: str) -> Any:
        return self._folder.open(path) if self._folder.local is None else pa.OSFile(os.fsencode(self._folder.of(path)))

    def _refuse_if_gone(self) -> None:
        if self._digest is None:
            return
        remedy = "Run it again, into a folder of its own."
        try:
            current = read_manifest(self._folder).get("digest")
        except OutputError as error:
            raise GoneError(
                f"what this result showed is gone: the folder {error.what}", self._folder.place, remedy
            ) from error
        if current != self._digest:
            raise GoneError("what this result showed has been replaced by a later run.", self._folder.place, remedy)


def table_name(path: str) -> str:
    """The table that a file below the output folder holds."""
    return path.removeprefix(f"{TABLES}/").split("/")[0].removesuffix(".parquet")
