"""Questions to the database, in SQL that can only read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from healthsim_core.errors import StateError
from healthsim_core.state.cohorts import cohort_id, stored_tables
from healthsim_core.state.database import STORE, database_path, explained, identifier, interruptible, quoted, reading

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def query(sql: str, database: Path | str | None = None, cohort: str | None = None) -> pa.Table:
    """The answer to a question in SQL, such as `SELECT sex, count(*) FROM core.person GROUP BY sex`.

    The file is opened to be read only, and the statement can neither write nor open other files.

    Args:
        sql: One statement that reads.
        database: The database's path; None for the default one.
        cohort: A cohort: every table then holds its rows and columns alone. None for all, told apart by `cohort_id`.

    Raises:
        StateError: It would write, is no valid SQL, or there is no such cohort.
    """
    path = database_path(database)
    with explained("query"):
        _refuse_writing(sql)
    with reading(path) as connection:
        if cohort is not None:
            _limit(connection, cohort, path)
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        with explained("query"):
            answer: pa.Table = interruptible(connection, lambda: connection.sql(sql).to_arrow_table())
            return answer


def _refuse_writing(sql: str) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise StateError(f"holds {len(statements)} statements.", "query", "Ask one at a time.")
    if statements[0].type not in _READS:
        kind = statements[0].type.name
        raise StateError(f"{kind} is not a question: queries can only read.", "query", "Ask with SELECT.")


def _limit(connection: duckdb.DuckDBPyConnection, cohort: str, path: Path) -> None:
    number = cohort_id(connection, cohort, path)
    tables = stored_tables(connection, number)
    connection.execute("USE memory")
    for table in tables:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(table.name.split('.')[0])}")
        connection.execute(f"CREATE VIEW {quoted(table.name)} AS {table.select(number, f'{STORE}.')}")
