"""Delays: every one within its bounds, whatever its unit, weekday or time of day; and the anchors they run from."""

from __future__ import annotations

import datetime
import json
from itertools import pairwise

import numpy as np
import pytest
from clinic import adults, catalog, event, run
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from healthsim_core.draws import Draws
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.patterns.timing import DAY, Timing
from healthsim_core.spec import JourneySpecification
from healthsim_core.spec.journey import Delay

UNITS = {"minutes": 3_000, "hours": 100, "days": 400, "business_days": 60, "weeks": 50, "months": 40, "years": 5}


@st.composite
def delays(draw: st.DrawFn) -> Delay:
    unit = draw(st.sampled_from(list(UNITS)))
    low = draw(st.integers(0, UNITS[unit]))
    written: dict = {unit: [low, low + draw(st.integers(0, UNITS[unit]))] if draw(st.booleans()) else low}
    written["distribution"] = draw(st.sampled_from(["uniform", "normal"]))
    if unit not in ("minutes", "hours"):
        written["weekdays"] = draw(st.booleans())
        written |= draw(st.sampled_from([{}, {"at": "09:30"}, {"between": ["06:00", "23:00"]}]))
        written |= draw(st.sampled_from([{}, {}, {"season": ["09-01", "01-31"]}, {"season": ["06-15", "08-20"]}]))
        if low > 0 and draw(st.booleans()):
            written["window"] = [-draw(st.integers(0, 1)), draw(st.integers(0, 9))]
    return Delay.model_validate(written)


def sampled(delay: Delay, seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Anchors over forty years at any minute, and the moments that follow them."""
    draw = Draws(seed, "test", np.arange(rows))
    anchor = draw.integers("anchor", 0, 40 * 365 * DAY)
    return anchor, Timing.of(delay).after(anchor, draw)


@given(delays(), st.integers(0, 1_000))
@settings(max_examples=150, deadline=None)
def test_every_sampled_delay_lies_within_its_bounds(delay: Delay, seed: int) -> None:
    anchor, moment = sampled(delay, seed)
    assert Timing.of(delay).within(anchor, moment).all()
    assert (moment >= anchor).all()


@given(delays(), st.integers(0, 20_000))
@settings(max_examples=100, deadline=None)
def test_the_chances_of_the_days_are_those_that_are_drawn(delay: Delay, day: int) -> None:
    chances = Timing.of(delay).chances(day)
    if chances is None:
        return
    days, chance = chances
    first, last = (bound[0] for bound in Timing.of(delay).bounds(np.array([day])))
    assert abs(chance.sum() - 1) < 1e-9 and days.min() >= first and days.max() <= last
    drawn = Timing.of(delay).after(np.full(200, day * DAY), Draws(day, "chances", np.arange(200))) // DAY
    if delay.at is None and delay.between is None:
        assert set(drawn.tolist()) <= set(days[chance > 0].tolist())


@given(delays(), st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_weekdays_are_weekdays(delay: Delay, seed: int) -> None:
    moved = (
        delay.model_copy(update={"weekdays": True})
        if delay.unit not in ("minutes", "hours")
        else Delay(business_days=3)
    )
    _, moment = sampled(moved, seed)
    assert ((moment // DAY + 3) % 7 < 5).all()


@pytest.mark.parametrize(
    ("from_day", "steps", "day"),
    [
        ("2025-01-03", 1, "2025-01-06"),
        ("2025-01-04", 1, "2025-01-06"),
        ("2025-01-04", 0, "2025-01-06"),
        ("2025-01-06", 5, "2025-01-13"),
        ("2025-01-05", 2, "2025-01-07"),
    ],
)
def test_business_days_count_monday_to_friday(from_day: str, steps: int, day: str) -> None:
    result = run(None, event(delay={"business_days": steps}), count=3, start=from_day)
    assert {str(row["time"].date()) for row in result.timeline.to_pylist()} == {day}


def test_a_time_of_day_is_that_of_the_clock() -> None:
    result = run(
        None, event(delay={"days": [1, 9], "at": "09:15"}), event("b", delay={"days": 3, "between": ["13:00", "14:00"]})
    )
    times = {(row["node"], row["time"].time()) for row in result.timeline.to_pylist()}
    assert {time for node, time in times if node == "visit"} == {datetime.time(9, 15)}
    assert all(datetime.time(13) <= time <= datetime.time(14) for node, time in times if node == "b")


def test_days_may_have_any_distribution() -> None:
    delay = {"days": {"type": "log_normal", "mean": 30, "sd": 10, "min": 10, "max": 60}}
    days = [
        (row["time"].date() - datetime.date(2025, 1, 1)).days
        for row in run(None, event(delay=delay), count=2_000).timeline.to_pylist()
    ]
    assert min(days) >= 10 and max(days) <= 60 and abs(np.mean(days) - 30) < 1.5


def test_a_range_of_months_ends_on_the_calendar_s_days() -> None:
    days = {
        row["time"].date()
        for row in run(None, event(delay={"months": [1, 2]}), count=3_000, start="2025-01-31").timeline.to_pylist()
    }
    assert (min(days), max(days)) == (datetime.date(2025, 2, 28), datetime.date(2025, 3, 31))


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        ({"hours": 3, "weekdays": True}, "run by the clock"),
        ({"days": 3, "at": "25:00"}, "not a time of day"),
        ({"days": 3, "at": "09:00", "between": ["09:00", "10:00"]}, "either"),
        ({"business_days": 1.5}, "whole days"),
        ({"years": 151}, "at most 150 years"),
        ({"days": {"type": "normal", "mean": 10, "sd": 2}, "window": [0, 1]}, "distribution of their own"),
    ],
)
def test_a_delay_that_cannot_be_is_refused(delay: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        JourneySpecification.read({"journey_id": "j", "duration_days": 9, "events": [event(delay=delay)]})


def test_a_distribution_of_days_before_the_anchor_is_refused() -> None:
    with pytest.raises(SpecificationError, match='Give it "min": 0'):
        run(None, event(delay={"days": {"type": "normal", "mean": 2, "sd": 5}}))


def test_an_age_is_reached_on_the_birthday_and_one_that_has_passed_does_not_come() -> None:
    profile = adults(demographics={"age": {"type": "uniform", "min": 60, "max": 70}})
    result = run(profile, event(anchor={"age": 65}), count=300, start="2015-01-01", fields={"duration_days": 3_650})
    born = {p["person_id"]: p["birth_date"] for p in result.entities.to_pylist()}
    rows = result.timeline.to_pylist()
    assert all(
        row["time"].date() == born[row["person_id"]].replace(year=born[row["person_id"]].year + 65)
        for row in rows
        if born[row["person_id"]].day < 29
    )
    assert {row["person_id"] for row in rows} == {p["person_id"] for p in result.entities.to_pylist() if p["age"] < 65}


def test_a_date_before_the_start_does_not_come() -> None:
    result = run(None, event(anchor={"date": "2025-03-01"}), event("past", anchor={"date": "2024-12-31"}), count=5)
    assert {(row["node"], str(row["time"].date())) for row in result.timeline.to_pylist()} == {("visit", "2025-03-01")}


def test_birth_is_an_anchor() -> None:
    profile = adults(demographics={"age": {"type": "uniform", "min": 4, "max": 6}})
    result = run(
        profile, event(anchor="birth", delay={"years": 1}, repeat={"every": {"years": 1}, "from": "schedule"}), count=50
    )
    months = {(row["time"].month, row["time"].day) for row in result.timeline.to_pylist()}
    born = {(p["birth_date"].month, p["birth_date"].day) for p in result.entities.to_pylist()}
    assert months <= born and len(result.timeline) == 50


def test_a_mistake_found_when_the_plan_is_compiled_names_the_journey_s_file(tmp_path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(
        json.dumps({"journey_id": "j", "duration_days": 9, "events": [event(conditions=["agee > 3"])]}),
        encoding="utf-8",
    )
    with pytest.raises(SpecificationError, match=r"mine\.json: events\[0\]\.conditions\[0\]"):
        ProfileJourneyOrchestrator(adults(), str(path), count=1, catalog=catalog()).execute()


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"days": [11, 30]}, {"days": [10, 30]}),
        ({"months": 1, "window": [-15, 15]}, {"months": 1, "window": [-16, 15]}),
    ],
    ids=["days", "months"],
)
def test_what_returns_to_its_schedule_has_a_window_narrower_than_its_interval(narrow: dict, wide: dict) -> None:
    run(None, event(repeat={"every": narrow, "from": "schedule"}), count=1)
    with pytest.raises(SpecificationError, match="its window is as wide as its interval"):
        run(None, event(repeat={"every": wide, "from": "schedule"}), count=1)


@pytest.mark.parametrize(
    "delay",
    [{"days": 2.5}, {"weeks": 0.5}, {"days": {"type": "uniform", "min": 0.3, "max": 2.7}}, {"days": [0.5, 3.5]}],
    ids=str,
)
def test_parts_of_days_are_rounded_into_the_bounds(delay: dict) -> None:
    timing = Timing.of(Delay.model_validate(delay))
    anchor = np.arange(500) * DAY
    assert timing.within(anchor, timing.after(anchor, Draws(1, "test", np.arange(500)))).all()


def test_what_the_weekend_moves_to_one_day_still_comes_one_after_the_other() -> None:
    daily = {"every": {"days": 1, "weekdays": True}, "count": 30, "from": "schedule"}
    found: dict[int, list[datetime.datetime]] = {}
    for row in sorted(run(None, event(repeat=daily), count=20).timeline.to_pylist(), key=lambda row: row["occurrence"]):
        found.setdefault(row["person_id"], []).append(row["time"])
    assert {len(times) for times in found.values()} == {30}
    assert all(earlier < later for times in found.values() for earlier, later in pairwise(times))


def test_of_what_is_repeated_the_delay_is_validated_for_the_first_and_the_interval_for_the_others() -> None:
    result = run(None, event(delay={"days": [3, 9]}, repeat={"every": {"days": 30}, "count": 4}), count=50)
    rows = {check.what: check.rows for check in result.validation.checks if check.where == "year/visit"}
    assert (rows["delay within its bounds"], rows["time between occurrences within its bounds"]) == (50, 150)


@pytest.mark.parametrize(("at", "comes"), [("09:14", 0), ("09:15", 20)])
def test_what_has_a_date_of_its_own_comes_with_what_it_depends_on_at_the_earliest(at: str, comes: int) -> None:
    day = {"date": "2025-03-03"}
    first = event("first", anchor=day, delay={"days": 0, "at": "09:15"})
    second = event("second", depends_on="first", anchor=day, delay={"days": 0, "at": at})
    result = run(None, first, second, count=20)
    assert [row["node"] for row in result.timeline.to_pylist()].count("second") == comes


def test_what_begins_a_day_falls_on_any_five_minutes_of_office_hours() -> None:
    times = {row["time"].time() for row in run(None, event(delay={"days": 3}), count=3_000).timeline.to_pylist()}
    assert times == {datetime.time(hour, minute) for hour in range(8, 17) for minute in range(0, 60, 5)}


def test_the_chances_of_days_of_a_distribution_are_its_own() -> None:
    values = [{"value": 1, "weight": 1}, {"value": 2, "weight": 3}, {"value": 5, "weight": 4}]
    chances = Timing.of(Delay.model_validate({"days": {"type": "explicit", "values": values}})).chances(100)
    assert chances is not None
    likely = {int(day): chance for day, chance in zip(*chances, strict=True) if chance}
    assert likely == pytest.approx({101: 1 / 8, 102: 3 / 8, 105: 4 / 8})


def test_a_normal_delay_has_its_bounds_two_deviations_from_the_middle() -> None:
    timing, rows = Timing.of(Delay.model_validate({"days": [2, 8], "distribution": "normal"})), 50_000
    edges = norm.cdf(np.arange(1.5, 9), loc=5, scale=7 / 4)
    expected = np.diff(edges) / (edges[-1] - edges[0])
    drawn = np.bincount(timing.after(np.zeros(rows, np.int64), Draws(1, "test", np.arange(rows))) // DAY)[2:]
    assert drawn / rows == pytest.approx(expected, abs=5 * (0.25 / rows) ** 0.5)


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        ({"days": 3}, "3 days"),
        ({"days": [3, 9], "weekdays": True}, "3 to 9 days on a weekday"),
        ({"hours": 2}, "120 minutes"),
        ({"business_days": 5}, "5 business days"),
        ({"months": 6}, "6 months"),
        ({"months": [6, 8]}, "6 to 8 months"),
        ({"months": 6, "window": [-3, 3]}, "6 months and -3 to 3 days"),
        ({"days": 0, "season": ["09-01", "01-31"]}, "0 days in the season 09-01 to 01-31"),
        ({"days": {"type": "uniform", "min": 1, "max": 9}}, "days of a distribution"),
    ],
    ids=str,
)
def test_a_plan_says_a_delay_as_it_was_written(delay: dict, said: str) -> None:
    assert str(Timing.of(Delay.model_validate(delay))) == said
