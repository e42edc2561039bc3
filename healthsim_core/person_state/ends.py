"""When journeys end before their time."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.patterns.timing import NEVER, Minutes
from healthsim_core.person_state.keys import mixed, packed, within_of


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

    def of(self, journey: str) -> Minutes | None:
        """When a journey ends: int array (positions,), the greatest int64 where nothing ends it; None for never."""
        ends = [(row, minute) for ended, row, minute in self._by_node.values() if ended == journey and len(row)]
        if not ends:
            return None
        earliest = np.full(self.rows, NEVER)
        for row, minute in ends:
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
