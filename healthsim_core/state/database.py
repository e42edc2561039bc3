"""The one DuckDB file: where it is, how it is opened, and what its refusals mean."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import platformdirs

from healthsim_core.errors import StateError

SCHEMA_VERSION = 1
DATABASE_VARIABLE = "HEALTHSIM_DATABASE"
STORE = "store"  # the name under which readers see the file

_META = (
    "CREATE SCHEMA IF NOT EXISTS healthsim",
    "CREATE TABLE IF NOT EXISTS healthsim.schema_version (version INTEGER)",
    """CREATE TABLE IF NOT EXISTS healthsim.cohort (
        cohort_id BIGINT PRIMARY KEY, name VARCHAR UNIQUE NOT NULL, description VARCHAR, execution_id VARCHAR,
        seed HUGEINT, as_of DATE, created_at TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS healthsim.cohort_table (
        cohort_id BIGINT, position INTEGER, name VARCHAR, row_count BIGINT, arrow_schema BLOB)""",
    """CREATE TABLE IF NOT EXISTS healthsim.execution (
        execution_id VARCHAR, cohort VARCHAR, profile VARCHAR, profile_version INTEGER, seed HUGEINT, as_of DATE,
        spec_hash VARCHAR, spec VARCHAR, versions VARCHAR, created_at TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS healthsim.profile (
        name VARCHAR, version INTEGER, description VARCHAR, spec_hash VARCHAR, spec VARCHAR, created_at TIMESTAMP)""",
    f"INSERT INTO healthsim.schema_version SELECT {SCHEMA_VERSION} WHERE NOT EXISTS (FROM healthsim.schema_version)",
)
NOW = "make_timestamp(epoch_us(now()))"  # UTC; only in the healthsim schema, never in what is exported or compared

_ELSEWHERE = f"name another one with --database or {DATABASE_VARIABLE}."
_REFUSALS = (
    (r"lock on file.*\(PID (\d+)\)", "is in use by another process (PID {0}).", f"Wait until it has ended, or {_ELSEWHERE}"),
    (r"lock on file|being used by another process", "is in use by another process.", f"Wait until it has ended, or {_ELSEWHERE}"),
    (r"file handle conflict|different configuration", "is open in this process already.", "Close that connection first."),
    (r"not a valid DuckDB", "is not a DuckDB database.", f"Check the path, or {_ELSEWHERE}"),
    (r"version number \d+.*can only read|newer version of DuckDB", "was written by a newer DuckDB.", "Upgrade duckdb."),
    (r"No space left|[Dd]isk full|File too large|Disk quota", "the disk is full.", f"Free some space, or {_ELSEWHERE}"),
    (r"[Pp]ermission denied|Read-only file|Cannot open file|Is a directory", "cannot be opened: {1}.", f"Check the path, or {_ELSEWHERE}"),
    (r"[Cc]onflict on|write-write conflict", "another run is storing to it.", "Try again when it has ended."),
)  # fmt: skip


def database_path(database: Path | str | None = None) -> Path:
    """The database's path: as given, else `HEALTHSIM_DATABASE`, else a file in the user's data folder."""
    named = database or os.environ.get(DATABASE_VARIABLE)
    return Path(named or Path(platformdirs.user_data_dir("healthsim", appauthor=False)) / "healthsim.duckdb").expanduser()


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn what DuckDB refuses into one clear line about the database at `path`.

    Raises:
        StateError: In place of every DuckDB error.
        KeyboardInterrupt: Ctrl-C ended a statement, which DuckDB says in words of its own.
    """
    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        if "interrupt" in str(error).lower():
            raise KeyboardInterrupt from error
        if not isinstance(error, duckdb.Error):
            raise
        raise _meaning(error, path) from error


def open_for_writing(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection within a new transaction; the file and its own tables are made where they are missing.

    Raises:
        StateError: It is locked, not a database, of a newer schema version, or cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"cannot be opened: {error.strerror}.", str(path), f"Check the path, or {_ELSEWHERE}") from error
    with explained(path):
        connection = duckdb.connect(str(path))
        try:
            refuse_newer(connection, path)
            connection.begin()
            for statement in _META:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def writing(database: Path | str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """One transaction on the database: all of it is done, or nothing."""
    path = database_path(database)
    size = size_of(path)
    connection = open_for_writing(path)
    try:
        with explained(path):
            yield connection
            connection.commit()
            connection.close()
    except BaseException:
        discard(connection, path, size)
        raise


@contextmanager
def reading(database: Path | str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which the file is there to be read only, as the current catalog `store`.

    A file that does not exist yet, or holds nothing of HealthSim's, reads as a database without cohorts.
    """
    path = database_path(database)
    connection = duckdb.connect()
    try:
        with explained(path):
            if path.exists():
                connection.execute(f"ATTACH '{_escaped(path)}' AS {STORE} (READ_ONLY); USE {STORE}")
                refuse_newer(connection, path)
            if not _has_meta(connection):
                connection.execute("USE memory; " + "; ".join(_META))
            yield connection
    finally:
        connection.close()


def size_of(path: Path) -> int | None:
    """The file's size in bytes, None where there is no file."""
    return path.stat().st_size if path.exists() else None


def discard(connection: duckdb.DuckDBPyConnection, path: Path, size: int | None) -> None:
    """Roll back and close; remove the file where there was none before (`size` None), else shrink it again."""
    with suppress(duckdb.Error):  # a database that has shut itself down has nothing to roll back
        connection.rollback()
        if size is not None and path.stat().st_size > size:  # DuckDB gives blocks back when a checkpoint has work to do
            connection.execute("CREATE TABLE main.healthsim_undone (nothing INTEGER); DROP TABLE main.healthsim_undone; CHECKPOINT")
    if size is None:
        _remove(path)  # while we hold its lock, so that nobody else can have opened it
    with suppress(duckdb.Error):
        connection.close()


def refuse_newer(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a database whose schema a newer HealthSim has made.

    Raises:
        StateError: It is newer than this HealthSim can read.
    """
    if not _has_meta(connection):
        return
    found = first_row(connection, "SELECT max(version) FROM healthsim.schema_version")
    version = found[0] if found else None
    if version is not None and version > SCHEMA_VERSION:
        what = f"was written by a newer HealthSim (schema version {version}; this one reads up to {SCHEMA_VERSION})."
        raise StateError(what, str(path), f"Upgrade healthsim-core, or {_ELSEWHERE}")


def first_row(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The answer's first row, None where there is none; the answer is read to its end, so that the next can be asked."""
    rows = connection.execute(sql, list(values)).fetchall()
    return rows[0] if rows else None


def quoted(name: str) -> str:
    """A table's or column's name, quoted for SQL: `core.person` becomes `"core"."person"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split(".", 1))


def identifier(name: str) -> str:
    """A column's name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _has_meta(connection: duckdb.DuckDBPyConnection) -> bool:
    sql = """SELECT count(*) FROM duckdb_tables()
             WHERE database_name = current_database() AND schema_name = 'healthsim' AND table_name = 'schema_version'"""
    row = first_row(connection, sql)
    return bool(row and row[0])


def _remove(path: Path) -> None:
    for each in (path, path.with_name(path.name + ".wal")):
        with suppress(OSError):  # Windows does not remove an open file: an empty database stays
            each.unlink(missing_ok=True)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _meaning(error: duckdb.Error, path: Path | str) -> StateError:
    said = " ".join(str(error).split())
    for pattern, what, remedy in _REFUSALS:
        found = re.search(pattern, said)
        if found:
            reason = said.rsplit(": ", 1)[-1]
            return StateError(what.format(found.group(1) if found.groups() else "", reason), str(path), remedy)
    return StateError(said.removesuffix("."), str(path))
