"""Delays against what is stated of them: as uniforms that are uniform if the delay is as stated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from healthsim_core.draws import Floats
from healthsim_core.generation.tallies.counts import Tallies
from healthsim_core.generation.tallies.stated import Within
from healthsim_core.generation.timing import DAY, Minutes, Timing, plus_months

Whole = NDArray[np.int64]


def tally_delay(
    tallies: Tallies, where: str, what: str, timing: Timing, anchor: Minutes, moment: Minutes, limit: Any, within: Within
) -> None:
    """Count delays.

    Nobody knows of an event that would come after its limit. So the delay that is seen is compared with the stated
    distribution up to the limit of its own row, which depends on what was before the delay was drawn.

    Args:
        tallies: Where to count.
        where: The event's path.
        what: Which of its delays.
        timing: What is stated.
        anchor: Int array (rows,): the moments from which the delays run, minutes since 1970.
        moment: Int array (rows,): when they ended.
        limit: The last minute that could be seen, scalar or int array (rows,).
        within: Gives uniforms (rows,), addressed and otherwise unused.
    """
    if timing.in_minutes:
        taken, least, most = moment - anchor, None, limit - anchor
    else:
        day = anchor // DAY
        base = plus_months(day, timing.months) if timing.months else day
        taken, least, most = moment // DAY - base, day - base, limit // DAY - base
    low, high = _bounds(timing)
    if low == high:
        due = low if least is None else np.maximum(low, least)
        tallies.violation(where, f"{what} within its bounds", np.sum(taken != due), len(taken))
        return
    below, upto, seen = (_share(timing.normal, low, high, point) for point in (taken - 1, taken, most))
    if least is not None and low < 0:
        below = np.where(taken == least, 0.0, below)  # what would have come before the anchor comes with it
        below[taken < least], upto[taken < least] = 0.0, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        below, upto = below / seen, upto / seen
    possible = below < upto
    tallies.violation(where, f"{what} within its bounds", len(taken) - np.sum(possible), len(taken))
    unit = below + (upto - below) * within()
    tallies.shape(where, what, unit if possible.all() else unit[possible])


def latest(timing: Timing, anchor: Minutes) -> Minutes:
    """The last minute at which each delay may end."""
    _, high = _bounds(timing)
    if timing.in_minutes:
        return anchor + high
    day = anchor // DAY
    base = plus_months(day, timing.months) if timing.months else day
    return (np.maximum(base + high, day) + 1) * DAY - 1


def _bounds(timing: Timing) -> tuple[int, int]:
    if timing.low == timing.high:
        return round(timing.low), round(timing.low)
    return int(np.ceil(timing.low)), int(np.floor(timing.high))


def _share(normal: bool, low: int, high: int, point: Any) -> Floats:
    """P(delay <= point) of whole numbers from low to high: alike, or normal with the bounds two deviations away."""
    if not normal:
        return np.asarray(np.clip((point - (low - 1)) / (high - low + 1), 0.0, 1.0))
    middle, sd = (low + high) / 2, (high - low + 1) / 4
    first, last = ndtr((low - 0.5 - middle) / sd), ndtr((high + 0.5 - middle) / sd)
    return np.asarray(np.clip((ndtr((point + 0.5 - middle) / sd) - first) / (last - first), 0.0, 1.0))
