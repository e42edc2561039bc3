"""Questions to the database, in SQL that can only read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from healthsim_core.errors import StateError
from healthsim_core.state.cohorts import StoredTable, attach, cohort_id, stored_tables
from healthsim_core.state.database import STORE, database_path, explained, has_datasets, identifier, interruptible, quoted, reading
from healthsim_core.state.ddl import COHORT

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
        files = _limit(connection, cohort, path) if cohort is not None else _with_datasets(connection)
        connection.execute("SET allowed_paths = $1", [files])
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


def _limit(connection: duckdb.DuckDBPyConnection, cohort: str, path: Path) -> list[str]:
    """Let every table be the cohort's alone; the files that it lies in, where it is a registered dataset."""
    number = cohort_id(connection, cohort, path)
    tables = stored_tables(connection, number, cohort)
    attach(connection, tables)
    connection.execute("USE memory")
    for table in tables:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(table.name.split('.')[0])}")
        connection.execute(f"CREATE VIEW {quoted(table.name)} AS {table.select(number, f'{STORE}.')}")
    return _files(tables)


def _with_datasets(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Let tables hold the rows of registered datasets too, where there are some."""
    sql = "SELECT DISTINCT cohort_id, c.name FROM healthsim.dataset JOIN healthsim.cohort c USING (cohort_id) ORDER BY cohort_id"
    registered = connection.execute(sql).fetchall() if has_datasets(connection) else []
    if not registered:
        return []
    stored = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    parts = {name: [f"SELECT * FROM {STORE}.{identifier(name[0])}.{identifier(name[1])}"] for name in connection.execute(stored).fetchall()}
    tables: list[StoredTable] = []
    for number, cohort in registered:
        found = stored_tables(connection, number, cohort)
        for table in found:
            schema, _, name = table.name.partition(".")
            parts[schema, name].append(f"SELECT {number}::BIGINT AS {COHORT}, * FROM ({table.select(number)})")
        tables += found
    attach(connection, tables)
    connection.execute("USE memory")
    for (schema, name), selects in parts.items():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        connection.execute(f"CREATE VIEW {identifier(schema)}.{identifier(name)} AS {' UNION ALL BY NAME '.join(selects)}")
    return _files(tables)


def _files(tables: list[StoredTable]) -> list[str]:
    return [table.folder.of(path) for table in tables if table.folder is not None for path in table.paths]
