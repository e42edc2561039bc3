"""Delimited messages read back: segments and their elements as columns (X12, HL7 v2, NCPDP)."""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.tables import cents

AMOUNT = pa.decimal128(14, 2)
Rows = NDArray[np.int64]


class Segments:
    """A stretch of a file.

    Args:
        content: The stretch, without line breaks that mean nothing.
        element: The element separator, a letter of ASCII.
        terminator: The segment terminator, another one.
    """

    def __init__(self, content: str, element: str, terminator: str) -> None:
        text = content.removesuffix(terminator).encode()
        letters = np.frombuffer(text, np.uint8)
        closes = letters == ord(terminator)
        at = np.flatnonzero(closes | (letters == ord(element)))
        starts = np.concatenate([[0], at - np.arange(len(at)), [len(text) - len(at)]]).astype(np.int32)
        bare = pa.py_buffer(text.translate(None, (element + terminator).encode()))
        self._values = pa.StringArray.from_buffers(len(at) + 1, pa.py_buffer(starts), bare)
        self._offsets = np.concatenate([[0], np.flatnonzero(closes[at]) + 1, [len(at) + 1]])
        self._is_empty = starts[1:] == starts[:-1]

    @functools.cached_property
    def id(self) -> Text:
        """What each segment begins with (rows,): its name, as a rule."""
        return Text.of(self._values.take(pa.array(self._offsets[:-1])))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def lengths(self) -> Rows:
        """How many elements each segment has, its name included."""
        return np.diff(self._offsets)

    def rows(self, name: str, *qualifiers: str) -> Rows:
        """The segments called `name`, those whose first element is one of `qualifiers` where any is given."""
        rows = np.flatnonzero(self.id == name)
        return rows[Text.of(self.element(rows, 1)).isin(qualifiers)] if qualifiers else rows

    def element(self, rows: Rows, number: int) -> pa.Array:
        """An element of segments; null where it is empty, absent, or the row is -1."""
        at = self._offsets[rows] + number
        absent = (rows < 0) | (at >= self._offsets[rows + 1])
        at = np.where(absent, 0, at)
        return self._values.take(pa.array(at, mask=absent | self._is_empty[at]))

    def elements(self, rows: Rows, name: str) -> dict[str, pa.Array]:
        """Every element that any of the segments has, by the standard's names: `NM101`, `NM102` and so on."""
        longest = int((self._offsets[rows + 1] - self._offsets[rows])[rows >= 0].max(initial=1))
        return {f"{name}{number:02d}": self.element(rows, number) for number in range(1, longest)}

    def text(self, rows: Rows, number: int) -> Text:
        """An element as text."""
        return Text.of(self.element(rows, number))

    def whole(self, rows: Rows, number: int) -> NDArray[np.int64]:
        """An element as integers; 0 where there is none."""
        return np.asarray(pc.fill_null(pc.cast(self.element(rows, number), pa.int64()), 0))

    def cents(self, rows: Rows, number: int) -> NDArray[np.int64]:
        """An amount in cents; 0 where there is none."""
        return cents(pc.cast(self.element(rows, number), AMOUNT))

    def number(self, rows: Rows, number: int) -> NDArray[np.float64]:
        """An element as numbers; NaN where there is none."""
        return np.asarray(pc.cast(self.element(rows, number), pa.float64()).to_numpy(zero_copy_only=False))

    def sums(self, rows: Rows, number: int, anchors: Rows) -> NDArray[np.int64]:
        """Cents of an element, summed over the segments below each of `anchors`."""
        below = owners(anchors, rows)
        kept = below >= 0
        return np.bincount(below[kept], self.cents(rows[kept], number), len(anchors)).round().astype(np.int64)


def owners(anchors: Rows, rows: Rows) -> Rows:
    """Index of the last of `anchors` up to each of `rows`; -1 where there is none."""
    return np.searchsorted(anchors, rows, side="right") - 1


def after(anchors: Rows, rows: Rows, stops: Rows | None = None) -> Rows:
    """The first of `rows` between each anchor and the next, or the next of `stops`; -1 where there is none."""
    every = anchors if stops is None else np.union1d(anchors, stops)
    following = np.full(len(every), -1, np.int64)
    below = owners(every, rows)
    kept = below >= 0
    following[below[kept][::-1]] = rows[kept][::-1]
    return following[np.searchsorted(every, anchors)]


def before(anchors: Rows, rows: Rows) -> Rows:
    """The last of `rows` before each anchor; -1 where there is none."""
    at = np.searchsorted(rows, anchors) - 1
    return np.where(at >= 0, np.append(rows, -1)[at], -1)
