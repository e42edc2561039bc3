"""What values were, by person and time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, concat
from healthsim_core.patterns.timing import Minutes

_BITS = 40  # of a packed word that hold the minute: more than a million years of them
_MIDDLE = 1 << (_BITS - 1)


class History:
    """What a value was, by person and time."""

    def __init__(self, base: Column) -> None:
        self._base = base
        self._parts: list[tuple[NDArray[np.int64], Column]] = []
        self._unsorted = False

    def add(self, row: NDArray[np.intp], minute: Minutes, values: Column) -> None:
        """Values drawn for rows at moments."""
        self._parts.append((_packed(row, minute), values))
        self._unsorted = True

    def at(self, row: NDArray[np.intp], minute: Minutes) -> Column:
        """The latest value of each row at or before each moment; before the first, what it was from the start."""
        if not self._parts:
            return self._base[row]
        keys, values = self._sorted()
        if not len(keys):
            return self._base[row]
        places = np.searchsorted(keys, _packed(row, minute), side="right") - 1
        known = (places >= 0) & ((keys[np.maximum(places, 0)] >> _BITS) == row)
        return concat([self._base, values])[np.where(known, len(self._base) + places, row)]

    def _sorted(self) -> tuple[NDArray[np.int64], Column]:
        """All of it by person and time, of equal ones the latest last; what has been sorted stays so."""
        if self._unsorted:
            keys, values = (concat(list(pieces)) for pieces in zip(*self._parts, strict=True))
            order = np.argsort(np.asarray(keys), kind="stable")
            self._parts, self._unsorted = [(np.asarray(keys)[order], values[order])], False
        return self._parts[0]


def _packed(row: NDArray[np.intp], minute: Minutes) -> NDArray[np.int64]:
    return (np.asarray(row, np.int64) << _BITS) + np.asarray(minute, np.int64) + _MIDDLE
