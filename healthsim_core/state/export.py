"""A cohort as files: one a table, in Parquet, CSV or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from healthsim_core.calls import checked_call
from healthsim_core.database.file import database_path, explained, identifier, interruptible, reading
from healthsim_core.errors import StateError, suggestion
from healthsim_core.state.cohorts import StoredTable, attach, cohort_id, stored_tables

_COPY = {
    "parquet": ("parquet", "FORMAT parquet, COMPRESSION zstd"),
    "csv": ("csv", "FORMAT csv, HEADER true"),
    "json": ("ndjson", "FORMAT json"),
}
_AS_TEXT = {"json"}  # ids, for JavaScript's numbers hold no more than 53 bits


@checked_call()
def export_cohort(
    name: str,
    folder: Path | str,
    format: str = "parquet",
    database: Path | str | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write a cohort's tables to `folder`, a file a table (`core.person.parquet`), all of them or none.

    Args:
        name: The cohort.
        folder: Where to; made where it is missing.
        format: parquet, csv, or json (one object a line; ids are text, which JavaScript does not round).
        database: The database's path; None for the default one.
        overwrite: Whether files of the same names are replaced, rather than refused.

    Returns:
        The files' paths.

    Raises:
        StateError: No such cohort or format, the folder cannot be written, or a file is there already.
    """
    if format not in _COPY:
        raise StateError(f'a cohort cannot be exported as "{format}".', "format", suggestion(format, _COPY))
    target, path = Path(folder), database_path(database)
    with reading(path) as connection:
        number = cohort_id(connection, name, path)
        tables = stored_tables(connection, number, name)
        attach(connection, tables)
        files = {table.name: target / f"{table.name}.{_COPY[format][0]}" for table in tables}
        _prepare(target, files, overwrite)
        connection.execute("SET threads = 1")  # so that the same cohort gives the same bytes
        staged = {file: file.with_name(f".{file.name}.part") for file in files.values()}
        try:
            for table in tables:
                _copy(connection, _rows(table, number, format), staged[files[table.name]], _COPY[format][1])
            _put_in_place(target, staged)
        finally:
            for part in staged.values():
                with suppress(OSError):
                    part.unlink(missing_ok=True)
    return list(files.values())


@contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(f"cannot be written: {error.strerror}.", str(target), "Choose another folder.") from error


def _put_in_place(target: Path, staged: dict[Path, Path]) -> None:
    try:
        with _written(target):
            for file, part in staged.items():
                part.replace(file)
    except KeyboardInterrupt as error:
        written = sum(not part.exists() for part in staged.values())
        raise KeyboardInterrupt(
            f"{written} of {len(staged)} tables were written to {target}" if written else ""
        ) from error


def _prepare(target: Path, files: dict[str, Path], overwrite: bool) -> None:
    with _written(target):
        target.mkdir(parents=True, exist_ok=True)
        existing = [file.name for file in files.values() if file.exists()]
    if existing and not overwrite:
        raise StateError(f"{existing[0]} is there already.", str(target), "Choose another folder, or say --overwrite.")


def _rows(table: StoredTable, number: int, format: str) -> str:
    """SQL for a cohort's rows, in what the format can say: ids as text,
    and in JSON no number that is infinite or none."""
    replacements = {}
    for field in table.schema:
        name = identifier(field.name)
        if pa.types.is_int64(field.type) and format in _AS_TEXT:
            replacements[name] = f"{name}::VARCHAR"
        elif pa.types.is_floating(field.type) and format == "json":
            replacements[name] = f"CASE WHEN isfinite({name}) THEN {name} END"
    replaced = ", ".join(f"{value} AS {name}" for name, value in replacements.items())
    return f"SELECT * REPLACE ({replaced}) FROM ({table.select(number)})" if replacements else table.select(number)


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, file: Path, options: str) -> None:
    written = str(file).replace("'", "''")
    with explained(file.parent):
        interruptible(connection, lambda: connection.execute(f"COPY ({rows}) TO '{written}' ({options})"))
