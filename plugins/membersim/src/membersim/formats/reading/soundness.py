"""What must hold in every X12 file by itself: each segment in its place, counts, control numbers,
check digits of NPIs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import HealthSimError

from .guides import Guide
from .parser import Block, Rows


class Soundness:
    """What is wrong in a file, block by block.

    Args:
        guide: The guide that it follows.

    Attributes:
        guide: The guide.
        problems: What was found so far, a line each.
    """

    def __init__(self, guide: Guide) -> None:
        self.problems: list[str] = []
        self.guide, self._sets, self._closed, self._last = guide, 0, 0, -1
        self._controls = (pa.array([], pa.string()),) * 2
        numbers = {loop.name: number for number, loop in enumerate(guide.loops)}
        # the last row: nothing, before the first segment
        self._may_follow = np.zeros((len(numbers) + 1, len(numbers) + 1), bool)
        for number, loop in enumerate(guide.loops):
            self._may_follow[[numbers[name] for name in loop.after] or [-1], number] = True

    def report(self, what: str, wrong: Iterable[object]) -> None:
        """Note what is wrong, with the first of it as an example."""
        findings = list(wrong)
        if findings:
            self.problems.append(f"{self.guide.file}: {what} ({len(findings):,}, such as {findings[0]})")

    def check(self, block: Block) -> None:
        """Check a block.

        Raises:
            HealthSimError: A segment is not in its place, so that nobody can say what the others mean.
        """
        self._check_places(block)
        self._check_sets(block)
        self._check_trailers(block)
        self.report("an NPI fails its check digit", _false_npis(block))

    def _check_places(self, block: Block) -> None:
        strange = np.flatnonzero(block.kind < 0)
        self._refuse("a segment that its loop does not have", block, strange)
        opens = np.zeros(len(block), bool)
        for loop in self.guide.loops:
            opens[block.of(loop.name)] = True
        before = np.append(self._last, block.loop[:-1])
        repeats = np.array([segment.repeats for loop in self.guide.loops for segment in loop.segments])
        earlier = np.append(False, np.diff(block.kind) < ~repeats[block.kind[1:]])
        astray = np.where(opens, ~self._may_follow[before, block.loop], earlier)
        self._refuse("a segment out of order, or there twice", block, np.flatnonzero(astray))
        self._last = int(block.loop[-1])

    def _refuse(self, what: str, block: Block, rows: Rows) -> None:
        if len(rows):
            loop = self.guide.loops[block.loop[rows[0]]].name if block.loop[rows[0]] >= 0 else "no loop"
            raise HealthSimError(f"{what} ({len(rows):,}, such as {block.said(rows[0])} in {loop})", self.guide.file)

    def _check_sets(self, block: Block) -> None:
        starts, ends = block.of("ST"), block.of("SE")
        if len(starts) != len(ends):
            raise HealthSimError("the last transaction set has no SE", self.guide.file)
        number = block.element(starts, 2)
        expected = pc.utf8_lpad(spelled(self._sets + 1 + np.arange(len(starts))), 4, "0")
        self._sets += len(starts)
        self.report("ST02 does not count the transaction sets", others(number, expected))
        self.report("SE02 is not ST02", others(block.element(ends, 2), number))
        self.report("SE01 is not the number of segments", others(block.element(ends, 1), spelled(ends - starts + 1)))

    def _check_trailers(self, block: Block) -> None:
        if len(heads := block.of("ISA", "GS")):
            self._controls = block.element(heads, 6), block.element(block.of("ISA"), 13)
        groups, ends = block.of("GE"), block.of("GE", "IEA")
        self._closed += len(ends)
        if not len(groups):
            return
        counted = spelled(np.full(len(groups), self._sets))
        self.report("GE01 is not the number of transaction sets", others(block.element(groups, 1), counted))
        self.report("GE02 is not GS06", others(block.element(groups, 2), self._controls[0]))
        self.report("IEA02 is not ISA13", others(block.element(ends, 2), self._controls[1]))

    def finish(self) -> list[str]:
        """Check what can be known only at the end; all that was wrong."""
        if self._closed != 1:
            self.report("no GE and IEA at the end", [f"{self._closed} IEA"])
        return self.problems


def spelled(numbers: Rows, none: int = -1) -> pa.Array:
    """Whole numbers in digits; null for `none`."""
    return pa.array(numbers, pa.int64(), mask=numbers == none).cast(pa.string())


def others(values: pa.Array, expected: pa.Array) -> list[str | None]:
    """The values that are not the expected ones; all, where there are not as many."""
    if len(values) != len(expected):
        return [*values.to_pylist()] or [None]
    same = pc.or_(pc.fill_null(pc.equal(values, expected), False), pc.and_(pc.is_null(values), pc.is_null(expected)))
    return [*values.filter(pc.invert(same)).to_pylist()]


def _false_npis(block: Block) -> list[str]:
    """NPIs of those who are named with one that fail the Luhn check (with prefix 80840, whose digits add 24)."""
    named = [(block.named(name), qualifier) for name, qualifier in (("NM1", 8), ("N1", 3))]
    said = [block.element(rows[block.says(rows, qualifier, "XX")], qualifier + 1) for rows, qualifier in named]
    npi = pc.unique(pc.fill_null(pa.concat_arrays(said), ""))
    formed = pc.match_substring_regex(npi, "^[0-9]{10}$")
    whole = npi.filter(formed)
    digits = np.frombuffer("".join(whole.to_pylist()).encode(), np.uint8).reshape(-1, 10).astype(np.int64) - ord("0")
    doubled = 2 * digits[:, ::2]
    total = 24 + digits[:, 1::2].sum(1) + (doubled // 10 + doubled % 10).sum(1)
    return [*npi.filter(pc.invert(formed)).to_pylist(), *whole.filter(pa.array(total % 10 != 0)).to_pylist()]
