"""Reference facts that `healthsim init` has stored in the database: read once a run, and part of what the run is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.errors import StateError

SCHEMA = "reference"
BUNDLED = "bundled"
LOADED_FROM = "loaded_from"  # the column of every stored table that says which file its rows come from
SMALL = 20_000  # rows of a table that is read whole; of a larger one only what is asked for
_TABLES = (
    "FROM duckdb_tables() SELECT table_name WHERE database_name = current_database() AND schema_name = ? "
    "ORDER BY table_name"
)

Asked = tuple[str, tuple[tuple[str, Any], ...]]


class Facts:
    """The stored facts of one run: the small tables, and of large ones what has been asked for so far.

    A run asks for what it needs of a large table while its plan is compiled: later its own database may be locked. What
    was read travels with the plan to every worker.

    Args:
        database: The database; None for no facts at all.
        unread: Why there are none, although there may be some stored; a line for the user.
    """

    def __init__(self, database: Path | None = None, unread: str = "") -> None:
        self._database, self.unread = database, unread
        self._whole: dict[str, pa.Table] = {}
        self._large: frozenset[str] = frozenset()
        self._answers: dict[Asked, pa.Table] = {}
        if database is not None and os.path.exists(database):
            self._read_small()

    def rows(self, dataset: str, equal: Mapping[str, Any]) -> pa.Table | None:
        """Rows of a dataset where columns have the values of `equal`; None where nothing of it is stored."""
        name = dataset.replace("-", "_")
        if name in self._whole:
            return _where(self._whole[name], equal)
        if name not in self._large:
            return None
        asked = (name, tuple(sorted(equal.items())))
        if asked not in self._answers:
            self._answers[asked] = self._answer(name, equal)
        return self._answers[asked]

    def digests(self) -> dict[str, str]:
        """A digest of what files have brought, by dataset; bundled rows are those of the product's version."""
        read = [
            *self._whole.items(),
            *((name, rows) for (name, _), rows in sorted(self._answers.items(), key=lambda item: repr(item[0]))),
        ]
        hashes: dict[str, Any] = {}
        for name, rows in read:
            brought = rows.filter(pc.field(LOADED_FROM) != BUNDLED)
            if brought.num_rows:
                hashes.setdefault(name, hashlib.sha256()).update(repr(brought.to_pydict()).encode())
        return {f"reference:{name}": digest.hexdigest()[:16] for name, digest in sorted(hashes.items())}

    def _read_small(self) -> None:
        from healthsim_core.database.file import quoted, reading

        large = set()
        with reading(self._database) as connection:
            for (name,) in connection.sql(_TABLES, params=[SCHEMA]).fetchall():
                table = quoted(f"{SCHEMA}.{name}")
                ((rows,),) = connection.sql(f"FROM {table} SELECT count(*)").fetchall()
                if rows > SMALL:
                    large.add(name)
                else:
                    self._whole[name] = connection.sql(f"FROM {table} ORDER BY ALL").to_arrow_table()
        self._large = frozenset(large)

    def _answer(self, name: str, equal: Mapping[str, Any]) -> pa.Table:
        from healthsim_core.database.file import identifier, quoted, reading

        where = " AND ".join(f"{identifier(column)} = ?" for column in equal) or "true"
        with reading(self._database) as connection:
            sql = f"FROM {quoted(f'{SCHEMA}.{name}')} WHERE {where} ORDER BY ALL"
            rows: pa.Table = connection.sql(sql, params=[*equal.values()]).to_arrow_table()
            return rows


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
    facts = _facts.get()
    return read_facts(None) if facts is None else facts


def read_facts(database: Path | str | None) -> Facts:
    """What `healthsim init` has stored; nothing where there is no database,
    or the default one cannot be read (`Facts.unread` says so).

    Raises:
        StateError: The database that was named cannot be read: locked, or not a database.
    """
    from healthsim_core.database.file import database_path

    try:
        return Facts(database_path(database))
    except StateError as error:
        if database is not None:
            raise
        return Facts(
            unread=(
                f"stored reference figures were not read, bundled ones stand alone: {error.where} "
                f"{error.what.rstrip('.')}"
            )
        )


def reference_rows(dataset: str, **equal: Any) -> pa.Table | None:
    """Rows that `healthsim init` has stored of a dataset.

    Args:
        dataset: The dataset's name.
        equal: Columns and the value that each must have.

    Returns:
        The rows, or None where nothing of the dataset is stored.

    Raises:
        StateError: The database cannot be read: locked, or not a database.

    Examples:
        >>> reference_rows("nothing-of-the-kind") is None
        True
    """
    return current_facts().rows(dataset, equal)


def _where(rows: pa.Table, equal: Mapping[str, Any]) -> pa.Table:
    for column, value in equal.items():
        rows = rows.filter(pc.field(column) == value)
    return rows
