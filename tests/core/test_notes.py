"""What a run tells of itself: texts with counts, the same for any chunking, and nothing that is zero."""

from __future__ import annotations

from typing import Any

import clinic
import numpy as np
import pytest

from healthsim_core import EventHandler
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request
from healthsim_core.validation import Tallies

LOW, NEVER = "visits with a score below 10 were not billed", "visits that nobody came to"
HERE = {"geography": {"fips": "48201"}}


def counted(events: Any, written: Any) -> dict[str, int]:
    """Low scores, of what the handler wrote, and something that never happens."""
    return {LOW: int(np.sum(written["clinic.visit"]["score"] < 10)), NEVER: 0}


@pytest.fixture
def plan() -> Any:
    handler = EventHandler(
        "clinic_visit", clinic.visit, writes=[clinic.VISIT], parameters=[clinic.REASON, clinic.SCORE], notes=counted
    )
    catalog = clinic.catalog(healthsim_event_handlers=[handler], healthsim_triggers=[])
    score = {"score": {"type": "uniform", "min": 0, "max": 100}}
    visit = clinic.event("visit", "clinic_visit", outcomes=score, parameters={"score": "${outcome.score}"})
    return compile_plan(make_request(clinic.adults(), clinic.journey(visit), catalog=catalog, count=500), catalog)


def test_a_product_tells_how_often_something_happened(plan: Any) -> None:
    result = run_in_memory(plan)
    low = sum(row["score"] < 10 for row in result.tables["clinic.visit"].to_pylist())
    assert result.notes == (f"{LOW}: {low:,}",)


@pytest.mark.parametrize("chunk_size", [7, 100, 499])
def test_notes_are_the_same_for_any_chunking(plan: Any, chunk_size: int) -> None:
    assert run_in_memory(plan, chunk_size).notes == run_in_memory(plan).notes


def test_a_result_that_is_printed_shows_its_notes(plan: Any) -> None:
    result = run_in_memory(plan)
    assert result.notes[0] in repr(result)
    assert result.notes[0] in result._repr_html_()


def test_notes_survive_a_part_that_is_written_and_read_again() -> None:
    tallies = Tallies()
    tallies.note("of some", 3, 10)
    tallies.note("of nothing", 2)
    again = Tallies.from_document(tallies.document())
    again.add(tallies)
    assert again.told == ("of nothing: 4", "of some: 6 of 20")


def notes(*events: Any, profile: Any = None, count: int = 200, **fields: Any) -> tuple[str, ...]:
    return clinic.run(profile, *events, count=count, fields=fields).notes


def test_a_run_tells_how_many_people_a_journey_is_not_for() -> None:
    result = clinic.run(None, clinic.event("visit"), fields={"condition": "age >= 40"})
    young = sum(person["age"] < 40 for person in result.entities.to_pylist())
    assert result.notes == (f'people whom the journey "year" is not for (it is for age >= 40): {young} of 200',)
    assert result.timeline.num_rows == 200 - young


def test_a_journey_that_fits_nobody_says_so_and_nothing_happens() -> None:
    result = clinic.run(
        {"id": "men", "demographics": {"sex": "M", **HERE}}, clinic.event("visit"), fields={"condition": "sex == 'F'"}
    )
    assert (result.timeline.num_rows, len(result.notes)) == (0, 1)
    assert result.notes[0].endswith(": 200 of 200")


@pytest.mark.parametrize(
    ("sex", "age", "mothers"), [("M", 30, 0), ("F", 9, 0), ("F", 30, 50), ("F", 55, 0), ("F", 99, 0)]
)
def test_a_birth_needs_a_mother_who_can_be_one(sex: str, age: int, mothers: int) -> None:
    profile = {"id": "p", "demographics": {"sex": sex, "age": age, **HERE}}
    birth = clinic.event("birth", "birth", delay={"days": 30}, adds_person="newborn")
    result = clinic.run(profile, clinic.event("test"), birth, count=50)
    assert sum(person["role"] == "newborn" for person in result.entities.to_pylist()) == mothers
    assert len(result.notes) == (mothers == 0)


def test_a_member_to_whom_a_birth_is_given_is_a_woman_where_the_profile_does_not_say() -> None:
    birth = clinic.event("birth", "birth", delay={"days": 30}, adds_person="newborn")
    member = {"role": "subscriber", "age": 30}
    profile = {"id": "p", "members": [member], "journeys": [{"inline": clinic.journey(birth), "member": "subscriber"}]}
    result = ProfileJourneyOrchestrator(profile, count=50, catalog=clinic.catalog()).execute()
    assert {person["sex"] for person in result.entities.to_pylist() if person["role"] == "subscriber"} == {"F"}


def test_events_after_the_end_of_their_journey_are_counted() -> None:
    said = notes(clinic.event("early"), clinic.event("late", delay={"days": 120}), duration_days=90)
    assert said == ('events of the journey "year" left out: after its 90 days: 200',)


def test_what_comes_again_so_many_times_is_counted_and_what_comes_as_long_as_the_journey_lasts_is_not() -> None:
    monthly = {"every": {"days": 30}}
    assert notes(clinic.event("again", repeat=monthly), duration_days=90) == ()
    counted = notes(clinic.event("again", repeat={**monthly, "count": 6}), duration_days=90)
    assert counted == ('events of the journey "year" left out: after its 90 days: 400',)


def test_events_after_today_are_counted() -> None:
    result = clinic.run(None, clinic.event("late", delay={"days": 120}), start="2025-11-01")
    assert result.notes == ('events of the journey "year" left out: after 2026-01-01, the as-of date: 200',)
