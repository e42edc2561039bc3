"""Delays against what is stated of them: as uniforms that are uniform if the delay is as stated."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from healthsim_core.dates import plus_months
from healthsim_core.distributions import Distribution
from healthsim_core.draws import Floats
from healthsim_core.patterns.timing import DAY, Minutes, Timing
from healthsim_core.validation.counts import Tallies
from healthsim_core.validation.sample import sampled
from healthsim_core.validation.stated import Within

Whole: TypeAlias = NDArray[np.int64]
_A_WEEK_BEGINS = 10_001 * 7  # days since 1970, of which the remainder by seven is that of any day


@attrs.frozen(eq=False)
class Delays:
    """Delays that were drawn from one statement.

    Nobody knows of an event that would come outside of what can be seen. So the delay that is seen is compared with
    the stated distribution between the limits of its own row, which depend on what was before it was drawn.

    Attributes:
        anchor: Int array (rows,): the moments from which the delays run, minutes since 1970.
        moment: Int array (rows,): when they ended.
        earliest: Int array (rows,): the first day that could be seen (days since 1970); None where nothing is cut off.
        latest: Int array (rows,) or scalar: the last minute that could be seen.
        person: Int array (rows,): whose they are.
        within: Gives uniforms (rows,), addressed and otherwise unused.
        columns: The columns that a distribution of days reads; None where they are not known any more.
        chosen: Whether an event happened at all hung on its moment; then only its bounds can be told.
    """

    anchor: Minutes
    moment: Minutes
    earliest: Whole | None
    latest: Any
    person: Whole
    within: Within
    columns: Mapping[str, Any] | None
    chosen: bool = False

    def take(self, rows: NDArray[np.intp] | slice) -> Delays:
        """Some of them."""
        return Delays(
            self.anchor[rows],
            self.moment[rows],
            None if self.earliest is None else self.earliest[rows],
            self.latest if np.ndim(self.latest) == 0 else self.latest[rows],
            self.person[rows],
            lambda: self.within()[rows],
            None if self.columns is None else {name: column[rows] for name, column in self.columns.items()},
        )


def tally_delays(tallies: Tallies, where: str, what: str, timing: Timing, delays: Delays) -> None:
    """Count delays: those outside of their bounds, and how the others lie within."""
    allowed = timing.within(delays.anchor, delays.moment)
    tallies.violation(where, f"{what} within its bounds", np.sum(~allowed), len(allowed))
    certain = timing.low == timing.high and timing.distribution is None and not _by_calendar(timing)
    rows = None if delays.chosen or certain else sampled(f"{where}.{what}", delays.person)
    if rows is not None:
        _tally_shape(tallies, where, what, timing, delays.take(rows), allowed[rows])


def _tally_shape(
    tallies: Tallies, where: str, what: str, timing: Timing, delays: Delays, allowed: NDArray[np.bool_]
) -> None:
    day = delays.anchor // DAY
    if timing.in_minutes:
        taken, last, first, base = delays.moment - delays.anchor, delays.latest - delays.anchor, None, day
    else:
        base = plus_months(day, timing.months) if timing.months and not _by_calendar(timing) else day
        taken, last = delays.moment // DAY - base, delays.latest // DAY - base
        first = None if delays.earliest is None else delays.earliest - base
    share = _shares(timing, day, base, delays.columns)
    if share is None:
        return
    below, upto, seen = share(taken - 1), share(taken), share(last)
    unseen = 0.0 if first is None else share(first - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        below, upto = (below - unseen) / (seen - unseen), (upto - unseen) / (seen - unseen)
    possible = allowed & (below < upto) & (taken <= last)
    possible = possible if first is None else possible & (taken >= first)
    unit = np.clip(below + (upto - below) * delays.within(), 0.0, 1.0)
    tallies.shape(where, what, unit if possible.all() else unit[possible])


def _shares(timing: Timing, day: Whole, base: Whole, columns: Mapping[str, Any] | None) -> Any:
    """P(delay <= point) as a function of points, a row a delay; None where there is nothing to tell."""
    low, high = int(np.ceil(timing.low)), int(np.floor(min(timing.high, 1e9)))
    # an hour that has passed puts it off to another day
    if timing.season is not None or (timing.clock is not None and low < 1):
        return None
    if timing.distribution is not None and not timing.weekdays:
        return None if columns is None else functools.partial(_drawn, timing.distribution, columns)
    if _by_calendar(timing):
        return functools.partial(_tabled, timing, day) if timing.chances(int(day[0])) is not None else None
    if low < 0:  # what would have come before the anchor comes with it
        return lambda point: np.where(base + point < day, 0.0, _spread(timing.normal, low, high, point))
    return functools.partial(_spread, timing.normal, low, high)


def _by_calendar(timing: Timing) -> bool:
    return timing.business or timing.weekdays or timing.months != timing.most_months


def _spread(normal: bool, low: int, high: int, point: Any) -> Floats:
    """Whole numbers from low to high: alike, or normal with the bounds two deviations away."""
    if not normal:
        return np.asarray(np.clip((point - (low - 1)) / (high - low + 1), 0.0, 1.0))
    middle, sd = (low + high) / 2, (high - low + 1) / 4
    first, last = ndtr((low - 0.5 - middle) / sd), ndtr((high + 0.5 - middle) / sd)
    return np.asarray(np.clip((ndtr((point + 0.5 - middle) / sd) - first) / (last - first), 0.0, 1.0))


def _drawn(distribution: Distribution, columns: Mapping[str, Any], point: Any) -> Floats:
    """Days of a distribution, rounded; what is negative is none."""
    return np.where(point < 0, 0.0, distribution.below(point + 0.5, columns))


def _tabled(timing: Timing, day: Whole, point: Any) -> Floats:
    """Days that depend on the calendar, by the day on which the delay begins."""
    by_week = not timing.months and not timing.most_months
    begins = _A_WEEK_BEGINS + day % 7 if by_week else day
    points, shares = np.broadcast_to(point, day.shape), np.zeros(len(day))
    for begun in np.unique(begins).tolist():
        rows = np.flatnonzero(begins == begun)
        days, upto = _table(timing, begun)
        shares[rows] = upto[np.searchsorted(days, points[rows], side="right")]
    return shares


@functools.lru_cache(maxsize=16_384)
def _table(timing: Timing, day: int) -> tuple[Whole, Floats]:
    chances = timing.chances(day)
    assert chances is not None
    days, shares = chances
    return days - day, np.concatenate([[0.0], np.minimum(np.cumsum(shares), 1.0)])
