"""Rows by the types of a declared table, from columns and from a CSV file."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from healthsim_core import Field, Table, declared_rows, read_declared

PAID = Table(
    "plan.price",
    (
        Field("code", "text", "Code."),
        Field("kind", "category", "Kind."),
        Field("since", "date", "From when.", nullable=True),
        Field("weight", "number", "Weight.", nullable=True),
        Field("open", "boolean", "Whether it is open.", nullable=True),
    ),
    key=("code",),
    description="Prices.",
    person="",
)


def test_rows_have_the_declared_order_and_types() -> None:
    columns = {"kind": pa.array(["a", "b"]), "weight": pa.array(["1.5", "2"]), "code": pa.array(["X", "Y"])}
    assert declared_rows(PAID, columns, 2).schema == PAID.schema


def test_what_is_not_given_is_null_and_a_scalar_stands_in_every_row() -> None:
    columns = {"code": pa.array(["X", "Y"]), "kind": "a", "weight": 2, "unknown": pa.array([1, 2])}
    assert declared_rows(PAID, columns, 2).to_pylist() == [
        {"code": code, "kind": "a", "since": None, "weight": 2.0, "open": None} for code in ("X", "Y")
    ]


def test_a_dictionary_becomes_the_declared_one() -> None:
    columns = {"code": pa.array(["X", "Y"]).dictionary_encode(), "kind": pa.array(["b", "b"]).dictionary_encode()}
    rows = declared_rows(PAID, columns, 2)
    assert (rows["code"].to_pylist(), rows["kind"].to_pylist()) == (["X", "Y"], ["b", "b"])


def test_a_value_that_is_none_of_the_type_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid, match="heavy"):
        declared_rows(PAID, {"code": "X", "kind": "a", "weight": pa.array(["heavy"])}, 1)


def test_a_file_is_read_by_the_declared_types_whatever_its_values_look_like(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("code,since,open,basis\n0012,2026-01-31,1,7\n12,,0,\n")
    assert read_declared(PAID, path, kind="a").to_pylist() == [
        {"code": "0012", "kind": "a", "since": datetime.date(2026, 1, 31), "weight": None, "open": True},
        {"code": "12", "kind": "a", "since": None, "weight": None, "open": False},
    ]
