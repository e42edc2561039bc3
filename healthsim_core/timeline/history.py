"""What values were, by person and time: each is seen by what comes after it, and by nothing before."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, concat
from healthsim_core.patterns.timing import Minutes
from healthsim_core.timeline.keys import Keys, minute_of, mixed, packed, row_of, within_of


@attrs.define(eq=False)
class Ends:
    """When journeys end before their time, by the node that ends them: what comes later never was.

    Attributes:
        rows: Positions of the chunk.
    """

    rows: int
    _by_node: dict[int, tuple[str, NDArray[np.intp], Minutes]] = attrs.field(factory=dict)

    def end(self, rank: int, journey: str, row: NDArray[np.intp], minute: Minutes) -> None:
        """Say which journeys a node ends, and when; in place of what it said before."""
        self._by_node[rank] = journey, row, minute

    def of(self, journey: str) -> Minutes:
        """When a journey ends: int array (positions,), the greatest int64 where nothing ends it."""
        earliest = np.full(self.rows, np.iinfo(np.int64).max)
        for ended, row, minute in self._by_node.values():
            if ended == journey:
                np.minimum.at(earliest, row, minute)
        return earliest

    def taken(self, place: NDArray[np.intp], rows: int) -> Ends:
        """Those of some rows; `place` is the new row of each, -1 for none."""
        ends = Ends(rows)
        for rank, (journey, row, minute) in self._by_node.items():
            kept = place[row] >= 0
            ends.end(rank, journey, place[row[kept]], minute[kept])
        return ends

    def spliced(self, gone: NDArray[np.bool_], other: Ends, rows: NDArray[np.intp]) -> Ends:
        """These, with those of other rows in the place of those that are gone."""
        ends = Ends(self.rows)
        for rank, (journey, row, minute) in self._by_node.items():
            _, theirs, when = other._by_node[rank]
            stay = ~gone[row]
            ends.end(rank, journey, np.concatenate([row[stay], rows[theirs]]), np.concatenate([minute[stay], when]))
        return ends

    def prints(self) -> NDArray[np.uint64]:
        """A print of all that ends for each row: equal where nothing has changed."""
        prints = np.zeros(self.rows, np.uint64)
        for rank, (_, row, minute) in self._by_node.items():
            np.add.at(prints, row, mixed(within_of(packed(row, minute, rank)), minute))
        return prints


@attrs.frozen(eq=False)
class Part:
    """What one node drew: packed words of person, time and rank, and the values."""

    journey: str
    keys: Keys
    values: Column


class History:
    """What a value was, by person and time.

    Args:
        base: The value of each row from the start.
        ends: When journeys end before their time.
    """

    def __init__(self, base: Column, ends: Ends) -> None:
        self.base, self._ends = base, ends
        self.asked: Keys = np.zeros(len(base), np.int64)  # of each row the last moment as of which it was read
        self.parts: dict[int, list[Part]] = {}
        self._whole: tuple[Keys, Column] | None = None

    def forget(self, rank: int) -> None:
        """Leave out what a node drew when it ran before."""
        if self.parts.pop(rank, None):
            self._whole = None

    def renew(self) -> None:
        """See anew which journeys have ended."""
        self._whole = None

    def add(self, rank: int, journey: str, row: NDArray[np.intp], minute: Minutes, values: Column) -> NDArray[np.intp]:
        """Values that a node has drawn for rows at moments.

        Returns:
            Rows that were read, as of a later moment, before this was known.
        """
        keys = packed(row, minute, rank)
        self.parts.setdefault(rank, []).append(Part(journey, keys, values))
        self._whole = None
        return row[within_of(keys) < self.asked[row]]

    def is_of(self, journey: str) -> bool:
        """Whether events of a journey give it."""
        return any(part.journey == journey for parts in self.parts.values() for part in parts)

    def read_after(self, row: NDArray[np.intp], minute: Minutes) -> NDArray[np.intp]:
        """Those of some rows that were read as of a moment after a minute."""
        return row[within_of(packed(row, minute + 1, 0)) <= self.asked[row]]

    def at(self, row: NDArray[np.intp], minute: Minutes, rank: int) -> Column:
        """The latest value of each row before each moment and rank; before the first, what it was from the start."""
        wanted = packed(row, minute, rank)
        np.maximum.at(self.asked, row, within_of(wanted))
        keys, values = self._sorted()
        if not len(keys):
            return self.base[row]
        places = np.searchsorted(keys, wanted, side="left") - 1
        known = (places >= 0) & (row_of(keys[np.maximum(places, 0)]) == row)
        return concat([self.base, values])[np.where(known, len(self.base) + places, row)]

    def taken(self, place: NDArray[np.intp], rows: NDArray[np.intp], ends: Ends) -> History:
        """That of some rows; `place` is the new row of each, -1 for none."""
        history = History(self.base[rows], ends)
        for rank, parts in self.parts.items():
            for part in parts:
                history._keep(rank, part, place)
        return history

    def replace(self, gone: NDArray[np.bool_], other: History, rows: NDArray[np.intp], ends: Ends) -> None:
        """Take what another history knows of some rows in place of this one's.

        Args:
            gone: Boolean array (positions,): which are replaced.
            other: The other history.
            rows: Int array: the row here of each of its rows.
            ends: When journeys end before their time.
        """
        self._ends, stay = ends, np.where(gone, -1, np.arange(len(gone)))
        before, self.parts = self.parts, {}
        for rank in dict.fromkeys([*before, *other.parts]):
            for part in before.get(rank, ()):
                self._keep(rank, part, stay)
            for part in other.parts.get(rank, ()):
                self._keep(rank, part, rows)
        self._whole = None

    def prints(self) -> NDArray[np.uint64]:
        """A print of all that is known of each row: equal where nothing has changed."""
        prints = np.zeros(len(self.base), np.uint64)
        for parts in self.parts.values():
            for part in parts:
                np.add.at(prints, row_of(part.keys), mixed(within_of(part.keys), part.values))
        return prints

    def _keep(self, rank: int, part: Part, place: NDArray[np.intp]) -> None:
        row = place[row_of(part.keys)]
        kept = np.flatnonzero(row >= 0)
        keys = packed(row[kept], minute_of(part.keys[kept]), rank)
        self.parts.setdefault(rank, []).append(Part(part.journey, keys, part.values[kept]))

    def _sorted(self) -> tuple[Keys, Column]:
        """All that stands, by person, time and rank."""
        if self._whole is None:
            parts = [self._lasting(part) for parts in self.parts.values() for part in parts]
            if not parts:
                return np.empty(0, np.int64), self.base[:0]
            keys, values = np.concatenate([part.keys for part in parts]), concat([part.values for part in parts])
            order = np.argsort(keys, kind="stable")
            self._whole = keys[order], values[order]
        return self._whole

    def _lasting(self, part: Part) -> Part:
        """What no end of its journey has cancelled."""
        ends = self._ends.of(part.journey)
        kept = np.flatnonzero(minute_of(part.keys) <= ends[row_of(part.keys)])
        return part if len(kept) == len(part.keys) else Part(part.journey, part.keys[kept], part.values[kept])
