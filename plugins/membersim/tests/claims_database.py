"""The tables of a result, as a database that can be asked."""

import duckdb


def database(result):
    connection = duckdb.connect()
    for name, table in result.tables.items():
        connection.register(name.split(".")[1], table)
    return connection


def rows(connection, query):
    return connection.execute(query).fetchall()


def none(connection, query):
    """Assert that a query over a table that is not empty finds nothing."""
    table = query.split(" from ")[1].split()[0]
    assert rows(connection, f"select count(*) from {table}")[0][0] > 100
    assert rows(connection, query) == []
