"""`core.measure`: the true value beside each measured one, whoever measures, and nothing of it unless it is asked."""

from __future__ import annotations

from typing import Any

import clinic
import numpy as np
import pytest
from test_state_in_journeys import BODIES

from healthsim_core import EventHandler, Field, Table
from healthsim_core.errors import HealthSimError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import Request

HOUR = np.timedelta64(3_600, "s")
SAMPLE = Table(
    "clinic.sample",
    (
        Field("sample_id", "id", "The event."),
        Field("person_id", "id", "Whose.", references="core.person"),
        Field("now", "number", "Sugar at the event.", nullable=True),
        Field("later", "number", "Sugar an hour later.", nullable=True),
        Field("unknown", "number", "What no skill declares.", nullable=True),
    ),
    key=("sample_id",),
    description="Samples.",
)
DRAWN = clinic.event(
    "look", "clinic_visit", delay={"days": [3, 30]}, repeat={"every": {"days": 20}, "count": 15},
    parameters={"score": "${measured.sugar}"},
)  # fmt: skip
PILL = clinic.event("on", starts="pill", delay={"days": 100})
SAMPLED = clinic.event("sample", "clinic_sample", delay={"days": [50, 300]})


def sample(events: Any) -> dict[str, Any]:
    """What is measured of sugar at the event, and an hour later."""
    measured = {
        "now": events.measured("sugar", events.row, events.time),
        "later": events.measured("sugar", events.row, events.time + HOUR),
        "unknown": events.measured("suger", events.row, events.time),
    }
    return {"clinic.sample": {"sample_id": events.id, "person_id": events.person, **measured}}


def catalog(measures: tuple[str, ...] = ("sugar", "suger")) -> Any:
    handlers = [*clinic.hooks().healthsim_event_handlers(),
                EventHandler("clinic_sample", sample, writes=[SAMPLE], measures=measures)]  # fmt: skip
    return clinic.catalog(healthsim_skill_resolvers=[BODIES], healthsim_event_handlers=handlers, healthsim_triggers=[])


def run(*events: dict[str, Any], known: Any = None, count: int = 100, **options: Any) -> Any:
    return ProfileJourneyOrchestrator(
        clinic.adults(), clinic.journey(*events), count=count, catalog=known or catalog(), start="2025-01-01",
        **{"truth": True, **options},
    ).execute()  # fmt: skip


def test_each_value_that_an_event_measures_is_a_row():
    result = run(DRAWN)

    visits = result.tables["clinic.visit"].to_pylist()
    moments = {row["event_id"]: row["time"] for row in result.timeline.to_pylist()}
    measured = result.tables["core.measure"].to_pylist()
    assert {row["event_id"]: row["value"] for row in measured} == {row["visit_id"]: row["score"] for row in visits}
    assert {row["event_id"]: row["time"] for row in measured} == {
        row["visit_id"]: moments[row["visit_id"]] for row in visits
    }
    assert {(row["measure"], row["unit"]) for row in measured} == {("sugar", "%")}


def test_the_true_value_is_what_journeys_read_of_the_measure_at_that_moment():
    at = {"delay": {"days": 150, "at": "09:00"}}
    drawn = clinic.event("drawn", "clinic_visit", parameters={"score": "${measured.sugar}"}, **at)
    read = clinic.event(
        "read", "clinic_visit", parameters={"score": "${outcome.true}"},
        outcomes={"true": {"type": "derived", "expression": "sugar"}}, **at,
    )  # fmt: skip
    result = run(PILL, read, drawn)

    score = {row["visit_id"]: row["score"] for row in result.tables["clinic.visit"].to_pylist()}
    true = {row["person_id"]: score[row["event_id"]] for row in result.timeline.to_pylist() if row["node"] == "read"}
    assert {row["person_id"]: row["true_value"] for row in result.tables["core.measure"].to_pylist()} == true
    assert len(true) == 100


def test_what_is_measured_is_off_from_the_truth_by_the_noise_of_the_measure():
    measured = run(DRAWN, PILL, count=400).tables["core.measure"].to_pylist()

    off = np.array([row["value"] - row["true_value"] for row in measured])
    assert len(off) > 4_000
    assert off.std() == pytest.approx(0.2, abs=0.01)
    assert off.mean() == pytest.approx(0, abs=0.02)


def test_the_table_is_made_only_where_it_is_asked_for_and_changes_no_other():
    plain, known = run(DRAWN, PILL, SAMPLED, truth=False), run(DRAWN, PILL, SAMPLED)

    assert set(known.tables) - set(plain.tables) == {"core.measure"}
    for name, table in plain.tables.items():
        assert known.tables[name] == table


def test_the_request_repeats_it():
    plain, known = run(DRAWN, truth=False), run(DRAWN)

    again = run_in_memory(compile_plan(Request.from_document(known.execution.spec), catalog()))
    assert again.tables["core.measure"] == known.tables["core.measure"]
    assert "truth" not in plain.execution.spec


def test_a_request_says_yes_or_no_to_it():
    spec = {**run(DRAWN, count=1).execution.spec, "truth": "very"}

    with pytest.raises(HealthSimError, match="no request that a run has written"):
        Request.from_document(spec)


@pytest.mark.parametrize("size", [1, 7])
def test_the_table_does_not_depend_on_chunks(size):
    plan = compile_plan(Request.from_document(run(DRAWN, PILL, SAMPLED, count=20).execution.spec), catalog())

    whole, parts = (run_in_memory(plan, chunk).tables["core.measure"].to_pylist() for chunk in (20, size))
    assert parts == whole


def test_a_run_that_measures_nothing_has_an_empty_table():
    assert run(clinic.event(), count=3).tables["core.measure"].num_rows == 0


def test_a_handler_measures_at_moments_of_its_own():
    result = run(SAMPLED)

    samples = result.tables["clinic.sample"].to_pylist()
    moments = {row["event_id"]: row["time"] for row in result.timeline.to_pylist()}
    asked = {(row["person_id"], row["time"]): row["value"] for row in result.tables["core.measure"].to_pylist()}
    assert len(samples) == 100 and len(asked) == 200
    for row in samples:
        begin = moments[row["sample_id"]]
        assert asked[row["person_id"], begin] == row["now"]
        assert asked[row["person_id"], begin + HOUR.item()] == row["later"]
    assert {row["event_id"] for row in result.tables["core.measure"].to_pylist()} == {None}


def test_a_handler_and_an_event_that_measure_in_one_minute_have_one_value_and_one_row():
    at = {"delay": {"days": 40, "at": "09:00"}}
    drawn = clinic.event("drawn", "clinic_visit", parameters={"score": "${measured.sugar}"}, **at)
    result = run(drawn, clinic.event("sample", "clinic_sample", **at))

    score = {row["person_id"]: row["score"] for row in result.tables["clinic.visit"].to_pylist()}
    assert {row["person_id"]: row["now"] for row in result.tables["clinic.sample"].to_pylist()} == score
    now = [
        row for row in result.tables["core.measure"].to_pylist() if row["time"].minute == 0 and row["time"].hour == 9
    ]
    assert {row["event_id"] for row in now} == {row["visit_id"] for row in result.tables["clinic.visit"].to_pylist()}
    assert len(now) == 100


def test_what_no_skill_declares_is_nothing_to_a_handler():
    assert {row["unknown"] for row in run(SAMPLED).tables["clinic.sample"].to_pylist()} == {None}


def test_a_handler_that_does_not_say_what_it_asks_for_is_told_nothing():
    assert {row["now"] for row in run(SAMPLED, known=catalog(())).tables["clinic.sample"].to_pylist()} == {None}


@pytest.mark.parametrize("truth", [False, True])
def test_what_moves_a_measure_reaches_a_handler_though_no_event_reads_it(truth):
    late = clinic.event("sample", "clinic_sample", delay={"days": 250})
    with_pill, without = (run(*several, late, count=400, truth=truth) for several in ([PILL], []))

    now = [
        np.mean([row["now"] for row in result.tables["clinic.sample"].to_pylist()]) for result in (with_pill, without)
    ]
    assert now[0] - now[1] == pytest.approx(-3, abs=0.05)  # 150 days of an effect that takes 20


def test_a_handler_of_several_people_asks_for_each_in_his_turn():
    """Rows of the chunk's people are asked, not of the batch."""
    few = clinic.event("sample", "clinic_sample", delay={"days": 50}, probability=0.3)
    result, everybody = run(few), run(clinic.event("sample", "clinic_sample", delay={"days": 50}))

    now = {row["person_id"]: row["now"] for row in everybody.tables["clinic.sample"].to_pylist()}
    some = {row["person_id"]: row["now"] for row in result.tables["clinic.sample"].to_pylist()}
    assert 10 < len(some) < 60
    assert some.items() <= now.items()
