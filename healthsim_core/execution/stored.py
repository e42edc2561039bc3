"""Tables that lie in the Parquet files of an output folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_core.execution.parts import TABLES
from healthsim_core.formats.folder import Folder
from healthsim_core.tables import no_table


class StoredTables(Mapping[str, pa.Table]):
    """A run's tables by name, read when they are asked for.

    Args:
        folder: The output folder.
        paths: Paths of their files in it: `tables/NAME.parquet`, or `tables/NAME/part-00000.parquet` and so on.
    """

    def __init__(self, folder: Folder, paths: Iterable[str]) -> None:
        self._folder = folder
        self._paths: dict[str, list[str]] = {}
        for path in sorted(paths):
            self._paths.setdefault(table_name(path), []).append(path)

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._paths:
            raise no_table(name, self._paths)
        parts = list(self.pieces(name))
        return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def pieces(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """A table part by part, so that memory holds one at a time; some columns or all."""
        for path in self._paths[name]:
            yield self._read(path, columns)

    def part(self, number: int) -> dict[str, pa.Table]:
        """A part of every table that is cut, and the others whole."""
        return {name: self._read(paths[number] if len(paths) > 1 else paths[0]) for name, paths in self._paths.items()}

    def paths(self, name: str) -> list[str]:
        """Paths or URLs of a table's files, in order."""
        return [self._folder.of(path) for path in self._paths[name]]

    def _read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        with self._folder.open(path) as file:
            return pq.read_table(file, columns=list(columns) if columns is not None else None, partitioning=None)


def table_name(path: str) -> str:
    """The table that a file below the output folder holds."""
    return path.removeprefix(f"{TABLES}/").split("/")[0].removesuffix(".parquet")
