"""When an event happens: delays, compiled to whole days or minutes, drawn by inversion within their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.dates import plus_months
from healthsim_core.distributions import Distribution, compile_distribution
from healthsim_core.draws import Draws
from healthsim_core.errors import SpecificationError
from healthsim_core.patterns.season import Season
from healthsim_core.portable import ndtr, ndtri
from healthsim_core.spec.journey import DAYS, Delay
from healthsim_core.spec.journey.events import Anchor

Minutes = NDArray[np.int64]
Whole = NDArray[np.int64]

DAY = 1_440
_EPOCH = 719_163  # ordinal of 1970-01-01
OPENS, CLOSES = 8 * 60, 17 * 60  # events that begin a day fall within office hours
NEVER = np.iinfo(np.int64).max  # a minute that does not come
SOON = 10  # minutes between an event and what follows it on the same day
_NOTHING: Mapping[str, Any] = {}
_EXTREMES = np.array([2.0**-53, 1 - 2.0**-53])  # the least and the greatest uniform that is ever drawn


@attrs.frozen
class Timing:
    """A compiled delay.

    Attributes:
        low: Least, in days (or business days) after `months`, or in minutes.
        high: Most, in days after `most_months`, or in minutes.
        months: Whole months to add first, month-exact.
        most_months: The same for the most.
        in_minutes: Whether low and high are minutes.
        normal: Whether values lie normally around the middle, the bounds two standard deviations away.
        business: Whether low and high count Monday to Friday alone.
        weekdays: Whether what falls on a weekend is moved.
        clock: Least and most minute of the day, where it is said.
        season: The part of the year into which it is moved.
        distribution: What days are drawn from, where it is not the above.
    """

    low: float = 0.0
    high: float = 0.0
    months: int = 0
    most_months: int = 0
    in_minutes: bool = False
    normal: bool = False
    business: bool = False
    weekdays: bool = False
    clock: tuple[int, int] | None = None
    season: Season | None = None
    distribution: Distribution | None = None

    @classmethod
    def of(cls, delay: Delay | None, where: str = "delay") -> Timing:
        """The compiled form of a written delay; none is no delay.

        Raises:
            SpecificationError: A distribution of days may fall below zero, or is not of numbers.
        """
        if delay is None:
            return cls()
        season = Season(*delay.months_and_days()) if delay.season is not None else None
        common: dict[str, Any] = {"weekdays": delay.weekdays, "clock": delay.time_of_day(), "season": season}
        if delay.is_distribution:
            return _from_distribution(compile_distribution(delay.days, f"{where}.days"), f"{where}.days", **common)
        (low, high), unit = delay.span, delay.unit
        common["normal"] = delay.distribution == "normal"
        if unit in ("minutes", "hours"):
            scale = 60 if unit == "hours" else 1
            return cls(low * scale, high * scale, in_minutes=True, normal=common["normal"])
        before, after = delay.window or (0.0, 0.0)
        if unit in ("months", "years") and float(low).is_integer() and float(high).is_integer():
            year = 12 if unit == "years" else 1
            return cls(before, after, int(low * year), int(high * year), **common)
        if unit == "business_days":
            return cls(max(low + before, 0), high + after, business=True, **common)
        return cls(max(low * DAYS[unit] + before, 0), high * DAYS[unit] + after, **common)

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""
        return self.distribution.names if self.distribution is not None else frozenset()

    @property
    def expected(self) -> float:
        """About how many days it takes."""
        middle = (self.low + self.high) / 2
        if self.distribution is not None:
            return min(middle, 366.0)
        if self.in_minutes:
            return middle / DAY
        return (self.months + self.most_months) / 2 * _DAYS_A_MONTH + middle * (
            DAYS["business_days"] if self.business else 1
        )

    @property
    def least(self) -> float:
        """The least it takes, in days: what bounds how often something comes again."""
        if self.in_minutes:
            return max(self.low, 1.0) / DAY
        return max(1.0, self.low + 28 * self.months)

    @property
    def never_later(self) -> bool:
        """Whether it takes no time at all."""
        return self.distribution is None and not (self.high or self.most_months or self.in_minutes)

    def after(self, anchor: Minutes, draw: Draws, columns: Mapping[str, Any] = _NOTHING) -> Minutes:
        """The moment for each anchor, both in minutes since 1970.

        Args:
            anchor: Int array (rows,), minutes since 1970.
            draw: Draws of the rows.
            columns: What a distribution of days reads.
        """
        if self.in_minutes:
            return anchor + _between(draw.uniform("delay"), self.low, self.high, self.normal)
        day = anchor // DAY
        later = self._day(day, draw.uniform("delay"), columns)
        if self.season is not None:
            later = self.season.within(later, draw.uniform("season"))
        if self.clock is not None:
            return self._at_the_clock(anchor, day, later, draw)
        if self.weekdays:
            later = self._on_a_weekday(day, later)
        minute = OPENS + 5 * draw.integers("time_of_day", 0, (CLOSES - OPENS) // 5)
        moment = later * DAY + minute
        same = np.flatnonzero(later == day)
        if len(same):
            before, end = anchor[same], day[same] * DAY + DAY - 1
            moment[same] = np.where(before % DAY == 0, before + minute[same], np.minimum(before + SOON, end))
        return np.asarray(moment)

    def bounds(self, day: Whole) -> tuple[Whole, Whole]:
        """The first and the last day on which it may end, for each day on which it begins (days since 1970)."""
        first, last = self._stated(day)
        if self.season is not None:
            first, last = self.season.bounds(first)[0], self.season.bounds(last)[1]
        if self.weekdays:
            friday = last - _past_friday(last)
            last = np.where(_is_weekend(last), np.where(friday >= first, friday, _monday_after(last)), last)
            first = np.where(_is_weekend(first), _monday_after(first), first)
        if self.clock is not None:
            tomorrow = _monday_after(day + 1) if self.weekdays else day + 1
            last = np.where(first == day, np.maximum(last, np.where(_is_weekend(day + 1), tomorrow, day + 1)), last)
        return first, last

    def within(self, anchor: Minutes, moment: Minutes) -> NDArray[np.bool_]:
        """Whether each moment is one that the delay allows."""
        if self.in_minutes:
            low, high = (round(self.low),) * 2 if self.low == self.high else (np.ceil(self.low), np.floor(self.high))
            return (moment - anchor >= low) & (moment - anchor <= high)
        first, last = self.bounds(anchor // DAY)
        return (moment // DAY >= first) & (moment // DAY <= last)

    def chances(self, day: int) -> tuple[Whole, NDArray[np.float64]] | None:
        """The days on which it may end and their probabilities, for one day on which it begins;
        None where they are endless.

        A time of day that has passed on the first day is not taken into account.
        """
        first, last = (int(bound[0]) for bound in self._stated(np.array([day])))
        days: Whole = np.arange(first, last + 1)
        chance = _weights(last - first + 1, self.normal)
        if self.in_minutes or self.names or self.season is not None or len(days) > _MOST_DAYS:
            return None
        if self.distribution is not None:
            below = self.distribution.cdf(np.arange(first - day, last - day + 1) + 0.5, {})
            chance = np.diff(np.concatenate([[0.0], np.asarray(below)[:-1], [1.0]]))
        if self.business:
            steps = np.arange(self.low, self.high + 1).astype(np.int64)
            days, chance = _business(np.full(len(steps), day), steps), _weights(len(steps), self.normal)
        if self.weekdays:
            days = self._on_a_weekday(np.full(len(days), day), days)
        ends, at = np.unique(days, return_inverse=True)
        return ends, np.asarray(np.bincount(at, chance), np.float64)

    def _stated(self, day: Whole) -> tuple[Whole, Whole]:
        """Bounds as they are written, before weekends are considered."""
        if self.business:
            return _business(day, np.full(len(day), int(self.low))), _business(day, np.full(len(day), int(self.high)))
        low, high = np.ceil(self.low), np.floor(self.high)
        if self.low == self.high or self.distribution is not None:
            low, high = np.rint(self.low), np.rint(self.high)
        earliest = plus_months(day, self.months) if self.months else day
        latest = plus_months(day, self.most_months) if self.most_months else day
        most = np.int64(min(high, _FOREVER))
        return np.maximum(earliest + np.int64(low), day), np.maximum(latest + most, day)

    def _day(self, day: Whole, unit: NDArray[np.float64], columns: Mapping[str, Any]) -> Whole:
        if self.distribution is not None:
            drawn = np.asarray(self.distribution.sample(unit, columns), np.float64)
            return np.asarray(day + np.rint(np.clip(np.nan_to_num(drawn), 0, _FOREVER)).astype(np.int64))
        if self.business:
            return _business(day, _between(unit, self.low, self.high, self.normal))
        if self.months != self.most_months:
            first, last = self._stated(day)
            return np.asarray(_between(unit, first, last, self.normal))
        base = plus_months(day, self.months) if self.months else day
        return np.asarray(np.maximum(base + _between(unit, self.low, self.high, self.normal), day))

    def _at_the_clock(self, anchor: Minutes, day: Whole, later: Whole, draw: Draws) -> Minutes:
        assert self.clock is not None
        low, high = self.clock
        minute = draw.integers("time_of_day", low, high + 1)
        later = self._on_a_weekday(day, later) if self.weekdays else later
        later = later + (later * DAY + minute < anchor)
        return (np.where(_is_weekend(later), _monday_after(later), later) if self.weekdays else later) * DAY + minute

    def _on_a_weekday(self, day: Whole, later: Whole) -> Whole:
        """The Monday after a weekend, or the Friday before where that alone lies within the bounds."""
        first, last = self._stated(day)
        if self.season is not None:
            first, last = self.season.bounds(first)[0], self.season.bounds(later)[1]
        monday, friday = _monday_after(later), later - _past_friday(later)
        return np.asarray(
            np.where(_is_weekend(later), np.where((monday > last) & (friday >= first), friday, monday), later)
        )

    def __str__(self) -> str:
        months = f"{self.months} months" if self.months else ""
        if self.months != self.most_months:
            months = f"{self.months} to {self.most_months} months"
        unit = "minutes" if self.in_minutes else "business days" if self.business else "days"
        span = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        extra = f"{span} {unit}" if self.low or self.high or not months else ""
        words = (
            "days of a distribution" if self.distribution is not None else " and ".join(filter(None, [months, extra]))
        )
        return (
            words
            + (" on a weekday" if self.weekdays else "")
            + (f" in the season {self.season}" if self.season is not None else "")
        )


def scheduled(every: Timing, first: Minutes, step: int, draw: Draws) -> Minutes:
    """The moment of the occurrence `step` intervals after the first by the schedule,
    off by what the interval varies."""
    if every.in_minutes:
        middle = (every.low + every.high) / 2
        off = _between(draw.uniform("delay"), every.low - middle, every.high - middle, every.normal)
        return np.asarray(first + round(step * middle) + off)
    day = first // DAY
    if every.months:
        planned = plus_months(day, every.months * step)
        off = _between(draw.uniform("delay"), every.low, every.high, every.normal)
    else:
        middle = round((every.low + every.high) / 2)
        planned = day + step * middle
        off = _between(draw.uniform("delay"), every.low - middle, every.high - middle, every.normal)
    anchor = (planned + off) * DAY
    exact = attrs.evolve(every, low=0.0, high=0.0, months=0, most_months=0, distribution=None, business=False)
    return exact.after(anchor, draw)


_DAYS_A_MONTH = 365.25 / 12
_MOST_DAYS = 5_000  # whose chances are written out
_FOREVER = 80_000.0  # days: more than any journey lasts


def _from_distribution(distribution: Distribution, where: str, **common: Any) -> Timing:
    low, high = 0.0, _FOREVER
    if not distribution.names:
        values = np.asarray(distribution.sample(_EXTREMES, {}))
        if values.dtype.kind not in "iufb":
            raise SpecificationError("a delay is a number of days.", where, "Take a distribution of numbers.")
        low, high = float(np.min(values)), float(np.max(values))
        if low < 0:
            raise SpecificationError(
                f"it may fall to {low:.3g} days, before what it depends on.", where, 'Give it "min": 0.'
            )
    return Timing(low, min(high, _FOREVER), distribution=distribution, **common)


def minutes(days: NDArray[Any]) -> Minutes:
    """Minutes since 1970 at the beginning of each day."""
    return days.astype("datetime64[m]").astype(np.int64)


def moments(minute: Minutes) -> NDArray[np.datetime64]:
    """Minutes since 1970 as events and tables have them, `datetime64[s]`."""
    return np.asarray(minute * np.int64(60), np.int64).view("datetime64[s]")


def birthdays(born: NDArray[Any], age: float) -> Whole:
    """The day (since 1970) on which each person reaches an age: 29 February's is the 28th where there is no 29th."""
    return plus_months(born.astype("datetime64[D]").astype(np.int64), round(age * 12))


def _between(unit: NDArray[np.float64], low: Any, high: Any, normal: bool) -> Whole:
    """Whole numbers from low to high (scalars or arrays)."""
    if np.ndim(low) == 0 and low == high:
        return np.full(len(unit), round(low), np.int64)
    low, high = np.ceil(low), np.floor(high)
    if not normal:
        return np.asarray(np.floor(low + (high - low + 1) * unit).astype(np.int64))
    middle, sd = (low + high) / 2, (high - low + 1) / 4
    below, above = ndtr((low - 0.5 - middle) / sd), ndtr((high + 0.5 - middle) / sd)
    value = np.clip(np.rint(middle + sd * ndtri(below + (above - below) * unit)), low, high)
    return np.asarray(value.astype(np.int64))


def _weights(days: int, normal: bool) -> NDArray[np.float64]:
    if not normal or days == 1:
        return np.full(days, 1 / days)
    edges = ndtr((np.arange(days + 1) - days / 2) * 4 / days)
    return np.asarray(np.diff(edges) / (edges[-1] - edges[0]))


def _business(day: Whole, steps: Whole) -> Whole:
    """So many days of Monday to Friday later; none is the day itself, or the Monday after a weekend."""
    dates = day.astype("datetime64[D]")
    later = np.busday_offset(dates, np.maximum(steps, 1), roll="backward")
    return (
        np.where(steps > 0, later, np.busday_offset(dates, 0, roll="forward")).astype("datetime64[D]").astype(np.int64)
    )


def _weekday(day: Whole) -> Whole:
    return (day + 3) % 7  # 0 is Monday: 1 January 1970 was a Thursday


def _is_weekend(day: Whole) -> NDArray[np.bool_]:
    return _weekday(day) >= 5


def _monday_after(day: Whole) -> Whole:
    return day + 7 - _weekday(day)


def _past_friday(day: Whole) -> Whole:
    return _weekday(day) - 4


def anchor_of(written: str | Anchor | None) -> str | int | tuple[str, float] | None:
    """What a written anchor is in a node: "birth", a date (days since 1970), an age, or None for the start."""
    if isinstance(written, Anchor):
        return ("age", float(written.age)) if written.date is None and written.age is not None else _day(written)
    return None if written == "start" else written


def _day(written: Anchor) -> int:
    assert written.date is not None
    return written.date.toordinal() - _EPOCH
