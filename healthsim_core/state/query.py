"""Questions to the database, in SQL that can only read."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from healthsim_core.calls import checked_call
from healthsim_core.database.file import (
    STORE,
    database_path,
    explained,
    has_datasets,
    identifier,
    interruptible,
    quoted,
    reading,
)
from healthsim_core.errors import StateError
from healthsim_core.state.cohorts import PIECE, StoredTable, cohort_id, stored_tables
from healthsim_core.state.ddl import COHORT
from healthsim_core.state.question import Question, parse, refuse_beyond

MOST_ROWS = 1_000_000
MOST_SECONDS = 600.0
MOST_MEMORY = "4GB"
# no thread outlives us
_FORMAT = ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=False))
_SHUT = (  # in this order: what is locked first could not be set afterwards
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET disabled_filesystems = 'LocalFileSystem'",
    "SET lock_configuration = true",
)


@checked_call()
def query(
    sql: str,
    database: Path | str | None = None,
    cohort: str | None = None,
    *,
    limit: int | None = None,
    timeout: float = MOST_SECONDS,
    memory: str = MOST_MEMORY,
) -> pa.Table:
    """The answer to a question in SQL, such as `SELECT sex, count(*) FROM core.person GROUP BY sex`.

    The question may come from anybody: only what DuckDB parses as a SELECT (WITH, VALUES and PIVOT with its columns are
    some) is run, on a connection that opens no file, writes nowhere and loads no extension.
    Registered datasets are read for it.

    Args:
        sql: One statement that reads.
        database: The database's path; None for the default one.
        cohort: A cohort: there are its tables alone, with its rows and columns. None for all,
            told apart by `cohort_id`.
        limit: Rows of the answer at most; what is beyond is left out. None: a million, and more are an error.
        timeout: Seconds that it may take.
        memory: Memory that it may take, in DuckDB's words, such as "4GB".

    Raises:
        StateError: It is no question, no valid SQL, takes too much, or there is no such cohort.

    Warns:
        UserWarning: A registered dataset that it would read is damaged, and left out.
    """
    path = database_path(database)
    if limit is not None and limit < 1:
        raise StateError(f"a limit of {limit} rows.", "query", "Give 1 or more, or leave it out.")
    with explained("query"):
        question = parse(sql)
    with reading(path) as connection:
        if cohort is not None:
            _show_cohort(connection, question, cohort, path)
        else:
            _show_datasets(connection, question)
        with explained("query"):
            connection.execute("SET memory_limit = $1", [memory])
        for statement in _SHUT:
            connection.execute(statement)
        with explained("query"), _whole("query"):
            return interruptible(connection, functools.partial(_answer, connection, sql, limit), timeout)


def _answer(connection: duckdb.DuckDBPyConnection, sql: str, limit: int | None) -> pa.Table:
    most, rows = MOST_ROWS if limit is None else limit, 0
    batches: list[pa.RecordBatch] = []
    with connection.sql(sql).to_arrow_reader(PIECE) as reader:
        for batch in reader:
            batches.append(batch.slice(0, most - rows))
            rows += len(batch)
            if rows > most:
                break
        if rows > most and limit is None:
            raise StateError(f"has more than {most:,} rows.", "query", "Say how many you want with --limit, or LIMIT.")
        return pa.Table.from_batches(batches, reader.schema)


def _show_cohort(connection: duckdb.DuckDBPyConnection, question: Question, cohort: str, path: Path) -> None:
    """Let there be the cohort's tables alone."""
    number = cohort_id(connection, cohort, path)
    tables = stored_tables(connection, number, cohort)
    refuse_beyond(question, cohort, [table.name for table in tables])
    connection.execute("USE memory")
    for table in tables:
        if question.names(*table.name.split(".", 1)):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(table.name.split('.')[0])}")
            connection.execute(f"CREATE VIEW {quoted(table.name)} AS {_rows(connection, table, number)}")


def _show_datasets(connection: duckdb.DuckDBPyConnection, question: Question) -> None:
    """Let the tables that are asked for hold the rows of registered datasets too, where there are some."""
    sql = (
        "SELECT DISTINCT cohort_id, c.name FROM healthsim.dataset JOIN healthsim.cohort c USING (cohort_id) "
        "ORDER BY cohort_id"
    )
    registered = connection.execute(sql).fetchall() if has_datasets(connection) else []
    if not registered:
        return
    stored = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    parts = {
        name: [f"SELECT * FROM {STORE}.{identifier(name[0])}.{identifier(name[1])}"]
        for name in connection.execute(stored).fetchall()
    }
    for number, cohort in registered:
        for name, select in _parts_of(connection, question, number, cohort):
            parts[name].append(f"SELECT {number}::BIGINT AS {COHORT}, * FROM ({select})")
    connection.execute("USE memory")
    for (schema, name), selects in parts.items():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        connection.execute(
            f"CREATE VIEW {identifier(schema)}.{identifier(name)} AS {' UNION ALL BY NAME '.join(selects)}"
        )


def _parts_of(
    connection: duckdb.DuckDBPyConnection, question: Question, number: int, cohort: str
) -> Iterator[tuple[tuple[str, str], str]]:
    """A registered cohort's share of the tables that are asked for; none of it, with a warning,
    where its files are damaged."""
    try:
        tables = stored_tables(connection, number, cohort)
        asked = [(name, table) for table in tables if question.names(*(name := _split(table.name)))]
        shares = [(name, _rows(connection, table, number)) for name, table in asked]
    except StateError as error:
        warnings.warn(f'the cohort "{cohort}" is left out: {error.what}', stacklevel=2)
        return
    yield from shares


def _split(name: str) -> tuple[str, str]:
    schema, _, table = name.partition(".")
    return schema, table


def _rows(connection: duckdb.DuckDBPyConnection, table: StoredTable, number: int) -> str:
    """SQL for a cohort's rows; files are opened here, for the connection itself may open none."""
    if table.folder is None:
        return table.select(number, f"{STORE}.")
    name = f"dataset_{number}_{table.name.replace('.', '_')}"
    with _whole(table.folder.place):
        dataset = ds.dataset(list(table.paths), _plain(table.schema), _FORMAT, table.folder.files())
        for fragment in dataset.get_fragments():
            fragment.ensure_complete_metadata()
    connection.register(name, dataset)
    return f"SELECT {', '.join(map(identifier, table.schema.names))} FROM memory.main.{identifier(name)}"


@contextmanager
def _whole(place: str) -> Iterator[None]:
    """Turn what Arrow finds wrong with a dataset's files into one clear line."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        what = f"the dataset is damaged: {' '.join(str(error).split())[:200]}"
        raise StateError(what, place, "Put its files right, or delete the cohort.") from error


def _plain(schema: pa.Schema) -> pa.Schema:
    """The schema with plain texts, which filters compare."""
    return pa.schema([f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in schema])
