"""`core.condition`: what ails people, when it began, when it was found, and when it ended; whatever journeys read."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import clinic
import numpy as np
import pytest
from test_state_in_journeys import BODIES, FOUND, lived, looking

from healthsim_core import Field, StateChange
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.planning.compiling import compile_plan

DAY = datetime.timedelta(days=1)
ONSET = clinic.event("onset", starts="E11", delay={"days": 30})
DIABETIC = clinic.adults(clinical={"conditions": [{"code": "E11.9", "prevalence": 0.5}]})


def found(code: str, days: int, event_id: str = "found", **fields: Any) -> dict[str, Any]:
    return clinic.event(event_id, "clinic_bill", delay={"days": days}, parameters={"reason": code}, **fields)


def rows(result: Any) -> list[dict[str, Any]]:
    return result.tables["core.condition"].to_pylist()


def events(result: Any, node: str) -> dict[int, datetime.date]:
    """The day of each event of a node, by its id."""
    return {row["event_id"]: row["time"].date() for row in result.timeline.to_pylist() if row["node"] == node}


def test_a_diagnosis_of_what_is_not_there_begins_it():
    result = lived({"events": [found("N18.4", 40)]}, count=20)

    day = events(result, "found")
    assert len(rows(result)) == 20
    for row in rows(result):
        assert (row["category"], row["code"], row["end_date"]) == ("N18", "N18.4", None)
        assert row["onset_date"] == row["diagnosis_date"] == day[row["event_id"]]
        assert row["description"] == "Chronic kidney disease, stage 4 (severe)"


def test_a_diagnosis_of_what_is_there_finds_it():
    result = lived({"events": [ONSET, found("E11.9", 60, depends_on="onset")]}, count=20)

    began = events(result, "onset")
    assert [row["code"] for row in rows(result)] == ["E11.9"] * 20
    for row in rows(result):
        assert row["onset_date"] == began[row["event_id"]]
        assert row["diagnosis_date"] - row["onset_date"] == 60 * DAY


def test_what_nobody_finds_has_no_diagnosis():
    result = lived({"events": [ONSET]}, count=20)

    assert {(row["code"], row["diagnosis_date"]) for row in rows(result)} == {("E11", None)}
    assert set(events(result, "onset")) == {row["event_id"] for row in rows(result)}


def test_a_condition_of_the_profile_is_known_from_its_onset_and_comes_of_no_event():
    result = lived({"events": [clinic.event()]}, profile=DIABETIC)

    assert 0 < len(rows(result)) < 300
    for row in rows(result):
        assert row["diagnosis_date"] == row["onset_date"] < datetime.date(2025, 1, 1)
        assert row["event_id"] is row["end_date"] is None


def test_what_is_found_again_is_the_same_row():
    result = lived({"events": [found("E11.9", 40), found("E11.9", 80, "again")]}, count=400, profile=DIABETIC)

    of_profile = [row for row in rows(result) if row["event_id"] is None]
    others = [row for row in rows(result) if row["event_id"] is not None]
    assert len(of_profile) + len(others) == 400
    assert all(row["diagnosis_date"].year < 2025 for row in of_profile)
    assert {row["event_id"] for row in others} <= set(events(result, "found"))


def test_a_code_that_says_more_of_a_known_condition_begins_when_it_is_said():
    result = lived({"events": [found("E11.65", 40)]}, profile=DIABETIC)

    day = events(result, "found")
    said = [row for row in rows(result) if row["code"] == "E11.65"]
    assert {row["event_id"] for row in said} == set(day)
    assert all(row["onset_date"] == row["diagnosis_date"] == day[row["event_id"]] for row in said)
    assert {row["end_date"] for row in rows(result)} == {None}
    assert 0 < len(rows(result)) - len(said) < 300


def test_a_condition_is_as_old_as_the_oldest_of_its_rows_as_expressions_count():
    ill = {"events": [ONSET, found("E11.65", 60, depends_on="onset")]}
    look = clinic.event("look", delay={"days": 100}, repeat={"every": {"days": 1}, "count": 60})
    old = clinic.event("seen", depends_on="look", conditions=["since('E11') >= 100"])
    result = lived(ill, {"events": [look, old]})

    oldest = {row["person_id"]: row["onset_date"] for row in rows(result)}
    seen = {row["person_id"]: row["time"].date() for row in reversed(result.timeline.to_pylist())
            if row["node"] == "seen"}  # fmt: skip
    assert len(seen) == 300
    assert all(seen[who] - oldest[who] in (100 * DAY, 101 * DAY) for who in seen)


def test_what_begins_where_more_of_it_is_known_says_nothing_new():
    result = lived({"events": [ONSET]}, profile=DIABETIC)

    of_person: dict[int, list[str]] = {}
    for row in rows(result):
        of_person.setdefault(row["person_id"], []).append(row["code"])
    assert len(of_person) == 300
    assert {tuple(codes) for codes in of_person.values()} == {("E11.9",), ("E11",)}


def test_what_is_found_under_a_code_by_state_is_known_from_then_on():
    codes = [{"instead_of": "I10", "when": "away", "code": "I12.9", "description": "Of kidneys", "source": "here"}]
    bodies = attrs.evolve(BODIES, state={**BODIES.state, "codes": codes})
    onset = clinic.event("onset", starts="I10", delay={"days": 30})
    result = lived({"events": [onset, found("I12.9", 60, depends_on="onset")]}, count=20, skill=bodies)

    day = set(events(result, "found").values())
    hidden, shown = ([row for row in rows(result) if row["code"] == code] for code in ("I10", "I12.9"))
    assert {row["event_id"] for row in hidden} == set(events(result, "onset"))
    assert {row["event_id"] for row in shown} == set(events(result, "found"))
    assert {row["diagnosis_date"] for row in hidden} == {row["onset_date"] for row in shown} == day
    assert all(row["onset_date"] < row["diagnosis_date"] for row in hidden)


def test_what_ends_a_category_ends_all_of_its_codes():
    ended = clinic.event("over", depends_on="found", delay={"days": 20}, stops="E11")
    result = lived({"events": [found("E11.65", 40), ended]}, profile=DIABETIC)

    days = set(events(result, "over").values())
    assert {row["code"] for row in rows(result)} == {"E11.9", "E11.65"}
    assert {row["end_date"] for row in rows(result)} == days


def test_what_begins_again_has_not_ended():
    over = clinic.event("over", depends_on="onset", delay={"days": 20}, stops="E11")
    again = clinic.event("again", depends_on="over", delay={"days": 20}, starts="E11")
    first, second = (lived({"events": several}, count=5) for several in ([ONSET, over], [ONSET, over, again]))

    assert {row["end_date"] - row["onset_date"] for row in rows(first)} == {20 * DAY}
    assert {row["end_date"] for row in rows(second)} == {None}
    assert [row["onset_date"] for row in rows(second)] == [row["onset_date"] for row in rows(first)]


def test_what_lasts_some_days_ends_by_itself_unless_the_run_does_first():
    def last(parameters: Any) -> dict[str, Any]:
        return {"name": parameters["reason"], "days": np.full(parameters.rows, 30.0)}

    reason = Field("reason", "category", "What is found.", nullable=True)
    handlers = [*clinic.hooks().healthsim_event_handlers(),
                StateChange("clinic_bill", "condition", last, (reason,))]  # fmt: skip
    known = clinic.catalog(healthsim_skill_resolvers=[BODIES], healthsim_event_handlers=handlers, healthsim_triggers=[])
    made = clinic.journey(found("J06.9", 40), found("J20.9", 350, "late"))
    result = ProfileJourneyOrchestrator(
        clinic.adults(), made, count=5, catalog=known, start="2025-01-01", as_of="2025-12-31"
    ).execute()

    lasted = {row["code"]: row["end_date"] and row["end_date"] - row["onset_date"] for row in rows(result)}
    assert lasted == {"J06.9": 30 * DAY, "J20.9": None}


def test_what_an_end_of_a_journey_has_cancelled_never_began():
    out = clinic.event("out", delay={"days": [30, 200]}, ends="journey")
    result = lived({"events": [out, found("N18.4", 100)]})

    assert {row["event_id"] for row in rows(result)} == set(events(result, "found"))
    assert 0 < len(rows(result)) < 300


def test_the_table_does_not_depend_on_what_is_read():
    ill = {"events": [ONSET, found("E11.65", 60, depends_on="onset")]}
    alone, read = lived(ill, profile=DIABETIC), lived(ill, looking("'E11' in conditions"), profile=DIABETIC)

    assert rows(read) == rows(alone)


@pytest.mark.parametrize("size", [1, 7])
def test_the_table_does_not_depend_on_chunks(size):
    over = clinic.event("over", depends_on="found", delay={"days": 20}, stops="E11.65")
    journey = clinic.journey(ONSET, found("E11.65", 60, depends_on="onset"), over)
    handlers = [*clinic.hooks().healthsim_event_handlers(), FOUND]
    known = clinic.catalog(healthsim_skill_resolvers=[BODIES], healthsim_event_handlers=handlers, healthsim_triggers=[])
    asked = ProfileJourneyOrchestrator(DIABETIC, journey, count=30, catalog=known, start="2025-01-01").request
    plan = compile_plan(asked, known)

    assert rows(run_in_memory(plan, size)) == rows(run_in_memory(plan))
