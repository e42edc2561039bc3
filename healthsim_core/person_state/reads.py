"""What was read, kept until lives are over: whoever read something else than what is known then lives again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.patterns.timing import Minutes


@attrs.frozen(eq=False)
class Read:
    """What was read of a name, of some rows at some moments.

    Attributes:
        name: What was read.
        row: Int array (rows,).
        minute: Int array (rows,): as of when.
        rank: The rank of what read it.
        value: Column (rows,): what it was then.
    """

    name: str
    row: NDArray[np.intp]
    minute: Minutes
    rank: int
    value: Column


class Reads:
    """All that was read of something."""

    def __init__(self) -> None:
        self._reads: list[Read] = []

    def note(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int, value: Any) -> Any:
        """Keep what was read, and give it back."""
        self._reads.append(Read(name, row, minute, rank, value))
        return value

    def stale(
        self, some: NDArray[np.bool_], again: Callable[[str, NDArray[np.intp], Minutes, int], Any]
    ) -> Iterator[NDArray[np.intp]]:
        """Rows, among some, that read something else than what is known now.

        Args:
            some: Boolean array (positions,): who is looked at.
            again: Reads a name of rows as of moments and a rank.
        """
        for read in self._reads:
            at = np.flatnonzero(some[read.row])
            if len(at):
                row = read.row[at]
                yield row[differing(read.value[at], again(read.name, row, read.minute[at], read.rank))]


def differing(one: Column, other: Column) -> NDArray[np.bool_]:
    """Where two columns hold different values; null is like null."""
    if isinstance(one, Text) or isinstance(other, Text):
        assert isinstance(one, Text) and isinstance(other, Text)
        return np.asarray(~(np.asarray(one == other) | (one.is_null() & other.is_null())))
    nulls = (one != one) & (other != other)  # NaN and NaT
    return np.asarray((one != other) & ~nulls)
