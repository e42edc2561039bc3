"""Without a start, each household begins on a day of its own, so that a run spreads over the year as life does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import clinic
import pytest

from healthsim_core.generation.executor import ProfileJourneyOrchestrator

VISIT = clinic.event("visit")


def starts(*journeys: dict[str, Any], profile: dict[str, Any] | None = None, **options: Any) -> list[date]:
    """The day on which each person's first event happens: their start."""
    plans = ProfileJourneyOrchestrator(
        profile or clinic.adults(), list(journeys), count=2_000, catalog=clinic.catalog(), **options
    )
    made = plans.execute()
    assert made.validation.passed, made.validation
    first: dict[int, date] = {}
    for row in made.timeline.select(["person_id", "time"]).to_pylist():
        first.setdefault(row["person_id"], row["time"].date())
    return [first[person] for person in sorted(first)]


@pytest.mark.parametrize(("duration", "as_of"), [(365, "2026-01-01"), (90, "2025-07-15"), (30, "2024-02-29")])
def test_a_start_lies_within_the_year_before_the_latest(duration: int, as_of: str) -> None:
    latest = date.fromisoformat(as_of) - timedelta(days=duration)
    found = starts(clinic.journey(VISIT, duration_days=duration), as_of=as_of)
    assert latest - timedelta(days=365) <= min(found) <= max(found) <= latest
    assert len({day.month for day in found}) == 12


def test_the_longest_journey_says_which_start_is_the_latest() -> None:
    short, long = clinic.journey(VISIT, journey_id="short", duration_days=30), clinic.journey(VISIT, duration_days=500)
    assert max(starts(short, long)) <= date(2026, 1, 1) - timedelta(days=500)


def test_a_household_begins_on_one_day() -> None:
    couple = {"id": "couple", "members": [{"role": "subscriber"}, {"role": "spouse"}]}
    found = starts(clinic.journey(VISIT), profile=couple)
    assert found[::2] == found[1::2]


@pytest.mark.parametrize(("as_of", "begins"), [("2026-01-01", date(2025, 1, 1)), ("2025-06-30", date(2024, 1, 1))])
def test_a_calendar_year_begins_on_its_first_day(as_of: str, begins: date) -> None:
    assert set(starts(clinic.journey(VISIT, calendar_year=True), as_of=as_of)) == {begins}


def test_a_start_that_is_given_is_the_start() -> None:
    assert set(starts(clinic.journey(VISIT), start="2025-03-09")) == {date(2025, 3, 9)}


def test_a_stated_age_is_the_age_at_the_start() -> None:
    made = ProfileJourneyOrchestrator(
        {"id": "p", "demographics": {"age": 65}}, clinic.journey(VISIT), count=300, catalog=clinic.catalog()
    )
    result = made.execute()
    born = dict(zip(result.entities["person_id"].to_pylist(), result.entities["birth_date"].to_pylist(), strict=True))
    for row in result.timeline.to_pylist():
        day, birth = row["time"].date(), born[row["person_id"]]
        assert day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)) == 65


def test_births_lie_on_as_many_days_as_those_of_a_year() -> None:
    birth = clinic.event("birth", "birth", delay={"days": 240}, adds_person="newborn")
    mothers = {"id": "mothers", "demographics": {"sex": "F", "age": 30}}
    made = ProfileJourneyOrchestrator(
        mothers, clinic.journey(birth, duration_days=280), count=400, catalog=clinic.catalog()
    ).execute()
    days = {row["birth_date"] for row in made.entities.to_pylist() if row["role"] == "newborn"}
    assert len(days) > 200  # of 365, by 400 births: some 243
    assert len({day.month for day in days}) == 12
