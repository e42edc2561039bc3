"""What a season says: the days of every year on which an event can happen."""

from __future__ import annotations

from typing import Any

import clinic
import numpy as np
import pytest

from healthsim_core.draws import Draws
from healthsim_core.errors import SpecificationError
from healthsim_core.generator import make_plan
from healthsim_core.patterns.season import Season
from healthsim_core.patterns.timing import DAY, Timing
from healthsim_core.spec.journey import Delay

WINTER, SUMMER = ["09-01", "01-31"], ["06-15", "08-20"]


def days(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[D]").astype(np.int64)


@pytest.mark.parametrize(("season", "day", "first", "last"), [
    (WINTER, "2025-03-04", "2025-09-01", "2026-01-31"),
    (WINTER, "2025-10-09", "2025-10-09", "2026-01-31"),
    (WINTER, "2026-01-31", "2026-01-31", "2026-01-31"),
    (WINTER, "2024-12-31", "2024-12-31", "2025-01-31"),
    (SUMMER, "2025-06-14", "2025-06-15", "2025-08-20"),
    (SUMMER, "2025-08-21", "2026-06-15", "2026-08-20"),
    (SUMMER, "1969-07-01", "1969-07-01", "1969-08-20"),
])  # fmt: skip
def test_what_is_left_of_a_season(season: list[str], day: str, first: str, last: str) -> None:
    opens, closes = ((int(text[:2]), int(text[3:])) for text in season)
    bounds = Season(opens, closes).bounds(days(day))
    assert [int(bound[0]) for bound in bounds] == days(first, last).tolist()


def vaccinated(season: list[str], **options: Any) -> list[Any]:
    shot = clinic.event("shot", delay={"days": [0, 200], "season": season, **options})
    return clinic.run(None, shot, count=400, fields={"duration_days": 900}, start=None).timeline["time"].to_pylist()


@pytest.mark.parametrize(("season", "months"), [(WINTER, {9, 10, 11, 12, 1}), (SUMMER, {6, 7, 8})])
@pytest.mark.parametrize("weekdays", [False, True])
def test_what_has_a_season_happens_in_it_alone(season: list[str], months: set[int], weekdays: bool) -> None:
    times = vaccinated(season, weekdays=weekdays)
    assert len(times) == 400
    assert {time.month for time in times} == months
    assert not weekdays or {time.weekday() for time in times} == {0, 1, 2, 3, 4}


def test_a_weekend_at_the_end_of_a_season_gives_way_to_the_friday_before() -> None:
    delay = Delay.model_validate({"days": [100, 300], "season": SUMMER, "weekdays": True})
    anchor = np.repeat(np.arange("2020", "2040", dtype="datetime64[Y]").astype("datetime64[m]").astype(np.int64), 200)
    came = (Timing.of(delay).after(anchor, Draws(1, "test", np.arange(len(anchor)))) // DAY).astype("datetime64[D]")
    ends = {str(day)[5:] for day in came if str(day) > f"{str(day)[:4]}-08-17"}
    assert ends == {"08-18", "08-19", "08-20"} and np.is_busday(came).all()


def test_what_waits_for_its_season_does_not_come_on_its_first_day_for_everybody() -> None:
    times = vaccinated(SUMMER)
    assert len({time.date() for time in times}) > 50


@pytest.mark.parametrize("season", [["9-1", "01-31"], ["02-30", "03-31"], ["13-01", "01-31"], ["autumn", "01-31"]])
def test_a_season_of_days_that_are_not_in_every_year_is_refused(season: list[str]) -> None:
    with pytest.raises(SpecificationError, match=r"delay\.season.*is not a day of every year"):
        make_plan(
            clinic.adults(), clinic.journey(clinic.event(delay={"days": 1, "season": season})), catalog=clinic.catalog()
        )
