"""Cohorts, once stored: listed, summarised, asked, exported and deleted."""

from __future__ import annotations

import csv
import datetime
import hashlib
import html.parser
import json
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from healthsim_core.errors import StateError
from healthsim_core.state import (
    available_name,
    delete_cohort,
    export_cohort,
    get_summary,
    list_cohorts,
    list_executions,
    load_cohort,
    persist,
    query,
)


def result(store, people=3, cohort=None):
    """What a run that was not persisted gives back."""
    tables = store.chunk(people)
    return SimpleNamespace(tables=tables, entities=tables["core.person"], execution=store.record(), cohort=cohort)


def test_persist_stores_a_result_and_says_under_which_name(store):
    written = result(store)
    assert persist(written, cohort="mine") == "mine"
    assert {name: table.to_pylist() for name, table in load_cohort("mine").items()} == {
        name: table.to_pylist() for name, table in written.tables.items()
    }


def test_persist_without_a_name_takes_the_runs_own_and_then_the_next(store):
    assert [persist(result(store)) for _ in range(3)] == ["made", "made-2", "made-3"]


def test_persist_under_a_taken_name_is_refused(store):
    persist(result(store), cohort="mine")
    with pytest.raises(StateError, match='a cohort is already called "mine"'):
        persist(result(store), cohort="mine")


def test_the_named_database_wins_over_the_environment(store, tmp_path):
    persist(result(store), database=tmp_path / "other.duckdb")
    assert ([c.name for c in list_cohorts(tmp_path / "other.duckdb")], list_cohorts()) == (["made"], [])


def test_available_name_fills_the_first_gap(store):
    for name in ("made", "made-3"):
        store.save(name)
    assert [available_name(name) for name in ("made", "free")] == ["made-2", "free"]


def test_the_list_counts_people_events_and_records(store):
    store.save("three", store.chunk(3))
    store.save("five", store.chunk(5))
    assert [(c.name, c.people, c.events, c.records) for c in list_cohorts()] == [("three", 3, 6, 4), ("five", 5, 10, 6)]


def test_a_summary_says_what_is_there(store):
    store.save("made", store.chunk(1_234), record=store.record(seed=7))
    store.save("another", store.chunk(5))
    assert get_summary("made").to_dict() == {
        "cohort": "made",
        "people": 1_234,
        "events": 2_468,
        "first": "2025-02-01",
        "last": "2025-11-30",
        "conditions": [{"code": "E11.9", "description": "Type 2 diabetes", "people": 1_234}],
        "records": {"payer.claim": 1_234, "payer.provider": 1},
        "products": ["payer"],
        "seed": 7,
        "as_of": "2026-01-01",
        "execution": "abc123",
    }


def test_a_summary_can_go_where_json_goes(store):
    store.save()
    assert json.loads(json.dumps(get_summary("made").to_dict()))["people"] == 2


def test_a_printed_summary_is_small_and_holds_the_figures(store):
    store.save("made", store.chunk(1_234))
    printed = str(get_summary("made"))
    assert len(printed) < 500
    assert all(
        figure in printed
        for figure in ("1,234", "2,468", "2025-02-01", "2025-11-30", "E11.9 Type 2 diabetes", "claim 1,234")
    )


def test_a_summary_in_a_notebook_escapes_what_it_shows(store):
    class Texts(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.texts, self.tags = [], set()

        def handle_data(self, data):
            self.texts.append(data)

        def handle_starttag(self, tag, attrs):
            self.tags.add(tag)

    store.save("<script>A & B")
    read = Texts()
    read.feed(get_summary("<script>A & B")._repr_html_())
    assert "cohort <script>A & B" in read.texts
    assert read.tags == {"table", "caption", "tr", "th", "td"}


def test_a_summary_of_nobody_is_all_zero(store):
    sink = store.sink("nobody")
    sink.write({})
    sink.commit()
    summary = get_summary("nobody")
    assert (summary.people, summary.events, summary.first, summary.conditions, summary.records) == (0, 0, None, (), {})


def test_a_query_sees_one_cohort_or_all(store):
    store.save("three", store.chunk(3))
    store.save("five", store.chunk(5))
    sql = "SELECT count(*) AS n FROM core.person"
    assert [query(sql, cohort=name).to_pylist()[0]["n"] for name in ("three", "five", None)] == [3, 5, 8]


def test_a_query_over_all_cohorts_can_name_them(store):
    store.save("three", store.chunk(3))
    store.save("five", store.chunk(5))
    sql = (
        "SELECT name, count(*) AS n FROM core.person JOIN healthsim.cohort USING (cohort_id) GROUP BY name "
        "ORDER BY name"
    )
    assert query(sql).to_pylist() == [{"name": "five", "n": 5}, {"name": "three", "n": 3}]


def test_a_query_of_a_cohort_joins_its_tables(store):
    store.save("made", store.chunk(3))
    sql = "SELECT sum(c.billed) AS total FROM core.person p JOIN payer.claim c USING (person_id)"
    assert str(query(sql, cohort="made")["total"][0]) == "370.35"


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_an_export_holds_every_table(store, tmp_path, form):
    store.save("made", store.chunk(3))
    files = export_cohort("made", tmp_path / "out", form)
    ending = {"parquet": ".parquet", "csv": ".csv", "json": ".ndjson"}[form]
    assert [file.name for file in files] == [f"{name}{ending}" for name in load_cohort("made")]
    assert sorted(files) == sorted((tmp_path / "out").iterdir())


def test_parquet_says_what_the_database_says(store, tmp_path):
    store.save("other", store.chunk(2))
    store.save("made", store.chunk(3, a1c=[7.5, None, 8.0]))
    export_cohort("made", tmp_path / "out")
    for name, table in load_cohort("made").items():
        assert pq.read_table(tmp_path / "out" / f"{name}.parquet").to_pylist() == table.to_pylist()


def test_csv_quotes_what_must_be_quoted(store, tmp_path):
    store.save("made", store.chunk(2))
    export_cohort("made", tmp_path / "out", "csv")
    with (tmp_path / "out" / "payer.claim.csv").open(encoding="utf-8", newline="") as file:
        claims = list(csv.DictReader(file))
    assert [claim["note"] for claim in claims] == ['said "aïe"; twice'] * 2
    assert [claim["billed"] for claim in claims] == ["123.45"] * 2


def test_json_is_an_object_a_line(store, tmp_path):
    store.save("made", store.chunk(2))
    export_cohort("made", tmp_path / "out", "json")
    claims = [
        json.loads(line) for line in (tmp_path / "out" / "payer.claim.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert [(claim["billed"], claim["date"]) for claim in claims] == [(123.45, "2025-02-03")] * 2


def test_ids_are_text_in_json_and_nothing_else_is(store, tmp_path):
    store.save("made", store.chunk(2))
    export_cohort("made", tmp_path / "out", "json")
    claims = [
        json.loads(line) for line in (tmp_path / "out" / "payer.claim.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    told = [(claim["claim_id"], claim["person_id"], claim["billed"]) for claim in claims]
    assert told == [("1603", "16", 123.45), ("3203", "32", 123.45)]
    people = [
        json.loads(line) for line in (tmp_path / "out" / "core.person.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert [(person["household_id"], person["age"]) for person in people] == [("16", 71), ("32", 71)]


def test_ids_stay_numbers_in_parquet_and_in_csv(store, tmp_path):
    store.save("made", store.chunk(2))
    for form in ("parquet", "csv"):
        export_cohort("made", tmp_path / form, form)
    assert pq.read_schema(tmp_path / "parquet" / "payer.claim.parquet").field("claim_id").type == "int64"
    assert (tmp_path / "csv" / "payer.claim.csv").read_text(encoding="utf-8").splitlines()[1].startswith("1603,16,")


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_exports_of_the_same_cohort_have_the_same_bytes(store, tmp_path, form):
    whole = store.chunk(5_000)
    tenths = [
        {n: t.slice(t.num_rows * i // 10, t.num_rows // 10) if t.num_rows > 1 else t for n, t in whole.items()}
        for i in range(10)
    ]
    store.save("first", whole)
    store.save("second", *tenths)
    digests = [
        [hashlib.sha256(file.read_bytes()).hexdigest() for file in export_cohort(name, tmp_path / name, form)]
        for name in ("first", "second")
    ]
    assert digests[0] == digests[1]


def test_an_export_replaces_nothing_unless_told_to(store, tmp_path):
    store.save("made", store.chunk(3))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "core.event.csv").write_text("mine")
    with pytest.raises(StateError, match=r"out: core\.event\.csv is there already"):
        export_cohort("made", tmp_path / "out", "csv")
    assert [(file.name, file.read_text()) for file in (tmp_path / "out").iterdir()] == [("core.event.csv", "mine")]
    export_cohort("made", tmp_path / "out", "csv", overwrite=True)
    assert len((tmp_path / "out" / "core.event.csv").read_text().splitlines()) == 7


def test_an_unknown_form_of_export_is_refused_with_those_that_are(store, tmp_path):
    store.save()
    with pytest.raises(StateError, match="parquet"):
        export_cohort("made", tmp_path / "out", "parket")
    assert not (tmp_path / "out").exists()


def test_a_deleted_cohort_leaves_no_row_and_its_history(store, content):
    store.save("keep", store.chunk(3))
    history = ("healthsim.execution", "healthsim.deleted_cohort")
    before = {name: rows for name, rows in content(store.database).items() if name not in history}
    store.save("drop", store.chunk(5))
    delete_cohort("drop")
    after = content(store.database)
    assert {name: rows for name, rows in after.items() if name not in history} == before
    assert after["healthsim.deleted_cohort"] == [(2,)]
    assert [(run.cohort, run.stored) for run in list_executions()] == [("keep", True), ("drop", False)]


def test_a_deleted_cohorts_name_is_free_again(store):
    store.save("made", store.chunk(3))
    delete_cohort("made")
    store.save("made", store.chunk(2))
    assert get_summary("made").people == 2


def test_a_cohort_says_when_its_world_was_and_not_when_it_was_stored(store):
    store.save()
    (cohort,) = list_cohorts()
    assert (cohort.as_of, cohort.seed, cohort.execution) == (datetime.date(2026, 1, 1), 42, "abc123")
