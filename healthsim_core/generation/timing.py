"""When an event happens: delays, compiled to whole days or minutes, drawn by inversion within their bounds."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from healthsim_core.draws import Draws
from healthsim_core.spec.journey import DAYS, Delay

Minutes = NDArray[np.int64]

DAY = 1_440
OPENS, CLOSES = 8 * 60, 17 * 60  # events that begin a day fall within office hours
SOON = 10  # minutes between an event and what follows it on the same day


@attrs.frozen
class Timing:
    """A compiled delay.

    Attributes:
        low: Least, in days or minutes.
        high: Most, in days or minutes.
        months: Whole months to add first, month-exact.
        in_minutes: Whether low and high are minutes.
        normal: Whether values lie normally around the middle, the bounds two standard deviations away.
    """

    low: float = 0.0
    high: float = 0.0
    months: int = 0
    in_minutes: bool = False
    normal: bool = False

    @classmethod
    def of(cls, delay: Delay | None) -> Timing:
        """The compiled form of a written delay; none is no delay."""
        if delay is None:
            return cls()
        (low, high), unit = delay.span, delay.unit
        normal = delay.distribution == "normal"
        if unit in ("minutes", "hours"):
            scale = 60 if unit == "hours" else 1
            return cls(low * scale, high * scale, in_minutes=True, normal=normal)
        before, after = delay.window or (0.0, 0.0)
        if unit in ("months", "years") and low == high and float(low).is_integer():
            return cls(before, after, months=int(low * (12 if unit == "years" else 1)), normal=normal)
        return cls(low * DAYS[unit] + before, high * DAYS[unit] + after, normal=normal)

    def after(self, anchor: Minutes, draw: Draws) -> Minutes:
        """The moment for each anchor, both in minutes since 1970."""
        if self.in_minutes:
            return anchor + self._drawn(draw.uniform("delay"))
        day = anchor // DAY
        base = _plus_months(day, self.months) if self.months else day
        later = np.maximum(base + self._drawn(draw.uniform("delay")), day)
        minute = OPENS + 5 * draw.integers("time_of_day", 0, (CLOSES - OPENS) // 5)
        same_day = np.where(anchor % DAY == 0, anchor + minute, np.minimum(anchor + SOON, day * DAY + DAY - 1))
        return np.where(later == day, same_day, later * DAY + minute)

    def _drawn(self, unit: NDArray[np.float64]) -> NDArray[np.int64]:
        if self.low == self.high:
            return np.full(len(unit), round(self.low), np.int64)
        low, high = np.ceil(self.low), np.floor(self.high)
        if not self.normal:
            return np.asarray(np.floor(low + (high - low + 1) * unit).astype(np.int64))
        middle, sd = (low + high) / 2, (high - low + 1) / 4
        below, above = ndtr((low - 0.5 - middle) / sd), ndtr((high + 0.5 - middle) / sd)
        value = np.clip(np.rint(middle + sd * ndtri(below + (above - below) * unit)), low, high)
        return np.asarray(value.astype(np.int64))


def minutes(days: NDArray[Any]) -> Minutes:
    """Minutes since 1970 at the beginning of each day."""
    return days.astype("datetime64[m]").astype(np.int64)


def _plus_months(day: Minutes, months: int) -> Minutes:
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    target = month + months
    length = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64)
    within = np.minimum((dates - month.astype("datetime64[D]")).astype(np.int64), length - 1)
    return np.asarray(target.astype("datetime64[D]").astype(np.int64) + within)
