"""A declared table turns columns into Arrow and back, and refuses what it does not declare."""

from __future__ import annotations

import decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import Columns, Field, Table, Text, cents, from_arrow, world
from healthsim_core.errors import TableError
from healthsim_core.tables import money
from healthsim_core.testing import make_people

KINDS = ("id", "integer", "number", "money", "boolean", "date", "datetime", "text", "category")
ALL = Table(
    "any.thing",
    tuple(Field(kind, kind, f"A {kind}.", nullable=True) for kind in KINDS),
    key=("id",),
    description="Every type.",
)
FULL = Columns(
    {
        "id": np.array([7, 2**62]), "integer": np.array([-5, 2**31 - 1]), "number": np.array([1.5, -2.25]),
        "money": np.array([12_345, -1]),
        "boolean": np.array([True, False]), "date": np.array(["1899-12-31", "2026-01-01"], "datetime64[D]"),
        "datetime": np.array(["2025-01-01T00:00:00", "2025-12-31T23:59:59"], "datetime64[s]"), "text": ["é", ""],
        "category": ["a", "a"],
    }
)  # fmt: skip


def test_every_type_goes_to_arrow_and_back():
    back = from_arrow(ALL.arrow(FULL))
    assert back.to_pylist() == FULL.to_pylist()


def test_every_null_goes_to_arrow_and_back():
    nulls = Columns({field.name: field.nulls(2) for field in ALL.fields if field.type != "boolean"}, 2)
    table = ALL.arrow(nulls).drop_columns(["boolean"])
    assert {name: table[name].null_count for name in nulls} == dict.fromkeys(nulls, 2)
    # of money, null is read as nothing
    again = ALL.arrow(from_arrow(table).assign(money=np.nan)).drop_columns(["boolean"])
    assert again.equals(table)


def test_arrow_says_what_each_type_is():
    assert dict(zip(ALL.schema.names, map(str, ALL.schema.types), strict=True)) == {
        "id": "int64",
        "integer": "int32",
        "number": "double",
        "money": "decimal128(14, 2)",
        "boolean": "bool",
        "date": "date32[day]",
        "datetime": "timestamp[s]",
        "text": "string",
        "category": "dictionary<values=string, indices=int32, ordered=0>",
    }


def test_duckdb_has_the_declared_types():
    rows = ALL.arrow(FULL)  # noqa: F841 - DuckDB finds it by name
    with duckdb.connect() as connection:
        columns = ", ".join(f"{field.name} {field.sql}" for field in ALL.fields)
        connection.execute(f"CREATE TABLE stored ({columns}); INSERT INTO stored SELECT * FROM rows")
        assert connection.execute("FROM stored").fetchall()[0][3] == decimal.Decimal("123.45")
        assert [row[1] for row in connection.execute("DESCRIBE stored").fetchall()] == [
            field.sql for field in ALL.fields
        ]


@given(st.lists(st.integers(-(10**13), 10**13), max_size=40), st.integers(0, 5))
def test_money_is_exact_to_the_cent_also_in_a_slice(amounts, start):
    array = money(np.array(amounts, np.int64))
    array.validate(full=True)
    assert array.to_pylist() == [decimal.Decimal(amount) / 100 for amount in amounts]
    assert cents(array).tolist() == amounts
    assert cents(array.slice(start)).tolist() == amounts[start:]


def test_money_may_be_null_and_null_counts_as_nothing():
    array = money(np.array([150.0, np.nan, -1.0]))
    assert array.to_pylist() == [decimal.Decimal("1.50"), None, decimal.Decimal("-0.01")]
    assert cents(pa.chunked_array([array, array])).tolist() == [150, 0, -1, 150, 0, -1]


def test_nullable_columns_may_be_left_out():
    table = ALL.arrow(Columns({"id": np.array([1])}, 1))
    assert table["text"].to_pylist() == [None]
    assert table.schema == ALL.schema


REQUIRED = Table(
    "any.thing",
    (Field("id", "id", "Key."), Field("code", "category", "Code.")),
    key=("id",),
    description="Both must be there.",
)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": np.array([1])}, 'any.thing: the column "code" is missing.'),
        ({"id": np.array([0]), "code": "x"}, 'the column "id" holds 1 nulls.'),
        ({"id": np.array([1]), "code": None}, 'the column "code" holds 1 nulls.'),
        ({"id": np.array([1]), "code": "x", "cod": "x"}, 'the table has no column "cod".\n  Did you mean "code"?'),
        ({"id": np.array([1]), "code": np.array([3])}, 'the column "code" is not of type category'),
        ({"id": Text.of(["a"]), "code": "x"}, 'the column "id" is not of type id'),
    ],
)
def test_columns_that_are_not_declared_so_are_refused(columns, said):
    with pytest.raises(TableError) as refused:
        REQUIRED.arrow(Columns(columns, 1))
    assert said in str(refused.value)


def test_an_integer_that_does_not_fit_is_refused_and_not_wrapped_around():
    with pytest.raises(TableError, match="integer"):
        ALL.arrow(Columns({"integer": np.array([2**31])}, 1))


def test_an_unknown_type_is_refused():
    with pytest.raises(ValueError, match="colour"):
        Field("x", "colour", "No such type.")


@pytest.mark.parametrize("table", world.CORE_TABLES, ids=lambda table: table.name)
def test_core_tables_are_declared_whole(table):
    names = [field.name for field in table.fields]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert table.person in names
    assert all(field.description.endswith((".", ". ")) for field in table.fields)
    assert {field.references for field in table.fields if field.references} <= {each.name for each in world.CORE_TABLES}


def test_an_empty_table_has_its_types():
    assert world.PERSON.empty().schema == world.PERSON.schema
    assert from_arrow(world.PERSON.empty()).rows == 0


def test_people_made_by_hand_are_people():
    declared = [field.name for field in world.PERSON.fields]
    assert world.PERSON.arrow(make_people(3).columns.select(declared)).num_rows == 3
