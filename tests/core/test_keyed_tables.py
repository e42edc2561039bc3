"""Rows of a run's tables by their key, and what a writer renders of them."""

from __future__ import annotations

import pyarrow as pa

from healthsim_core import KeyedTables, TableByKey


def payers(*rows: tuple[str, str | None]) -> dict[str, pa.Table]:
    names, phones = zip(*rows, strict=True)
    return {"plan.payer": pa.table({"name": list(names), "phone": pa.array(phones, pa.string())})}


def line(tables: KeyedTables, before: str, name: str) -> str:
    known = tables.by_name["plan.payer"]
    return f"{before}{known[name]['phone'] if name in known else 'nobody'}"


def test_a_row_that_is_known_stays_as_it_is() -> None:
    by_name = TableByKey("name")
    by_name.add(payers(("Acme", "1"))["plan.payer"])
    by_name.add(payers(("Acme", "2"), ("Best", "3"))["plan.payer"])
    assert {name: row["phone"] for name, row in by_name.items()} == {"Acme": "1", "Best": "3"}


def test_what_a_row_states_is_neither_null_nor_empty() -> None:
    by_name = TableByKey("name")
    by_name.add(payers(("Acme", None), ("Best", ""))["plan.payer"])
    assert [row.stated() for row in by_name.values()] == [{"name": "Acme"}, {"name": "Best"}]


def test_a_table_that_the_run_does_not_have_has_no_rows() -> None:
    tables = KeyedTables({"plan.payer": "name"})
    tables.learn({})
    assert dict(tables.by_name["plan.payer"]) == {}


def test_what_was_rendered_without_a_row_is_rendered_anew_with_it() -> None:
    tables = KeyedTables({"plan.payer": "name"})
    before = tables.once(line, "T")("Acme")
    tables.learn(payers(("Acme", "1")))
    assert (before, tables.once(line, "T")("Acme")) == ("Tnobody", "T1")


def test_a_value_is_rendered_once_for_each_way_of_rendering() -> None:
    rendered: list[str] = []

    def note(tables: KeyedTables, before: str, name: str) -> str:
        rendered.append(before + name)
        return before + name

    tables = KeyedTables({})
    for before in ("T", "U", "T"):
        tables.once(note, before)("Acme")
    assert rendered == ["TAcme", "UAcme"]
