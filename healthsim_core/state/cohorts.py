"""Cohorts: stored, listed, loaded and deleted."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import duckdb
import pyarrow as pa

from healthsim_core.calls import checked_call
from healthsim_core.database.file import database_path, first_row, has_datasets, identifier, quoted, reading, writing
from healthsim_core.errors import ArgumentError, GoneError, StateError, suggestion
from healthsim_core.formats.folder import Folder
from healthsim_core.state.dataset import run_in
from healthsim_core.state.ddl import COHORT
from healthsim_core.state.record import ExecutionRecord
from healthsim_core.state.sink import CohortWriter, remove_cohort
from healthsim_core.tables import no_table

PIECE = 262_144  # rows


@attrs.frozen
class CohortEntry:
    """A line of the list of cohorts.

    Attributes:
        name: The cohort's name.
        people: Number of people.
        events: Number of events.
        records: Rows in all tables of the products.
        seed: The run's seed.
        as_of: The run's today.
        execution: Id of the execution that made it.
        description: What it is.
    """

    name: str
    people: int
    events: int
    records: int
    seed: int
    as_of: datetime.date
    execution: str
    description: str


@attrs.frozen
class StoredTable:
    """A cohort's table as it was written: its name, rows and Arrow schema; of a registered dataset,
    the files it lies in."""

    name: str
    rows: int
    schema: pa.Schema
    folder: Folder | None = None
    paths: tuple[str, ...] = ()

    def select(self, cohort_id: int, store: str = "") -> str:
        """SQL for this cohort's rows, in the columns that this cohort has."""
        columns = ", ".join(identifier(column) for column in self.schema.names)
        if self.folder is not None:
            files = ", ".join("'" + self.folder.of(path).replace("'", "''") + "'" for path in self.paths)
            return f"SELECT {columns} FROM read_parquet([{files}])"
        return f"SELECT {columns} FROM {store}{quoted(self.name)} WHERE {COHORT} = {cohort_id}"


class CohortTables(Mapping[str, pa.Table]):
    """A stored cohort's tables by name, each read when it is asked for, as it was written.

    Raises:
        GoneError: When a table is asked for, and the cohort has been deleted or replaced since.
    """

    def __init__(self, name: str, database: Path | str | None = None) -> None:
        self.name, self._database = name, database_path(database)
        with reading(self._database) as connection:
            self._id = cohort_id(connection, name, self._database)
            self._tables = {table.name: table for table in stored_tables(connection, self._id, name)}
            self._stored = self._stored_now(connection)

    @property
    def folder(self) -> Folder | None:
        """Where the files of a registered dataset lie; None for a cohort that the database holds."""
        return next((table.folder for table in self._tables.values()), None)

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._tables:
            raise no_table(name, self._tables)
        table = self._tables[name]
        with self._reading(table) as connection:
            rows: pa.Table = connection.sql(table.select(self._id)).to_arrow_table().cast(table.schema)
        return rows

    def pieces(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """A table bit by bit, so that memory holds one at a time; some columns or all."""
        table = self._tables[name]
        chosen = ", ".join(identifier(column) for column in columns or table.schema.names)
        with self._reading(table) as connection:
            for batch in connection.sql(f"SELECT {chosen} FROM ({table.select(self._id)})").to_arrow_reader(PIECE):
                yield pa.Table.from_batches([batch])

    @contextmanager
    def _reading(self, table: StoredTable) -> Iterator[duckdb.DuckDBPyConnection]:
        with reading(self._database) as connection:
            if self._stored_now(connection) != self._stored:
                what = (
                    f'what this result showed is gone: the cohort it showed, "{self.name}", has been deleted '
                    "or replaced."
                )
                raise GoneError(
                    what, str(self._database), "Load the cohort that is there now, or run it again under another name."
                )
            if table.folder is not None:
                _refuse_if_moved([(table.folder, table.paths)], self.name, self._stored[1])
            attach(connection, [table])
            yield connection

    def _stored_now(self, connection: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
        """The cohort, its execution and when it was stored; nothing of these where it is not there."""
        sql = "SELECT name, execution_id, created_at FROM healthsim.cohort WHERE cohort_id = ?"
        return first_row(connection, sql, [self._id]) or ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        return f"CohortTables({self.name!r}: {', '.join(f'{t.name} {t.rows:,}' for t in self._tables.values())})"


@checked_call()
def persist(result: Any, cohort: str | None = None, database: Path | str | None = None) -> str:
    """Store a result's people, events and product tables as a cohort, in one transaction.

    Args:
        result: What `generate`, an executor or an orchestrator returned.
        cohort: The cohort's name; None for the result's own, or that with -2, -3, ... where it is taken.
        database: The database's path; None for `HEALTHSIM_DATABASE`, else the one in the user's data folder.

    Returns:
        The cohort's name.

    Raises:
        ArgumentError: It is no result.
        StateError: The name is taken, or the database refuses.
    """
    if not hasattr(result, "execution") or not hasattr(result, "tables"):
        raise ArgumentError(
            f"{result!r:.60} is not a result.", "result", "Give what `generate` or an executor returned."
        )
    run = result.execution
    named = str(result.cohort or run.spec.get("name") or "cohort")
    name = available_name(named, database) if cohort is None else cohort
    profile = (run.spec.get("profile") or {}).get("id")
    record = ExecutionRecord(run.id, run.spec, run.spec_hash, run.seed, run.as_of, run.versions, name, profile)
    schemas = {table: result.tables[table].schema for table in result.tables}
    with CohortWriter(database, name, schemas, record) as writer:
        for table in result.tables:
            writer.append(table, result.tables[table])
    return writer.cohort


@checked_call()
def available_name(name: str, database: Path | str | None = None) -> str:
    """`name`, or `name` with the first of -2, -3, ... that no cohort has."""
    with reading(database) as connection:
        taken = {row[0] for row in connection.execute("SELECT name FROM healthsim.cohort").fetchall()}
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(candidate for candidate in numbered if candidate not in taken)


@checked_call()
def list_cohorts(database: Path | str | None = None) -> list[CohortEntry]:
    """Every cohort, in the order they were stored."""
    sql = """
        SELECT any_value(c.name), coalesce(sum(row_count) FILTER (t.name = 'core.person'), 0)::BIGINT,
            coalesce(sum(row_count) FILTER (t.name = 'core.event'), 0)::BIGINT,
            coalesce(sum(row_count) FILTER (NOT starts_with(t.name, 'core.')), 0)::BIGINT,
            any_value(seed), any_value(as_of), any_value(execution_id), any_value(description)
        FROM healthsim.cohort c LEFT JOIN healthsim.cohort_table t USING (cohort_id)
        GROUP BY cohort_id ORDER BY cohort_id"""
    with reading(database) as connection:
        return [CohortEntry(*row) for row in connection.execute(sql).fetchall()]


@checked_call()
def load_cohort(name: str, database: Path | str | None = None) -> CohortTables:
    """A stored cohort's tables by name; each is read when it is asked for.

    Raises:
        StateError: There is no such cohort.
    """
    return CohortTables(name, database)


@checked_call()
def delete_cohort(name: str, database: Path | str | None = None) -> None:
    """Delete a cohort's rows from every table, in one transaction; its execution stays in the history.

    Raises:
        StateError: There is no such cohort.
    """
    with reading(database) as connection:  # so that a wrong name makes no database
        cohort_id(connection, name, database_path(database))
    with writing(database) as connection:
        remove_cohort(connection, name)


def cohort_id(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> int:
    """The number of the cohort called `name`.

    Raises:
        StateError: There is none; the message names the nearest.
    """
    known = dict(connection.execute("SELECT name, cohort_id FROM healthsim.cohort").fetchall())
    if name not in known:
        hint = suggestion(str(name), known) if known else "It holds no cohorts."
        raise StateError(
            f'no cohort is called "{name}".', str(path), f"{hint} `healthsim cohorts list` shows them.".strip()
        )
    return int(known[name])


def stored_tables(connection: duckdb.DuckDBPyConnection, number: int, cohort: str) -> list[StoredTable]:
    """The tables of a cohort, in the order of its run.

    Raises:
        StateError: It is a registered dataset that is not at its place any more, or another run's files are there.
    """
    sql = "SELECT name, row_count, arrow_schema FROM healthsim.cohort_table WHERE cohort_id = ? ORDER BY position"
    rows, files = connection.execute(sql, [number]).fetchall(), _registered(connection, number)
    if files:
        ((run,),) = connection.execute(
            "SELECT execution_id FROM healthsim.cohort WHERE cohort_id = ?", [number]
        ).fetchall()
        _refuse_if_moved(files.values(), cohort, run)
    return [
        StoredTable(name, count, pa.ipc.read_schema(pa.py_buffer(schema)), *files.get(name, ()))
        for name, count, schema in rows
    ]


def attach(connection: duckdb.DuckDBPyConnection, tables: Iterable[StoredTable]) -> None:
    """Let a connection read the files of registered tables."""
    for table in tables:
        if table.folder is not None:
            table.folder.register(connection)


def _registered(connection: duckdb.DuckDBPyConnection, number: int) -> dict[str, tuple[Folder, tuple[str, ...]]]:
    if not has_datasets(connection):
        return {}
    rows = connection.execute(
        "SELECT name, place, paths FROM healthsim.dataset WHERE cohort_id = ?", [number]
    ).fetchall()
    return {name: (Folder(place), tuple(paths)) for name, place, paths in rows}


def _refuse_if_moved(files: Collection[tuple[Folder, tuple[str, ...]]], cohort: str, run: str) -> None:
    """Raise StateError where files of a registered dataset are missing, or are those of another run."""
    for folder, paths in files:
        lost = next((path for path in paths if not folder.holds(path)), None)
        if lost is not None:
            remedy = f"Put it back, or `healthsim cohorts delete {cohort}` and register it where it is now."
            raise StateError(
                f"the dataset of the cohort is not there any more: {lost} is missing.", folder.place, remedy
            )
    for place in {folder.place for folder, _ in files}:
        if run_in(Folder(place)) != run:
            remedy = f"`healthsim cohorts delete {cohort}`, and register what is there now."
            raise StateError("the dataset of the cohort has been replaced by a later run.", place, remedy)
