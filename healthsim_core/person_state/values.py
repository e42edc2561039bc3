"""What outcomes, ways, states and measurements were, by person and time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, concat
from healthsim_core.patterns.timing import Minutes
from healthsim_core.person_state.ends import Ends
from healthsim_core.person_state.keys import packed, row_of
from healthsim_core.person_state.reads import Reads
from healthsim_core.person_state.records import Bound, Part, Records

_VALUE = "value"


class Values(Records):
    """What a value was, by person and time.

    Args:
        base: The value of each row from the start.
        ends: When journeys end before their time.
    """

    def __init__(self, base: Column, ends: Ends) -> None:
        super().__init__(len(base), ends)
        self.base, self.reads = base, Reads()
        self._pool: Column | None = None

    def renew(self) -> None:
        """See anew what stands."""
        super().renew()
        self._pool = None

    def add(
        self, rank: int, row: NDArray[np.intp], minute: Minutes, values: Column, bounds: tuple[Bound, ...] = ()
    ) -> NDArray[np.intp]:
        """Values that a node has drawn for rows at moments, and what they hang on.

        Returns:
            Rows that were read, as of a later moment, before this was known.
        """
        keys = packed(row, minute, rank)
        self.keep(rank, Part(keys, Columns({_VALUE: values}, len(values)), bounds))
        return self.read_before(_VALUE, keys) if _VALUE in self.asked else row[:0]

    def at(self, row: NDArray[np.intp], minute: Minutes, rank: int) -> Column:
        """The latest value of each row before each moment and rank; before the first, what it was from the start."""
        self.ask(_VALUE, row, packed(row, minute, rank))
        value: Column = self.reads.note(_VALUE, row, minute, rank, self._at(row, minute, rank))
        return value

    def stale(self, some: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
        """Rows, among some, that read something else than what is known now."""
        return self.reads.stale(some, lambda _, row, minute, rank: self._at(row, minute, rank))

    def _at(self, row: NDArray[np.intp], minute: Minutes, rank: int) -> Column:
        wanted = packed(row, minute, rank)
        keys, columns = self.sorted()
        if not len(keys):
            return self.base[row]
        if self._pool is None:
            self._pool = concat([self.base, columns[_VALUE]])
        places = np.searchsorted(keys, wanted, side="left") - 1
        known = (places >= 0) & (row_of(keys[np.maximum(places, 0)]) == row)
        return self._pool[np.where(known, len(self.base) + places, row)]

    def taken(self, place: NDArray[np.intp], rows: NDArray[np.intp], ends: Ends) -> Values:
        """That of some rows; `place` is the new row of each, -1 for none."""
        values = Values(self.base[rows], ends)
        values.take_of(self, place)
        return values
