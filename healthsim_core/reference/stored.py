"""Reference facts that `healthsim init` has stored in the database: read once a run, and part of what the run is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

SCHEMA = "reference"
BUNDLED = "bundled"
LOADED_FROM = "loaded_from"  # the column of every stored table that says which file its rows come from
_TABLES = "FROM duckdb_tables() SELECT table_name WHERE database_name = current_database() AND schema_name = ? ORDER BY table_name"

Facts = Mapping[str, pa.Table]
_facts: ContextVar[Facts | None] = ContextVar("reference_facts", default=None)


@contextmanager
def stored_in(database: Path | str | None) -> Iterator[None]:
    """Within this block, stored facts are those of `database`; None is the default one."""
    with using(read_facts(database)):
        yield


@contextmanager
def using(facts: Facts) -> Iterator[None]:
    """Within this block, stored facts are `facts`."""
    token = _facts.set(facts)
    try:
        yield
    finally:
        _facts.reset(token)


def current_facts() -> Facts:
    """The stored facts of the surrounding block, else those of the default database."""
    found = _facts.get()
    return read_facts(None) if found is None else found


def read_facts(database: Path | str | None) -> dict[str, pa.Table]:
    """Everything that `healthsim init` has stored, by dataset (with _ for -); nothing where there is no database.

    Raises:
        StateError: The database cannot be read: locked, or not a database.
    """
    from healthsim_core.state.database import database_path, quoted, reading

    path = database_path(database)
    if not path.exists():
        return {}
    with reading(path) as connection:
        names = [name for (name,) in connection.sql(_TABLES, params=[SCHEMA]).fetchall()]
        return {name: connection.sql(f"FROM {quoted(f'{SCHEMA}.{name}')} ORDER BY ALL").to_arrow_table() for name in names}


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
    rows = current_facts().get(dataset.replace("-", "_"))
    if rows is None:
        return None
    for column, value in equal.items():
        rows = rows.filter(pc.field(column) == value)
    return rows


def digests(facts: Facts) -> dict[str, str]:
    """A digest of what files have brought to each dataset; the bundled rows are those of the product's version."""
    found = {}
    for name, rows in facts.items():
        brought = rows.filter(pc.field(LOADED_FROM) != BUNDLED)
        if brought.num_rows:
            text = repr(brought.to_pydict()).encode()
            found[f"reference:{name}"] = hashlib.sha256(text).hexdigest()[:16]
    return found
