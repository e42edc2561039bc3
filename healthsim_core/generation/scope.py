"""Names as the rows of one node see them: own values, what happened so far, the person's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text, concat
from healthsim_core.generation.timing import Minutes

if TYPE_CHECKING:
    from healthsim_core.generation.timeline import Timeline

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
        found = np.searchsorted(keys, _packed(row, minute), side="right") - 1
        known = (found >= 0) & ((keys[np.maximum(found, 0)] >> _BITS) == row)
        return concat([self._base, values])[np.where(known, len(self._base) + found, row)]

    def _sorted(self) -> tuple[NDArray[np.int64], Column]:
        """All of it by person and time, of equal ones the latest last; what has been sorted stays so."""
        if self._unsorted:
            keys, values = (concat(list(each)) for each in zip(*self._parts, strict=True))
            order = np.argsort(np.asarray(keys), kind="stable")
            self._parts, self._unsorted = [(np.asarray(keys)[order], values[order])], False
        return self._parts[0]


def _packed(row: NDArray[np.intp], minute: Minutes) -> NDArray[np.int64]:
    return (np.asarray(row, np.int64) << _BITS) + np.asarray(minute, np.int64) + _MIDDLE


@attrs.frozen(eq=False)
class Scope(Mapping[str, Any]):
    """Names as the rows of one node see them.

    Attributes:
        state: The timeline so far.
        rows: Int array: the person's row of each.
        parameters: The node's own parameters, or, where `plain`, the causing event's.
        journey: The journey, whose branches and states are read.
        minute: Int array: the moment of each, for values that change over time.
        own: Values that the node has just drawn.
        plain: Whether parameters are read by their plain names.
    """

    state: Timeline
    rows: NDArray[np.intp]
    parameters: Mapping[str, Any]
    journey: str = ""
    minute: Minutes | None = None
    own: Mapping[str, Column] = attrs.field(factory=dict)
    plain: bool = False

    def __getitem__(self, name: str) -> Any:
        if name.startswith("parameters."):
            given = name.removeprefix("parameters.")
            return self.parameters[given] if given in self.parameters else np.full(len(self.rows), np.nan)  # not given
        key = name.removeprefix("outcome.")
        if self.plain and (name in self.parameters or not self._of_person(name, key)):
            return self.parameters[name]
        if key in self.own:
            return self.own[key]
        if key.startswith(("branch.", "state.")):
            key = f"{self.journey}/{key}"
        if key in self.state.history and self.minute is not None:
            return self.state.history[key].at(self.rows, self.minute)
        return self.state.latest(key)[self.rows]

    def _of_person(self, name: str, key: str) -> bool:
        return name != key or key.startswith(("branch.", "state.")) or key in self.state.people or key in self.state.outcomes

    def __iter__(self) -> Iterator[str]:
        return iter((*self.state.people, *self.state.outcomes))

    def __len__(self) -> int:
        return len(self.state.people) + len(self.state.outcomes)


def nothing(kind: Any, rows: int) -> Column:
    """A column of nulls: text where `kind` is."""
    return Text.constant(None, rows) if kind else np.full(rows, np.nan)
