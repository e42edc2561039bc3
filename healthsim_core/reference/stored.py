"""Reference facts that `healthsim init` has stored in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pyarrow as pa

SCHEMA = "reference"
LOADED_FROM = "loaded_from"  # the column of every stored table that says which file its rows come from
_TABLES = "FROM duckdb_tables() SELECT table_name WHERE database_name = current_database() AND schema_name = ? AND table_name = ?"
_database: ContextVar[Path | str | None] = ContextVar("reference_database", default=None)


@contextmanager
def stored_in(database: Path | str | None) -> Iterator[None]:
    """Within this block, look for stored facts in `database`; None is the default one."""
    token = _database.set(database)
    try:
        yield
    finally:
        _database.reset(token)


def reference_rows(dataset: str, **equal: Any) -> pa.Table | None:
    """Rows that `healthsim init` has stored of a dataset.

    Args:
        dataset: The dataset's name.
        equal: Columns and the value that each must have.

    Returns:
        The rows, or None where nothing of the dataset is stored.

    Raises:
        StateError: The database cannot be read: locked, or not a database.

    Example:
        >>> reference_rows("nothing-of-the-kind") is None
        True
    """
    from healthsim_core.state.database import database_path, quoted, reading

    path = database_path(_database.get())
    if not path.exists():
        return None
    with reading(path) as connection:
        name = dataset.replace("-", "_")
        known = connection.sql(_TABLES, params=[SCHEMA, name]).fetchall()
        if not known:
            return None
        where = " AND ".join(f"{quoted(column)} = ?" for column in equal) or "true"
        sql = f"SELECT * FROM {quoted(f'{SCHEMA}.{name}')} WHERE {where} ORDER BY ALL"
        rows: pa.Table = connection.sql(sql, params=[*equal.values()]).to_arrow_table()
        return rows
