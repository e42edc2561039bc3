"""The database's tables, made from the declarations: a schema a product, a table a declared table."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from healthsim_core.database.file import identifier, quoted
from healthsim_core.errors import StateError
from healthsim_core.tables import Field

COHORT = "cohort_id"
_KINDS = ("id", "integer", "number", "money", "boolean", "date", "datetime", "text", "category")
_DECLARED = {field.arrow.type: field.sql for field in (Field("column", kind, "") for kind in _KINDS)}


def sql_type(kind: pa.DataType) -> str | None:
    """The DuckDB type of an Arrow type: that of the declared field, else the nearest one, else None."""
    if kind in _DECLARED:
        return _DECLARED[kind]
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_dictionary(kind):
        return sql_type(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return "VARCHAR"
    return "TIMESTAMP_S" if pa.types.is_timestamp(kind) else None


def ensure_table(connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema) -> None:
    """Make the table where it is missing, and add the columns that it lacks.

    Args:
        connection: Connection within a transaction.
        name: "product.table".
        schema: The table's columns.

    Raises:
        StateError: A column is stored with another type.
    """
    wanted = _columns(name, schema)
    stored = _stored(connection, name)
    if not stored:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name.split('.')[0])}")
        columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in wanted.items())
        connection.execute(f"CREATE TABLE {quoted(name)} ({identifier(COHORT)} BIGINT, {columns})")
        return
    for column, kind in wanted.items():
        before = stored.get(column.lower())
        if before is None:
            connection.execute(f"ALTER TABLE {quoted(name)} ADD COLUMN {identifier(column)} {kind}")
        elif before != kind:
            raise StateError(
                f"is stored as {before} by an earlier run, and would now be {kind}.",
                f"{name}.{column}",
                "Give the column another name, or store to another database (--database).",
            )


def _columns(name: str, schema: pa.Schema) -> dict[str, str]:
    columns: dict[str, str] = {}
    taken = {COHORT}
    for field in schema:
        if field.name.lower() in taken:
            remedy = "Names differ by more than case, and cohort_id is the database's own."
            raise StateError("this column's name is taken.", f"{name}.{field.name}", remedy)
        kind = sql_type(field.type)
        if kind is None:
            raise StateError(f"a column of type {field.type} cannot be stored.", f"{name}.{field.name}")
        taken.add(field.name.lower())
        columns[field.name] = kind
    return columns


def _stored(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    sql = """SELECT lower(column_name), data_type FROM duckdb_columns()
             WHERE database_name = current_database() AND schema_name = ? AND table_name = ?"""
    return dict(connection.execute(sql, name.split(".", 1)).fetchall())
