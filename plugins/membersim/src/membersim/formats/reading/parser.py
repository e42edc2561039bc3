"""X12 files as columns: every segment put into its loop by the guide, every record's segments side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import HealthSimError, rank_within, rows_by_group, segments

from .guides import Guide, Loop, Segment, begins

BLOCK = 4 << 20  # bytes; blocks end where a transaction set ends
ISA_LENGTH = 106
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
_NEVER = -2
_ADJUSTMENTS = range(3, 19, 3)  # elements of a CAS that are amounts


class Block(segments.Segments):
    """Whole transaction sets of a file, and the headers and trailers around them.

    Args:
        content: The stretch.
        guide: The guide that the file follows.
        element: The element separator.
        terminator: The segment terminator.

    Attributes:
        guide: The guide.
        loop: Number of the loop of each segment in the guide; -1 before the first one.
        kind: Number of each segment in the guide, loop by loop; -1 for one that the guide does not have there.
    """

    def __init__(self, content: bytes, guide: Guide, element: str, terminator: str) -> None:
        super().__init__(
            content.replace(b"\n", b"").replace(b"\r", b"").decode("utf-8", "replace"), element, terminator
        )
        self.guide = guide
        self._words = {word: code for code, word in enumerate(_words(guide))}
        coded = pc.fill_null(pc.index_in(self._values, pa.array(list(self._words), pa.string())), -1)
        self._codes = np.asarray(coded)
        self._by_name = rows_by_group(self._codes[self._offsets[:-1]].astype(np.int16), len(self._words))
        self.loop, self.kind = self._placed()
        self._by_kind = rows_by_group(self.kind.astype(np.int16), len(guide.kinds))

    def _placed(self) -> tuple[Rows, Rows]:
        size = len(self)
        opened = np.full(size, -1)
        for number, loop in enumerate(self.guide.loops):
            opened[self._opening(loop)] = number
        last = np.maximum.accumulate(np.where(opened >= 0, np.arange(size), -1))
        loop_of, kind = np.where(last >= 0, opened[last], -1), np.full(size, -1)
        for number, loop in enumerate(self.guide.loops):
            for segment in loop.segments:
                kind[self._like(segment, number, loop_of)] = self.guide.kinds[loop.name, segment.label]
        return loop_of, kind

    def _opening(self, loop: Loop) -> Rows:
        rows = self._like(loop.segments[0])
        if not loop.below or not len(rows):
            return rows
        return rows[segments.before(rows, self.named(loop.below)) > segments.before(rows, self.named("HL"))]

    def _like(self, segment: Segment, loop: int = -1, loops: Rows | None = None) -> Rows:
        """The segments that a pattern describes, of a loop or of all."""
        rows = self.named(segment.name)
        rows = rows if loops is None else rows[loops[rows] == loop]
        for number, value in segment.constants.items():
            rows = rows[self._begin(rows, number, value) if begins(value) else self.says(rows, number, value)]
        return rows

    def named(self, name: str) -> Rows:
        """The segments of this name, whatever their loop."""
        return self._by_name[self._words[name]] if name in self._words else np.empty(0, np.int64)

    def says(self, rows: Rows, number: int, value: str) -> Mask:
        """Whether an element is one of the guide's words."""
        at = self._offsets[rows] + number
        there = at < self._offsets[rows + 1]
        return np.asarray(there & (self._codes[np.where(there, at, 0)] == self._words.get(value, _NEVER)))

    def _begin(self, rows: Rows, number: int, value: str) -> Mask:
        return np.asarray(pc.fill_null(pc.starts_with(self.element(rows, number), value), False))

    def of(self, loop: str, label: str = "") -> Rows:
        """The segments of a loop that have this label; those that open it, where none is given."""
        return self._by_kind[self.guide.kinds[loop, label or self.guide.opener(loop)]]

    def record(self, name: str) -> dict[str, pa.Array]:
        """Every element of a record's segments, a row a record: `CLM.CLM02`, `2310B NM1.NM103`.

        Where a segment is there more than once, its second one is `CAS[1]` and so on.
        """
        anchors = self.of(name)
        return {
            column: values
            for loop in self.guide.loops
            if loop.record == name
            for segment in loop.segments
            for column, values in self._columns(anchors, loop, segment).items()
        }

    def _columns(self, anchors: Rows, loop: Loop, segment: Segment) -> dict[str, pa.Array]:
        rows = self.of(loop.name, segment.label)
        owner = segments.owners(anchors, rows)
        rows, owner = rows[owner >= 0], owner[owner >= 0]
        rank = rank_within(owner)
        label = segment.label if loop.record == loop.name else f"{loop.name} {segment.label}"
        columns: dict[str, pa.Array] = {}
        for number in range(int(rank.max(initial=-1)) + 1):
            at = np.full(len(anchors), -1)
            at[owner[rank == number]] = rows[rank == number]
            place = f"{label}[{number}]" if number else label
            columns |= {
                f"{place}.{segment.name}{element:02d}": self.element(at, element)
                for element in range(1, self._longest(rows) + 1)
                if element not in segment.silent
            }
        return columns

    def _longest(self, rows: Rows) -> int:
        return int((self._offsets[rows + 1] - self._offsets[rows]).max(initial=1)) - 1

    def adjusted(self, loop: str) -> Rows:
        """Cents of all adjustments (CAS) of each loop of this name."""
        anchors, rows = self.of(loop), self.of(loop, "CAS")
        total = sum(self.cents(rows, element) for element in _ADJUSTMENTS)
        return np.bincount(segments.owners(anchors, rows), total, len(anchors)).round().astype(np.int64)

    def said(self, row: int) -> str:
        """A segment as it stands in the file, but for its terminator."""
        first, end = self._offsets[row : row + 2]
        return "*".join(self._values.slice(first, end - first).to_pylist())


def _words(guide: Guide) -> dict[str, None]:
    """All that a guide's segments say: their names and constants."""
    every = [segment for loop in guide.loops for segment in loop.segments]
    return dict.fromkeys(word for segment in every for word in (segment.name, *segment.constants.values()))


def blocks(path: Path, guide: Guide) -> Iterator[Block]:
    """A file's segments, in blocks of whole transaction sets."""
    with path.open("rb") as file:
        rest = file.read(ISA_LENGTH)
        if len(rest) < ISA_LENGTH or not rest.startswith(b"ISA"):
            raise HealthSimError("it does not begin with an ISA segment: this is no X12", path.name)
        if not rest.isascii():
            raise HealthSimError("its ISA segment has letters that are not ASCII: this is no X12", path.name)
        element, terminator = chr(rest[3]), chr(rest[-1])
        breaks = [f"{terminator}{newline}ST{element}".encode() for newline in ("\n", "\r\n", "")]
        while content := file.read(BLOCK):
            rest += content
            cut = max(rest.rfind(mark) for mark in breaks)
            if cut > 0:
                yield Block(rest[: cut + 1], guide, element, terminator)
                rest = rest[cut + 1 :]
        yield Block(rest.strip(), guide, element, terminator)


def taken(values: pa.Array, at: Rows) -> pa.Array:
    """The values at places; null at places where there is none."""
    return values.take(pa.array(at, mask=(at < 0) | (at >= len(values))))
