"""The history: a run can be looked up, and run again to the byte."""

from __future__ import annotations

import datetime

import attrs
import pytest

from healthsim_core import generate
from healthsim_core.errors import StateError
from healthsim_core.generator import rerun
from healthsim_core.state import (
    delete_cohort,
    get_summary,
    list_executions,
    load_cohort,
    load_execution,
    load_profile,
    persist,
    query,
    save_profile,
    show_execution,
)

ADULTS = {
    "id": "adults",
    "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}},
    "clinical": {"conditions": ["I10"]},
    "attributes": {"risk": {"type": "normal", "mean": 1, "sd": 0.2, "min": 0, "max": 2}},
}
YEAR = {
    "journey_id": "year",
    "duration_days": 365,
    "events": [{"event_id": "review", "event_type": "milestone", "repeat": {"every": {"months": 3}, "count": 4}}],
}


def run(**options):
    return generate(**{"profile": ADULTS, "journey": YEAR, "count": 30, "products": [], "seed": 7, **options})


def test_an_execution_keeps_what_was_asked(store):
    asked = store.record(
        id="1a2b", spec={"name": "made", "text": "Zoë"}, versions={"healthsim-core": "0.1.0", "skill:x": "2"}
    )
    store.save("made", record=asked)
    found = load_execution("1a2b")
    assert found == attrs.evolve(asked, cohort="made")


@pytest.mark.parametrize("key", ["1a2b3c4d", "1a2b", "made"], ids=["id", "beginning", "cohort"])
def test_an_execution_is_found_by_id_beginning_or_cohort(store, key):
    store.save("made", record=store.record(id="1a2b3c4d", cohort="made"))
    store.save("other", record=store.record(id="9f9f", cohort="other"))
    assert show_execution(key).id == "1a2b3c4d"


def test_a_beginning_that_fits_several_is_refused(store):
    for number in range(2):
        store.save(f"made-{number}", record=store.record(id=f"1a{number}"))
    with pytest.raises(StateError, match='several executions begin with "1a"'):
        load_execution("1a")


@pytest.mark.parametrize("key", ["nothing", ""])
def test_an_unknown_execution_is_refused(store, key):
    store.save()
    with pytest.raises(StateError, match=f'no execution is called "{key}"'):
        load_execution(key)


def test_the_history_is_in_order_and_can_be_of_one_cohort(store):
    for name in ("b", "a"):
        store.save(name, record=store.record(id=f"id-{name}"))
    assert [each.cohort for each in list_executions()] == ["b", "a"]
    assert [each.id for each in list_executions(cohort="a")] == ["id-a"]


def test_storing_a_cohort_anew_keeps_one_execution_of_it(store):
    store.save("made")
    store.save("made", replace=True)
    assert len(list_executions()) == 1


def test_a_run_is_persisted_as_it_is_in_memory(store):
    kept, held = run(persist=True), run()
    assert kept.cohort == "adults"
    assert {name: table.to_pylist() for name, table in load_cohort("adults").items()} == {
        name: table.to_pylist() for name, table in held.tables.items()
    }


def test_a_run_persisted_afterwards_is_the_same_as_one_persisted_at_once(store):
    run(persist=True, cohort="at_once")
    persist(run(), cohort="afterwards")
    at_once, afterwards = load_cohort("at_once"), load_cohort("afterwards")
    assert {name: table.to_pylist() for name, table in at_once.items()} == {
        name: table.to_pylist() for name, table in afterwards.items()
    }
    assert get_summary("at_once").to_dict() == {**get_summary("afterwards").to_dict(), "cohort": "at_once"}


def test_the_database_does_not_depend_on_the_size_of_chunks(store):
    for size in (1, 7, 1_000):
        run(persist=True, cohort=f"by_{size}", chunk_size=size)
    cohorts = [{name: table.to_pylist() for name, table in load_cohort(f"by_{size}").items()} for size in (1, 7, 1_000)]
    assert cohorts[0] == cohorts[1] == cohorts[2]


def test_attributes_of_the_profile_can_be_asked_for(store):
    run(persist=True)
    assert 0.5 < query("SELECT avg(risk) AS risk FROM core.person", cohort="adults")["risk"][0].as_py() < 1.5


def test_a_run_again_makes_the_same_cohort(store):
    run(persist=True, cohort="first", as_of="2025-06-30", seed=0)
    delete_cohort("first")
    rerun(load_execution("first").spec, persist=True, cohort="again")
    held = run(as_of="2025-06-30", seed=0)
    assert {name: table.to_pylist() for name, table in load_cohort("again").items()} == {
        name: table.to_pylist() for name, table in held.tables.items()
    }
    assert load_execution("first").spec_hash == load_execution("again").spec_hash


def test_an_execution_links_to_the_saved_profile_and_the_version_it_ran(store):
    older = {**ADULTS, "description": "before"}
    for spec in (older, ADULTS):
        save_profile("my-adults", spec)
    run(profile=load_profile("my-adults", 1), persist=True, cohort="old")
    run(profile=load_profile("my-adults"), persist=True, cohort="new")
    run(profile={**ADULTS, "description": "never saved"}, persist=True, cohort="unsaved")
    found = [(each.cohort, each.profile, each.profile_version) for each in list_executions()]
    assert found == [("old", "my-adults", 1), ("new", "my-adults", 2), ("unsaved", "adults", None)]


def test_an_old_version_of_a_profile_still_makes_what_it_made(store):
    save_profile("people", ADULTS)
    before = run(profile=load_profile("people"))
    save_profile("people", {**ADULTS, "demographics": {"age": 3}})
    again = run(profile=load_profile("people", 1))
    assert again.entities.to_pylist() == before.entities.to_pylist()
    assert run(profile=load_profile("people")).entities["age"].to_pylist() == [3] * 30


def test_the_history_says_as_of_and_versions(store):
    run(persist=True, as_of="2025-06-30")
    (entry,) = list_executions()
    assert entry.as_of == datetime.date(2025, 6, 30)
    assert entry.versions["healthsim-core"]
    assert all(part in str(entry) for part in (entry.id, "adults", "seed 7, as of 2025-06-30", "healthsim-core"))


def test_a_duplicate_name_is_found_before_anything_is_made(store, content, tmp_path):
    run(persist=True, cohort="taken")
    before = content(store.database)
    with pytest.raises(StateError, match='a cohort is already called "taken"'):
        run(
            persist=True,
            cohort="taken",
            out=tmp_path / "out",
            progress=lambda done, total: pytest.fail("people were made"),
        )
    assert content(store.database) == before
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_in_the_middle_leaves_the_database_as_it_was(store, content):
    run(persist=True, cohort="before")
    before = content(store.database)

    def stop(done, total):
        if done > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(persist=True, cohort="stopped", chunk_size=5, progress=stop)
    assert content(store.database) == before
