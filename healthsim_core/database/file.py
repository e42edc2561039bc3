"""The one DuckDB file: where it is, how it is opened, and what its refusals mean."""

from __future__ import annotations

import itertools
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import platformdirs

from healthsim_core.calls import checked_call
from healthsim_core.database.file_kind import kind_of_file
from healthsim_core.database.spilled import spill_folder, sweep
from healthsim_core.errors import StateError

SCHEMA_VERSION = 2  # 2: cohorts that are registered datasets
DATABASE_VARIABLE = "HEALTHSIM_DATABASE"
# the file's name inside, whatever the file is called: "core.duckdb" must not hide the schema "core"
STORE = "healthsim_store"

Answer = TypeVar("Answer")
_PATIENCE = 5.0  # seconds until a question that was stopped has ended, which DuckDB looks at between rows
# in which a function goes on that nothing stops; closing would wait
_ALONE: dict[threading.Thread, duckdb.DuckDBPyConnection] = {}

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
    """CREATE TABLE IF NOT EXISTS healthsim.dataset (
        cohort_id BIGINT, name VARCHAR, place VARCHAR, paths VARCHAR[])""",
    "CREATE TABLE IF NOT EXISTS healthsim.deleted_cohort (cohort_id BIGINT)",  # numbers that are never given out again
    f"UPDATE healthsim.schema_version SET version = {SCHEMA_VERSION} WHERE version < {SCHEMA_VERSION}",
    f"INSERT INTO healthsim.schema_version SELECT {SCHEMA_VERSION} WHERE NOT EXISTS (FROM healthsim.schema_version)",
)
NOW = "make_timestamp(epoch_us(now()))"  # UTC; only in the healthsim schema, never in what is exported or compared

_ELSEWHERE = f"name another one with --database or {DATABASE_VARIABLE}."
_NO_DATABASE = r"not a valid DuckDB|Is a directory"
_REFUSALS = (
    (r"lock on file.*\(PID (\d+)\)", "is in use by another process (PID {0}).", ("Wait until it has ended, or "
                                                                                 f"{_ELSEWHERE}")),
    (r"lock on file|being used by another process", "is in use by another process.", ("Wait until it has ended, "
                                                                                      f"or {_ELSEWHERE}")),
    (r"file handle conflict|different configuration", "is open in this process already.", ("Close that connection "
                                                                                           "first.")),
    (r"enough bytes|[Cc]hecksum|[Cc]orrupt", "is damaged or cut short.", f"Restore it from a copy, or {_ELSEWHERE}"),
    (r"version number \d+.*can only read|newer version of DuckDB", "was written by a newer DuckDB.", "Upgrade duckdb."),
    (r"No space left|[Dd]isk full|File too large|Disk quota", "the disk is full.", f"Free some space, or {_ELSEWHERE}"),
    (r"[Pp]ermission denied|Read-only file|Cannot open file", "cannot be opened: {1}.", ("Check the path, or "
                                                                                         f"{_ELSEWHERE}")),
    (r"could not (?:allocate|pin)|[Oo]ut of [Mm]emory", "takes more memory than it may.", ("Ask for less, or give "
                                                                                           "more with --memory.")),
    (r"[Cc]onflict on|write-write conflict", "another run is storing to it.", "Try again when it has ended."),
)  # fmt: skip


@checked_call()
def database_path(database: Path | str | None = None) -> Path:
    """The database's path: as given, else `HEALTHSIM_DATABASE`, else a file in the user's data folder."""
    named = database or os.environ.get(DATABASE_VARIABLE)
    return Path(
        named or Path(platformdirs.user_data_dir("healthsim", appauthor=False)) / "healthsim.duckdb"
    ).expanduser()


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


class Transaction:
    """The database within one transaction: all of it is done, or nothing.

    The file is made where it is missing, and so are its own tables. DuckDB lets nobody else open it meanwhile.

    Args:
        database: The database's path; None for the default one.

    Raises:
        StateError: It is locked, not a database, of a newer schema version, or cannot be made.
    """

    def __init__(self, database: Path | str | None) -> None:
        self.path = database_path(database)
        self._existed = _is_there(self.path)
        self._begun = self._closed = False
        self._committed: list[Any] = []
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                f"cannot be opened: {error.strerror}.", str(self.path), f"Check the path, or {_ELSEWHERE}"
            ) from error
        self.connection = duckdb.connect()
        try:
            with explained(self.path):
                _attach(self.connection, self.path)
                sweep(self.path)
                self._size = self.path.stat().st_size
                self.connection.begin()
                for statement in _META:
                    self.connection.execute(statement)
        except BaseException:
            self.connection.close()
            raise

    @property
    def stored(self) -> bool:
        """Whether all of it is lasting."""
        return bool(self._committed)

    def commit(self) -> None:
        """Make all of it lasting, and close."""
        self._begun = True
        try:
            # no Ctrl-C comes between the commit and the note of it: both are one step to Python
            with explained(self.path):
                self._committed.extend(itertools.starmap(self.connection.commit, [()]))
        finally:
            self.abort()

    def interrupted(self) -> KeyboardInterrupt:
        """Ctrl-C; it says so where it came when all was lasting."""
        return KeyboardInterrupt(f"what was asked is stored in {self.path}" if self.stored else "")

    def abort(self) -> None:
        """Leave the database as it was before, and close; does nothing where it is closed already,
        or all of it is lasting."""
        if not self.stored and not self._closed:
            self._undo()
        self._closed = True
        with suppress(duckdb.Error):
            self.connection.close()

    def _undo(self) -> None:
        with suppress(duckdb.Error):  # a database that has shut itself down has nothing to roll back
            self.connection.rollback()
        # while we hold the lock; Windows refuses, and what stays is an empty database or free blocks
        with suppress(OSError):
            if not self._existed:
                self.path.unlink(missing_ok=True)
                _wal(self.path).unlink(missing_ok=True)
            elif not self._begun and self.path.stat().st_size > self._size:
                os.truncate(self.path, self._size)  # what lies behind was this transaction's alone


@contextmanager
def writing(database: Path | str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """One transaction, committed at the end of the block, undone where an exception ends it."""
    transaction = Transaction(database)
    try:
        with explained(transaction.path):
            yield transaction.connection
        transaction.commit()
    except KeyboardInterrupt as error:
        transaction.abort()
        raise transaction.interrupted() from error
    except BaseException:
        transaction.abort()
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
            if _is_there(path):
                _attach(connection, path, "READ_ONLY")
            if not _has_meta(connection):
                connection.execute("USE memory; " + "; ".join(_META))
            yield connection
    finally:
        if connection not in _ALONE.values():
            connection.close()


def interruptible(
    connection: duckdb.DuckDBPyConnection, ask: Callable[[], Answer], seconds: float | None = None
) -> Answer:
    """The answer to a long question, asked in another thread, so that Ctrl-C always ends it:
    DuckDB alone may not notice.

    Raises:
        StateError: It takes longer than `seconds`. A function that DuckDB cannot stop is left to itself,
            and its connection open.
    """
    answer: Future[Answer] = Future()
    asking = threading.Thread(target=_answer, args=(answer, ask), name="healthsim-asking", daemon=True)
    asking.start()
    try:
        return answer.result(seconds)
    except KeyboardInterrupt:
        _stop(connection, asking)
        raise
    except TimeoutError:
        if answer.done():
            raise
        _stop(connection, asking)
        raise StateError(
            f"takes longer than {seconds:g} seconds.", "query", "Ask for less, or give more with --timeout."
        ) from None


def is_left_alone() -> bool:
    """Whether a question goes on in this process that nothing stops."""
    return any(asking.is_alive() for asking in _ALONE)


def _answer(answer: Future[Answer], ask: Callable[[], Answer]) -> None:
    try:
        answer.set_result(ask())
    except BaseException as error:
        answer.set_exception(error)


def _stop(connection: duckdb.DuckDBPyConnection, asking: threading.Thread) -> None:
    _ALONE[asking] = connection
    connection.interrupt()
    asking.join(_PATIENCE)
    if not asking.is_alive():
        del _ALONE[asking]


def has_datasets(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file knows of registered datasets; one of an earlier version does not, until it is written to."""
    return _has_meta(connection, "dataset")


def first_row(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The answer's first row, None where there is none; the answer is read to its end,
    so that the next can be asked."""
    rows = connection.execute(sql, list(values)).fetchall()
    return rows[0] if rows else None


def quoted(name: str) -> str:
    """A table's or column's name, quoted for SQL: `core.person` becomes `"core"."person"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split(".", 1))


def identifier(name: str) -> str:
    """A column's name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, *options: str) -> None:
    written = str(path).replace("'", "''")
    spilled = str(spill_folder(path)).replace("'", "''")
    connection.execute(f"SET temp_directory = '{spilled}'")
    # the type, or DuckDB goes by the name: "x.json" would be a database in memory
    clause = ", ".join(("TYPE duckdb", *options))
    connection.execute(f"ATTACH '{written}' AS {STORE} ({clause}); USE {STORE}")
    if not _has_meta(connection):
        return
    row = first_row(connection, "SELECT max(version) FROM healthsim.schema_version")
    version = row[0] if row else None
    if version is not None and version > SCHEMA_VERSION:
        what = f"was written by a newer HealthSim (schema version {version}; this one reads up to {SCHEMA_VERSION})."
        raise StateError(what, str(path), f"Upgrade healthsim-core, or {_ELSEWHERE}")


def _is_there(path: Path) -> bool:
    """Whether there is a file; what is none is refused before it is opened, which may take for ever."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StateError(
            f"cannot be opened: {error.strerror}.", str(path), f"Check the path, or {_ELSEWHERE}"
        ) from error
    if not stat.S_ISREG(kind):
        raise _no_database(path)
    return True


def _no_database(path: Path) -> StateError:
    return StateError(
        f"is not a DuckDB database, but {kind_of_file(path)}.", str(path), f"Check the path, or {_ELSEWHERE}"
    )


def _has_meta(connection: duckdb.DuckDBPyConnection, table: str = "schema_version") -> bool:
    sql = """SELECT count(*) FROM duckdb_tables()
             WHERE database_name = current_database() AND schema_name = 'healthsim' AND table_name = ?"""
    row = first_row(connection, sql, [table])
    return bool(row and row[0])


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _meaning(error: duckdb.Error, path: Path | str) -> StateError:
    message = " ".join(str(error).split())
    if re.search(_NO_DATABASE, message):
        return _no_database(Path(path))
    for pattern, what, remedy in _REFUSALS:
        match = re.search(pattern, message)
        if match:
            reason = message.rsplit(": ", 1)[-1]
            return StateError(what.format(match.group(1) if match.groups() else "", reason), str(path), remedy)
    return StateError(message.removesuffix("."), str(path))
