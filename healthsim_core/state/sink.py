"""Where a run's chunks go: one cohort, one execution, one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from healthsim_core.database.file import NOW, Transaction, explained, first_row, quoted
from healthsim_core.errors import StateError
from healthsim_core.formats.folder import Folder
from healthsim_core.state.ddl import COHORT, ensure_table
from healthsim_core.state.record import ExecutionRecord, digest
from healthsim_core.tables import Table

_MEMORY_MB = 48  # of DuckDB: what does not fit is on the disk already
_GIVEN_OUT = "SELECT cohort_id FROM healthsim.cohort UNION ALL SELECT cohort_id FROM healthsim.deleted_cohort"
_COLUMN_MB = 0.5  # what a column of the widest table needs at least, while rows are appended to all of them


class CohortWriter:
    """Writes a cohort's tables within one transaction; nothing is there until `commit`.

    Used in a `with` block it commits at the end, and aborts where an exception (or Ctrl-C) ends the block.

    Args:
        database: The database's path; None for the default one.
        cohort: The cohort's name.
        schemas: Columns by table name, of every table that will be written.
        execution: The run.
        replace: Whether a cohort of that name is replaced, rather than refused.

    Raises:
        StateError: The name is taken, or the database is locked, not a database, newer, or cannot be made.
    """

    def __init__(
        self,
        database: Path | str | None,
        cohort: str,
        schemas: Mapping[str, pa.Schema],
        execution: ExecutionRecord,
        replace: bool = False,
    ) -> None:
        self.cohort, self.rows = cohort_name(cohort), dict.fromkeys(schemas, 0)
        self._schemas, self._execution = dict(schemas), execution
        self._referred: list[tuple[str, str, list[str]]] = []
        self._transaction = Transaction(database)
        self._path, self._connection = self._transaction.path, self._transaction.connection
        try:
            self._begin(replace)
        except BaseException:
            self.abort()
            raise

    def append(self, name: str, rows: pa.Table) -> None:
        """Append rows to one table."""
        if not rows.num_rows:
            return
        healthsim_chunk = rows  # noqa: F841 - DuckDB finds it by name; a registered one would be held until the commit
        with explained(self._path):
            self._connection.execute(
                f"INSERT INTO {quoted(name)} BY NAME SELECT {self._id}::BIGINT AS {COHORT}, * FROM healthsim_chunk"
            )
        self.rows[name] += rows.num_rows

    def append_file(self, name: str, folder: Folder, path: str, rows: int) -> None:
        """Append the rows of a Parquet file, which Python need not see."""
        if not rows:
            return
        with explained(self._path):
            folder.register(self._connection)
            source = folder.of(path).replace("'", "''")
            select = f"SELECT {self._id}::BIGINT AS {COHORT}, * FROM read_parquet('{source}')"
            self._connection.execute(f"INSERT INTO {quoted(name)} BY NAME {select}")
        self.rows[name] += rows

    def refer(self, name: str, folder: Folder, paths: list[str], rows: int) -> None:
        """Let the rows of one table be those of Parquet files, which stay where they are."""
        self._referred.append((name, folder.place, paths))
        self.rows[name] = rows

    @property
    def stored(self) -> bool:
        """Whether the cohort is lasting."""
        return self._transaction.stored

    def commit(self) -> None:
        """Record the cohort and its execution, and make all of it lasting."""
        try:
            with explained(self._path):
                self._record()
            self._transaction.commit()
        except KeyboardInterrupt as error:
            self.abort()
            raise self._transaction.interrupted() from error
        except BaseException:
            self.abort()
            raise

    def interrupt(self) -> None:
        """End a statement that another thread has under way; the transaction can then only be aborted."""
        self._connection.interrupt()

    def abort(self) -> None:
        """Leave the database as it was before; after `commit` or a first `abort` there is nothing left to do."""
        self._transaction.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            self.commit()
        else:
            self.abort()

    def _begin(self, replace: bool) -> None:
        with explained(self._path):
            self._settle()
            if replace:
                remove_cohort(self._connection, self.cohort)
            if first_row(self._connection, "FROM healthsim.cohort WHERE name = ?", [self.cohort]):
                remedy = "Choose another name with --cohort, or delete it first: `healthsim cohorts delete NAME`."
                raise StateError(f'a cohort is already called "{self.cohort}".', str(self._path), remedy)
            row = first_row(self._connection, f"SELECT coalesce(max(cohort_id), 0) + 1 FROM ({_GIVEN_OUT})")
            self._id = row[0] if row else 1
            for name, schema in self._schemas.items():
                ensure_table(self._connection, name, schema)

    def _settle(self) -> None:
        widest = max((len(schema) for schema in self._schemas.values()), default=0)
        settings = {
            "memory_limit": f"{max(_MEMORY_MB, int(_COLUMN_MB * widest))}MB",
            # kept for further blocks: a tenth less work; older DuckDB has it not
            "block_allocator_memory": f"{_MEMORY_MB}MB",
            "threads": "1",  # a second costs a third more, and saves no time
        }
        known = "SELECT name FROM duckdb_settings() WHERE name IN (SELECT unnest(?))"
        for (setting,) in self._connection.execute(known, [list(settings)]).fetchall():
            self._connection.execute(f"SET {setting} = '{settings[setting]}'")

    def _record(self) -> None:
        run, execute = self._execution, self._connection.execute
        description = str(run.spec.get("description") or (run.spec.get("profile") or {}).get("description") or "")
        execute(
            f"INSERT INTO healthsim.cohort VALUES (?, ?, ?, ?, ?, ?, {NOW})",
            [self._id, self.cohort, description, run.id, run.seed, run.as_of],
        )
        for position, (name, schema) in enumerate(self._schemas.items()):
            table = [self._id, position, name, self.rows[name], schema.serialize().to_pybytes()]
            execute("INSERT INTO healthsim.cohort_table VALUES (?, ?, ?, ?, ?)", table)
        for name, place, paths in self._referred:
            execute("INSERT INTO healthsim.dataset VALUES (?, ?, ?, ?)", [self._id, name, place, paths])
        execute("DELETE FROM healthsim.execution WHERE execution_id = ? AND cohort = ?", [run.id, self.cohort])
        kept = [run.id, self.cohort, *self._profile(), run.seed, run.as_of, run.spec_hash]
        documents = [
            json.dumps(run.spec, ensure_ascii=False, allow_nan=False),
            json.dumps(dict(run.versions), ensure_ascii=False),
        ]
        execute(f"INSERT INTO healthsim.execution VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {NOW})", [*kept, *documents])

    def _profile(self) -> tuple[str | None, int | None]:
        run = self._execution
        if run.profile_version is not None or "profile" not in run.spec:
            return run.profile, run.profile_version
        sql = "SELECT name, version FROM healthsim.profile WHERE spec_hash = ? ORDER BY created_at DESC LIMIT 1"
        saved = first_row(self._connection, sql, [digest(run.spec["profile"])])
        return (saved[0], saved[1]) if saved else (run.profile, None)


class StateSink:
    """The sink of a run that is persisted: takes the chunks' tables as they come.

    Args:
        database: The database's path; None for the default one.
        cohort: The cohort's name.
        tables: Every declared table that the run writes, by name.
        person_schema: The columns of `core.person`, with those that the profile adds.
        execution: The run.
        replace: Whether a cohort of that name is replaced, rather than refused.

    Raises:
        StateError: See `CohortWriter`.
    """

    def __init__(
        self,
        database: Path | str | None,
        cohort: str,
        tables: Mapping[str, Table],
        person_schema: pa.Schema,
        execution: ExecutionRecord,
        replace: bool = False,
    ) -> None:
        schemas = {name: person_schema if name == "core.person" else table.schema for name, table in tables.items()}
        self._once = frozenset(name for name, table in tables.items() if not table.person and name != "core.person")
        self._first = True
        self._writer = CohortWriter(database, cohort, schemas, execution, replace)
        self.cohort = self._writer.cohort

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Append one chunk's tables; those of the run, which have no person, are taken from the first chunk only."""
        for name, rows in tables.items():
            if self._first or name not in self._once:
                self._writer.append(name, rows)
        self._first = False

    def write_files(self, folder: Folder, paths: Mapping[str, str], rows: Mapping[str, int]) -> None:
        """Append the Parquet files of a part of the run.

        Args:
            folder: Where they lie.
            paths: Path in it by table.
            rows: Rows by table.
        """
        for name, path in paths.items():
            self._writer.append_file(name, folder, path, rows[name])

    @property
    def stored(self) -> bool:
        """Whether the cohort is lasting."""
        return self._writer.stored

    def interrupt(self) -> None:
        """End what another thread is writing, so that it can be aborted."""
        self._writer.interrupt()

    def commit(self) -> None:
        """Record the cohort and its execution, and make all of it lasting."""
        self._writer.commit()

    def abort(self) -> None:
        """Leave the database as it was before."""
        self._writer.abort()


def cohort_name(name: str) -> str:
    """The name, if it can be a cohort's.

    Raises:
        StateError: It is empty, longer than 200 characters, or holds control characters.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > 200 or not name.isprintable():
        raise StateError(f"{name!r:.60} cannot be a cohort's name.", "cohort", "Give 1 to 200 printable characters.")
    return name.strip()


def remove_cohort(connection: Any, name: str) -> bool:
    """Delete a cohort's rows in every table; its executions stay as history. False where there is no such cohort."""
    cohort = first_row(connection, "SELECT cohort_id FROM healthsim.cohort WHERE name = ?", [name])
    if not cohort:
        return False
    tables = connection.execute("SELECT name FROM healthsim.cohort_table WHERE cohort_id = ? AND row_count > 0", cohort)
    for (table,) in tables.fetchall():
        connection.execute(f"DELETE FROM {quoted(table)} WHERE {COHORT} = ?", cohort)
    connection.execute("DELETE FROM healthsim.dataset WHERE cohort_id = ?", cohort)
    connection.execute("DELETE FROM healthsim.cohort_table WHERE cohort_id = ?", cohort)
    connection.execute("DELETE FROM healthsim.cohort WHERE cohort_id = ?", cohort)
    connection.execute("INSERT INTO healthsim.deleted_cohort VALUES (?)", cohort)
    return True
