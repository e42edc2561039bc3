"""A run's chunks become a cohort, in one transaction."""

from __future__ import annotations

import gc
import weakref

import attrs
import numpy as np
import pyarrow as pa
import pytest

from healthsim_core import Columns, Field, Table
from healthsim_core.errors import StateError
from healthsim_core.state import list_cohorts, load_cohort, query


def test_a_cohort_comes_back_as_it_was_written(store):
    written = store.chunk(3)
    store.save("made", written)
    found = load_cohort("made")
    assert list(found) == list(written)
    assert {name: table.schema for name, table in found.items()} == {
        name: table.schema for name, table in written.items()
    }
    assert {name: table.to_pylist() for name, table in found.items()} == {
        name: table.to_pylist() for name, table in written.items()
    }


def test_the_columns_keep_what_they_say_of_themselves(store):
    store.save()
    assert load_cohort("made")["core.person"].schema.field("age").metadata == {
        b"description": b"Age at the start of the run; 0 for somebody born during it.",
        b"unit": b"years",
    }


def test_money_is_stored_exactly(store):
    store.save("made", store.chunk(2))
    total = query("SELECT sum(billed) AS total, typeof(any_value(billed)) AS kind FROM payer.claim", cohort="made")
    assert [str(value) for value in total.to_pylist()[0].values()] == ["246.90", "DECIMAL(14,2)"]


def test_chunks_are_appended_in_their_order(store):
    store.save("made", *(store.chunk(50, first=1 + 50 * number) for number in range(4)))
    assert load_cohort("made")["core.person"]["person_id"].to_pylist() == [16 * number for number in range(1, 201)]


def test_a_large_cohort_keeps_its_order(store):
    store.save("made", store.chunk(200_000), store.chunk(200_000, first=200_001))
    ids = load_cohort("made")["core.event"]["event_id"].to_numpy()
    assert len(ids) == 800_000
    assert (np.diff(ids) > 0).all()


def test_dictionaries_that_differ_by_chunk_keep_their_values(store):
    first, second = store.chunk(2), store.chunk(2, first=3)
    for chunk, names in ((first, ["Zoë", "Ana"]), (second, ["Bo", "Ana"])):
        person = chunk["core.person"]
        place = person.schema.get_field_index("first_name")
        chunk["core.person"] = person.set_column(place, person.schema.field(place), pa.array(names).dictionary_encode())
    store.save("made", first, second)
    assert load_cohort("made")["core.person"]["first_name"].to_pylist() == ["Zoë", "Ana", "Bo", "Ana"]


def test_tables_of_the_run_are_written_once_though_every_chunk_brings_them(store):
    store.save("made", store.chunk(2), store.chunk(2, first=3), store.chunk(2, first=5))
    assert load_cohort("made")["payer.provider"].num_rows == 1


def test_tables_of_the_run_may_come_with_the_first_chunk_only(store):
    later = store.chunk(2, first=3)
    del later["payer.provider"]
    store.save("made", store.chunk(2), later)
    assert load_cohort("made")["payer.provider"].num_rows == 1


def test_a_declared_table_without_rows_is_there_and_empty(store):
    chunk = store.chunk()
    del chunk["payer.claim"]
    store.save("made", chunk)
    assert load_cohort("made")["payer.claim"].schema == store.claim.schema
    assert load_cohort("made")["payer.claim"].num_rows == 0


def test_cohorts_do_not_see_each_other(store):
    store.save("three", store.chunk(3))
    store.save("five", store.chunk(5))
    assert (load_cohort("three")["core.person"].num_rows, load_cohort("five")["core.person"].num_rows) == (3, 5)


def test_columns_that_a_profile_adds_belong_to_its_cohort_alone(store):
    store.save("plain", store.chunk(2))
    store.save("with_lab", store.chunk(2, a1c=[7.25, None], smoker=["yes", "no"]))
    assert load_cohort("with_lab")["core.person"].select(["a1c", "smoker"]).to_pydict() == {
        "a1c": [7.25, None],
        "smoker": ["yes", "no"],
    }
    assert "a1c" not in load_cohort("plain")["core.person"].column_names


def test_a_profile_may_add_hundreds_of_columns(store):
    values = np.random.default_rng(7).random(10_000)
    chunk = store.chunk(10_000, **{f"x{number}": values for number in range(400)})
    store.save("wide", chunk)
    assert load_cohort("wide")["core.person"]["x399"].to_pylist() == values.tolist()


def test_a_newer_product_may_add_columns(store):
    store.save("before")
    newer = attrs.evolve(store.claim, fields=(*store.claim.fields, Field("paid", "money", "Paid.", nullable=True)))
    chunk = store.chunk(2)
    chunk["payer.claim"] = newer.arrow(Columns({"claim_id": [1, 2], "person_id": [16, 32],
                                                "date": np.full(2, np.datetime64("2025-02-03")),
                                                "billed": np.array([5, 6]), "paid": np.array([400, 500]),
                                                "note": None}, 2))  # fmt: skip
    store.save("after", chunk, tables={**store.tables, newer.name: newer})
    assert [str(paid) for paid in load_cohort("after")["payer.claim"]["paid"].to_pylist()] == ["4.00", "5.00"]
    assert load_cohort("before")["payer.claim"].schema == store.claim.schema


def test_a_product_without_a_column_of_old_still_stores(store):
    store.save("before")
    older = attrs.evolve(store.claim, fields=store.claim.fields[:-1])
    chunk = store.chunk(2)
    chunk["payer.claim"] = chunk["payer.claim"].drop_columns(["note"])
    store.save("after", chunk, tables={**store.tables, older.name: older})
    assert load_cohort("after")["payer.claim"].column_names == ["claim_id", "person_id", "date", "billed"]


def test_a_column_of_another_type_is_refused_and_nothing_changes(store, content):
    store.save("before", store.chunk(2, risk=[1.5, 2.5]))
    before = content(store.database)
    with pytest.raises(
        StateError, match=r"core\.person\.risk: is stored as DOUBLE by an earlier run, and would now be VARCHAR"
    ):
        store.sink("after", store.chunk(2, risk=["low", "high"]))
    assert content(store.database) == before


@pytest.mark.parametrize("name", ["cohort_id", "Age"])
def test_a_column_whose_name_is_taken_is_refused(store, name):
    with pytest.raises(StateError, match=rf"core\.person\.{name}: this column's name is taken"):
        store.sink("made", store.chunk(2, **{name: [1, 2]}))
    assert not store.database.exists()


def test_names_that_are_words_of_sql_are_only_names(store):
    order = Table(
        "select.order",
        (Field("group", "id", "x"), Field('a "b"; --', "text", "x")),
        key=("group",),
        description="x",
        person="group",
    )
    rows = order.arrow(Columns({"group": np.array([7]), 'a "b"; --': "yes"}, 1))
    store.save("made", {**store.chunk(), order.name: rows}, tables={**store.tables, order.name: order})
    assert load_cohort("made")["select.order"].to_pylist() == [{"group": 7, 'a "b"; --': "yes"}]


def test_a_name_that_is_taken_is_refused_and_nothing_changes(store, content):
    store.save("made")
    before = content(store.database)
    with pytest.raises(StateError, match='a cohort is already called "made"'):
        store.sink("made")
    assert content(store.database) == before


def test_replace_puts_the_new_cohort_in_the_place_of_the_old(store):
    store.save("made", store.chunk(5))
    store.save("made", store.chunk(2), replace=True)
    assert [(cohort.name, cohort.people) for cohort in list_cohorts()] == [("made", 2)]
    assert query("SELECT count(*) AS n FROM core.person").to_pylist() == [{"n": 2}]


def test_a_replacement_that_is_aborted_leaves_the_old_cohort(store, content):
    store.save("made", store.chunk(5))
    before = content(store.database)
    sink = store.sink("made", replace=True)
    sink.write(store.chunk(2))
    sink.abort()
    assert content(store.database) == before


@pytest.mark.parametrize("name", ["", "   ", "two\nlines", "x" * 201])
def test_a_name_that_cannot_be_one_is_refused(store, name):
    with pytest.raises(StateError, match="cannot be a cohort's name"):
        store.sink(name)


@pytest.mark.parametrize("name", ["O'Neil's cohort", 'say "x"; DROP TABLE core.person', "Grüße 你好", "50%_of"])
def test_any_printable_name_will_do(store, name):
    store.save(name)
    assert [cohort.name for cohort in list_cohorts()] == [name]
    assert load_cohort(name)["core.person"].num_rows == 2


def test_an_aborted_run_leaves_the_database_as_it_was(store, content):
    store.save("before")
    before, size = content(store.database), store.database.stat().st_size
    sink = store.sink("made", store.chunk(200_000, a1c=[7.0] * 200_000))
    sink.write(store.chunk(200_000, a1c=[7.0] * 200_000))
    sink.abort()
    assert content(store.database) == before
    assert store.database.stat().st_size <= size


def test_an_aborted_run_leaves_no_file_where_there_was_none(store):
    sink = store.sink()
    sink.write(store.chunk())
    sink.abort()
    assert list(store.database.parent.iterdir()) == []


def test_abort_after_commit_undoes_nothing(store):
    sink = store.sink()
    sink.write(store.chunk())
    sink.commit()
    sink.abort()
    assert [cohort.name for cohort in list_cohorts()] == ["made"]


def test_nothing_is_seen_before_commit(store):
    store.save("before")
    sink = store.sink("made")
    sink.write(store.chunk())
    sink.abort()
    store.save("made")
    assert query("SELECT count(*) AS n FROM core.person").to_pylist() == [{"n": 4}]


def test_rows_that_do_not_fit_the_table_end_the_run_with_the_reason(store):
    sink = store.sink()
    with pytest.raises(StateError, match="surprise"):
        sink.write({"payer.claim": store.chunk()["payer.claim"].append_column("surprise", pa.array([1, 2]))})
    sink.abort()
    assert not store.database.exists()


def test_a_chunk_is_let_go_when_it_is_written(store):
    sink, chunk = store.sink(), store.chunk()
    held = [weakref.ref(table) for table in chunk.values()]
    sink.write(chunk)
    chunk.clear()
    gc.collect()
    left = [table for table in held if table() is not None]
    sink.abort()
    assert left == []


def test_a_seed_of_any_size_is_kept(store):
    store.save("negative", record=store.record(seed=-(2**70)))
    assert list_cohorts()[0].seed == -(2**70)
