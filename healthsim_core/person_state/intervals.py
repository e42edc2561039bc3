"""Times during which something held, by person."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.patterns.timing import Minutes
from healthsim_core.person_state.keys import Keys, minute_of, row_of

_FAR = 1 << 40  # minutes, beyond every life


@attrs.frozen(eq=False)
class Intervals:
    """Times during which something held: in order of row and beginning, disjoint within a row.

    Attributes:
        row: Int array (intervals,): the person's row.
        begin: Int array: minutes since 1970.
        end: Int array: the same; far beyond every life where it lasts.
        dose: Float array: a day; NaN where none is said.
        drug: Text; null where none is said.
        before: Boolean array: whether it has held since before the run.
    """

    row: NDArray[np.intp]
    begin: Minutes
    end: Minutes
    dose: NDArray[np.float64]
    drug: Text
    before: NDArray[np.bool_]

    def pairs(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Every pair of one of some rows and an interval of its person: the place among the rows, and the interval."""
        first, last = (np.searchsorted(self.row, rows, side=side) for side in ("left", "right"))
        counts = last - first
        at = np.repeat(np.arange(len(rows)), counts)
        ends = np.cumsum(counts)
        return at, np.arange(len(at)) - np.repeat(ends - counts, counts) + np.repeat(first, counts)


def intervals_of(
    keys: Keys, until: Minutes, stops: NDArray[np.bool_], dose: NDArray[np.float64], drug: Text,
    before_the_run: NDArray[np.bool_],
) -> Intervals:  # fmt: skip
    """When something held by what is recorded of it: overlapping times are one, and a stop ends what runs.

    Args:
        keys: Packed words, sorted: person and moment of each record.
        until: Int array: until when each lasts by itself.
        stops: Boolean array: whether it ends what runs, and begins nothing.
        dose: Float array: a day.
        drug: The drug of each.
        before_the_run: Boolean array: whether each has held since before the run.
    """
    row, begin = row_of(keys), minute_of(keys)
    ends = np.where(stops, begin, np.clip(until, -_FAR, _FAR))
    stretch = np.cumsum((np.diff(row, prepend=-1) != 0) | stops)
    reach = np.maximum.accumulate(stretch * (4 * _FAR) + ends) - stretch * (4 * _FAR)
    again = np.diff(row, prepend=-1) == 0
    before = np.where(again, np.concatenate([[-_FAR], reach[:-1]]), -_FAR) if len(keys) else reach
    stop = np.where(stops, begin, _FAR) + row * (4 * _FAR)
    next_stop = np.minimum.accumulate(stop[::-1])[::-1] - row * (4 * _FAR)
    start, end = np.maximum(begin, before), np.minimum(ends, next_stop)
    kept = np.flatnonzero(~stops & (end > start))
    return Intervals(row[kept], start[kept], end[kept], dose[kept], drug[kept], before_the_run[kept])
