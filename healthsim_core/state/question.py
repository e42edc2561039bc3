"""A question in SQL as DuckDB parses it: whether it only reads, and which tables it names.

DuckDB's own parser decides, and what it finds is compared with what is allowed, never with what is forbidden: a kind of
statement or function that a later DuckDB adds is refused until somebody adds it here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import attrs
import duckdb

from healthsim_core.errors import StateError, suggestion

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"})
_CATALOG = frozenset(
    f"duckdb_{name}"
    for name in (
        "columns",
        "constraints",
        "databases",
        "functions",
        "keywords",
        "schemas",
        "settings",
        "tables",
        "types",
        "views",
    )
) | {"pragma_database_size", "pragma_show", "pragma_table_info", "pragma_version"}
_OWN_NAMES = ("duckdb_", "information_schema", "pg_", "pragma_", "sqlite_")
_NESTED = "Ask with fewer brackets."


@attrs.frozen
class Question:
    """A statement that only reads.

    Attributes:
        sql: The statement.
        tables: The tables that it names, as (schema, table) or (table,), in lower case.
        whole: Whether it asks for more than tables: functions of the catalog, or lists of tables.
    """

    sql: str
    tables: frozenset[tuple[str, ...]]
    whole: bool

    def names(self, schema: str, table: str) -> bool:
        """Whether it names a table, or what lists all of them."""
        return self.whole or (schema.lower(), table.lower()) in {named[-2:] for named in self.tables}


def parse(sql: str) -> Question:
    """What a statement asks, as DuckDB parses it; nothing of it is run.

    Raises:
        StateError: It is no valid SQL, or is anything else than one question.
    """
    node = _parsed(sql)
    tables: set[tuple[str, ...]] = set()
    common_tables: set[str] = set()
    whole = False
    for part in _parts(node):
        kind = str(part.get("type", ""))
        if kind.endswith("_NODE") and kind not in _NODES:
            what = kind.removesuffix("_QUERY_NODE").removesuffix("_NODE").replace("_", " ")
            raise _not_a_question(what)
        if kind == "TABLE_FUNCTION":
            whole |= _check_function(part)
        elif kind == "BASE_TABLE":
            tables.add(_path(part))
        elif kind == "SHOW_REF":
            whole |= part.get("query") is None
        common_tables |= {str(entry.get("key", "")).lower() for entry in part.get("map", ()) if isinstance(entry, dict)}
    named = frozenset(path for path in tables if len(path) > 1 or path[0] not in common_tables)
    return Question(
        sql,
        named,
        whole or any(_lists(path) for path in named) or any(name.startswith(_OWN_NAMES) for name in common_tables),
    )


def refuse_beyond(question: Question, cohort: str, known: Collection[str]) -> None:
    """Raise StateError where a question names anything but the tables of one cohort.

    Args:
        question: The question.
        cohort: The cohort.
        known: Names of its tables.
    """
    lowered = {name.lower() for name in known}
    for path in sorted(question.tables):
        if ".".join(path) not in lowered:
            what = f'the cohort "{cohort}" has no table "{".".join(path)}".'
            raise StateError(what, "query", suggestion(".".join(path), known) or "Ask for its tables alone.")
    if question.whole:
        what = "lists what the database holds, beyond the cohort."
        raise StateError(what, "query", "Ask without --cohort, or DESCRIBE one of its tables.")


def _parsed(sql: str) -> dict[str, Any]:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise StateError(f"holds {len(statements)} statements.", "query", "Ask one at a time.")
    with duckdb.connect() as connection:
        serialized: str = connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()[0][0]
    try:
        document = json.loads(serialized)
    except RecursionError:
        raise StateError("is nested too deeply.", "query", _NESTED) from None
    if document["error"]:
        raise _not_a_question(statements[0].type.name)
    node: dict[str, Any] = document["statements"][0]["node"]
    return node


def _not_a_question(kind: str) -> StateError:
    if kind == "MULTI":
        return StateError(
            "PIVOT does not say its columns.", "query", "List them: PIVOT ... ON column IN ('a', 'b') USING ..."
        )
    return StateError(
        f"{kind} is not a question: queries can only read.", "query", "Ask with SELECT, WITH, VALUES or PIVOT."
    )


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of the parsed form, without recursion: it may be deep."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            yield part
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)


def _check_function(part: dict[str, Any]) -> bool:
    """Refuse a function that reads more than its arguments; whether it is one of the catalog's."""
    name = str(part.get("function", {}).get("function_name", "")).lower()
    if name not in _FUNCTIONS | _CATALOG:
        raise StateError(
            f"the table function {name} is not for questions.", "query", suggestion(name, _FUNCTIONS | _CATALOG)
        )
    return name in _CATALOG


def _path(part: dict[str, Any]) -> tuple[str, ...]:
    names = (part.get("catalog_name"), part.get("schema_name"), part.get("table_name"))
    return tuple(str(name).lower() for name in names if name)


def _lists(path: tuple[str, ...]) -> bool:
    return any(name.startswith(_OWN_NAMES) for name in path)
