"""Months and ages by the calendar."""

from __future__ import annotations

import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core.dates import plus_months, whole_years

DATES = st.dates(datetime.date(1700, 1, 1), datetime.date(2300, 12, 31))


def days(dates: list[datetime.date]) -> np.ndarray:
    return np.array(dates, "datetime64[D]")


def month_and_day_later(date: datetime.date, months: int) -> datetime.date:
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    for day in (date.day, 30, 29, 28):
        try:
            return datetime.date(year, month + 1, min(day, date.day))
        except ValueError:
            continue
    raise AssertionError(date)


@given(st.lists(DATES), st.integers(-1_500, 1_500))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(dates: list[datetime.date], months: int) -> None:
    later = plus_months(days(dates).astype(np.int64), months).astype("datetime64[D]")
    assert later.tolist() == [month_and_day_later(date, months) for date in dates]


@given(st.lists(st.tuples(DATES, DATES)))
def test_an_age_is_the_number_of_birthdays_that_have_come(pairs: list[tuple[datetime.date, datetime.date]]) -> None:
    born, day = (days([pair[which] for pair in pairs]) for which in (0, 1))
    ages = whole_years(born, day).tolist()
    reached = [
        (month_and_day_later(b, 12 * age), month_and_day_later(b, 12 * age + 12))
        for (b, _), age in zip(pairs, ages, strict=True)
    ]
    assert all(last <= on < following for (_, on), (last, following) in zip(pairs, reached, strict=True))


def test_a_leap_day_s_child_is_a_year_older_on_the_28th_of_february() -> None:
    born, on = days([datetime.date(2020, 2, 29)] * 2), days([datetime.date(2021, 2, 27), datetime.date(2021, 2, 28)])
    assert whole_years(born, on).tolist() == [0, 1]
