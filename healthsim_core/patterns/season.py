"""Seasons: spans of the calendar that come every year, such as 1 September to 31 January."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]  # since 1970-01-01


@attrs.frozen
class Season:
    """A span of every year.

    Attributes:
        opens: Month and day of its first day.
        closes: Month and day of its last, of the next year where that comes earlier.
    """

    opens: tuple[int, int]
    closes: tuple[int, int]

    def bounds(self, day: Days) -> tuple[Days, Days]:
        """What is left of the season that each day lies in; where it lies in none, the whole of the next one."""
        year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
        over = self.closes < self.opens
        this = np.where(_day(year - over, self.closes, over) >= day, year - over, year)
        this = np.where(_day(this, self.closes, over) >= day, this, this + 1)
        return np.maximum(_day(this, self.opens), day), _day(this, self.closes, over)

    def within(self, day: Days, unit: NDArray[np.float64]) -> Days:
        """Each day that lies in the season as it is; for another, any day of the next season.

        Args:
            day: Int array (rows,).
            unit: Uniforms (rows,).
        """
        first, last = self.bounds(day)
        return np.asarray(np.where(first == day, day, first + np.floor((last - first + 1) * unit).astype(np.int64)))

    def __str__(self) -> str:
        return "{:02}-{:02} to {:02}-{:02}".format(*self.opens, *self.closes)


def _day(year: Days, month_and_day: tuple[int, int], next_year: bool = False) -> Days:
    month, day = month_and_day
    months = (year + next_year) * 12 + month - 1
    return np.asarray(months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1)
