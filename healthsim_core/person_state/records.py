"""Records of what changed, by person and time: each is seen by what comes after it, and by nothing before."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns
from healthsim_core.patterns.timing import Minutes
from healthsim_core.person_state.ends import Ends
from healthsim_core.person_state.keys import Keys, minute_of, mixed, packed, rank_of, row_of, within_of


@attrs.frozen(eq=False)
class Bound:
    """What a record hangs on: an event of a journey that may end before it, and then it never was.

    Attributes:
        journey: The journey.
        row: Int array: whose event it is.
        minute: Int array: when.
    """

    journey: str
    row: NDArray[np.intp]
    minute: Minutes

    def take(self, at: NDArray[np.intp], place: NDArray[np.intp] | None = None) -> Bound:
        """Those of some records; `place` is the new row of each row."""
        row = self.row[at]
        return Bound(self.journey, row if place is None else place[row], self.minute[at])


@attrs.frozen(eq=False)
class Part:
    """What one node made known: packed words of person, time and rank, the columns, and what they hang on."""

    keys: Keys
    columns: Columns
    bounds: tuple[Bound, ...] = ()

    def take(self, at: NDArray[np.intp]) -> Part:
        """Some of it."""
        return Part(self.keys[at], self.columns.take(at), tuple(bound.take(at) for bound in self.bounds))


class Records:
    """What is known of people, by what made it known.

    Args:
        rows: Positions of the chunk.
        ends: When journeys end before their time: what comes later never was.
    """

    def __init__(self, rows: int, ends: Ends) -> None:
        self.rows, self.ends = rows, ends
        self.parts: dict[int, list[Part]] = {}
        self.asked: dict[str, Keys] = {}  # by name, the last moment as of which it was read of each row, or 0
        self.version = 0  # of what stands
        self._before: dict[int, int] = {}  # by node that runs, how many parts are of its run before
        self._whole: tuple[Keys, Columns] | None = None

    def begin(self, rank: int) -> None:
        """A node runs again: what it made known before stands until it has run, for its own events read it too."""
        self._before[rank] = len(self.parts.get(rank, ()))

    def finish(self, rank: int) -> None:
        """Leave out what a node made known when it ran before."""
        if before := self._before.pop(rank, 0):
            self.parts[rank] = self.parts[rank][before:]
            self.renew()

    def renew(self) -> None:
        """See anew what stands."""
        self._whole = None
        self.version += 1

    def keep(self, rank: int, part: Part) -> None:
        """Add what a node made known."""
        self.parts.setdefault(rank, []).append(part)
        self.renew()

    def ask(self, name: str, row: NDArray[np.intp], wanted: Keys) -> None:
        """Note that something was read as of some moments."""
        if name not in self.asked:
            self.asked[name] = np.zeros(self.rows, np.int64)
        np.maximum.at(self.asked[name], row, within_of(wanted))

    def read_before(self, name: str, keys: Keys) -> NDArray[np.intp]:
        """Rows of words that were read, as of a later moment, before these were known."""
        row = row_of(keys)
        return row[within_of(keys) < self.asked[name][row]]

    def ended(self, journey: str, row: NDArray[np.intp], minute: Minutes) -> NDArray[np.intp]:
        """Note that a journey has ended for some rows; those that were read as of a later moment."""
        hang = (bound for parts in self.parts.values() for part in parts for bound in part.bounds)
        if not any(bound.journey == journey for bound in hang):
            return row[:0]
        self.renew()
        last = np.max([np.zeros(self.rows, np.int64), *self.asked.values()], axis=0)
        return np.asarray(row[within_of(packed(row, minute + 1, 0)) <= last[row]])

    def sorted(self) -> tuple[Keys, Columns]:
        """All that stands, by person, time and rank."""
        if self._whole is None:
            parts = [self._lasting(part) for parts in self.parts.values() for part in parts]
            keys = np.concatenate([np.empty(0, np.int64), *(part.keys for part in parts)])
            order = np.argsort(keys, kind="stable")
            columns = Columns.concat([part.columns for part in parts]) if parts else Columns({}, 0)
            self._whole = keys[order], columns.take(order)
        return self._whole

    def prints(self) -> NDArray[np.uint64]:
        """A print of all that is known of each row: equal where nothing has changed."""
        prints = np.zeros(self.rows, np.uint64)
        for parts in self.parts.values():
            for part in parts:
                for column in part.columns:
                    np.add.at(prints, row_of(part.keys), mixed(within_of(part.keys), part.columns[column]))
        return prints

    def take_of(self, other: Records, place: NDArray[np.intp]) -> None:
        """Add what others know of some rows; `place` is the row here of each of theirs, -1 for none."""
        for rank, parts in other.parts.items():
            for part in parts:
                row = place[row_of(part.keys)]
                kept = np.flatnonzero(row >= 0)
                keys = packed(row[kept], minute_of(part.keys[kept]), rank_of(part.keys[kept]))
                bounds = tuple(bound.take(kept, place) for bound in part.bounds)
                self.keep(rank, Part(keys, part.columns.take(kept), bounds))

    def replace(self, gone: NDArray[np.bool_], other: Records, rows: NDArray[np.intp], ends: Ends) -> None:
        """Take what others know of some rows in place of what is known here.

        Args:
            gone: Boolean array (positions,): which are replaced.
            other: What is known of them.
            rows: Int array: the row here of each of the other's rows.
            ends: When journeys end before their time.
        """
        stay = Records(self.rows, ends)
        stay.take_of(self, np.where(gone, -1, np.arange(len(gone))))
        self.ends, self.parts = ends, stay.parts
        self.take_of(other, rows)
        self.renew()

    def _lasting(self, part: Part) -> Part:
        """What no end of a journey has cancelled."""
        stands = np.ones(len(part.keys), bool)
        for bound in part.bounds:
            ends = self.ends.of(bound.journey)
            if ends is not None:
                stands &= bound.minute <= ends[bound.row]
        return part if stands.all() else part.take(np.flatnonzero(stands))
