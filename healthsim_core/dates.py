"""Months and ages by the calendar, exact for every date, by a table of days:
NumPy's own conversions take ten times as long."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]  # since 1970-01-01
Dates = NDArray[np.datetime64]
# of the table; other dates are converted
_FIRST_MONTH, _END_MONTH = np.datetime64("1850-01", "M"), np.datetime64("2150-01", "M")


def plus_months(day: Days, months: Any) -> Days:
    """The same day of the month so many months later, or that month's last where it is shorter.

    Args:
        day: Int array (rows,), days since 1970.
        months: How many, a number or an int array (rows,); negative is earlier.
    """
    month, within = _month_and_day(day)
    first, after = _first_days(month + months)
    return np.asarray(first + np.minimum(within, after - first - 1))


def whole_years(born: Dates, day: Dates) -> NDArray[np.int64]:
    """Completed years of age on each day; who is born on 29 February completes them on the 28th where there is no 29th.

    Args:
        born: `datetime64[D]` array (rows,).
        day: `datetime64[D]` array (rows,).
    """
    (born_in, born_within), (month, within) = (_month_and_day(_days(dates)) for dates in (born, day))
    first, after = _first_days(month)
    not_yet = within < np.minimum(born_within, after - first - 1)
    return np.asarray((month - born_in - not_yet) // 12)


def _days(dates: Dates) -> Days:
    return np.asarray(dates, "datetime64[D]").view(np.int64)


@functools.cache
def _table() -> tuple[Days, NDArray[np.int16], NDArray[np.int64]]:
    """The days at both ends, the month since 1970 of each day between, and the first day of each month."""
    months = np.arange(_FIRST_MONTH, _END_MONTH + 1)
    firsts = months.astype("datetime64[D]").astype(np.int64)
    of_day = np.repeat(months[:-1].astype(np.int64).astype(np.int16), np.diff(firsts))
    return firsts[[0, -1]], of_day, firsts


def _month_and_day(day: Days) -> tuple[NDArray[np.int64], Days]:
    """Months since 1970, and days since the first of the month."""
    (start, stop), of_day, firsts = _table()
    if len(day) and day.min() >= start and day.max() < stop:
        month = of_day.take(day - start).astype(np.int64)
        return month, day - firsts.take(month - int(_FIRST_MONTH.astype(np.int64)))
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64)


def _first_days(month: NDArray[np.int64]) -> tuple[Days, Days]:
    """The first day of each month, and of the next one."""
    firsts, at = _table()[2], month - int(_FIRST_MONTH.astype(np.int64))
    if len(at) and at.min() >= 0 and at.max() < len(firsts) - 1:
        return firsts.take(at), firsts.take(at + 1)
    return tuple((month + step).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for step in (0, 1))  # type: ignore[return-value]
