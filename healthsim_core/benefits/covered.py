"""Spans of coverage: who is covered from when to when, by which plan, and which pays first."""

from __future__ import annotations

import functools
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.lookup import latest_of

RANKS = 4  # coverages that one person has at once, at most
_NEVER = np.datetime64("NaT", "D")

Days = NDArray[np.datetime64]
Rows = NDArray[np.int64]


def slot_of(row: NDArray[np.integer[Any]], rank: NDArray[np.integer[Any]] | int) -> Rows:
    """A person's place in the order of payment as one number."""
    return np.asarray(row.astype(np.int64) * RANKS + (rank - 1))


@attrs.frozen(eq=False)
class Versions:
    """What was thought of coverages of which plans learned in another order than that in which they count.

    Attributes:
        slot: Whose, `slot_of` (versions,).
        known: Since when it was thought (versions,).
        version: Of each span thought of, the version (spans,).
        span: The span that it is of (spans,).
        start: When it begins, so it was thought.
        end: When it ends; NaT while it goes on.
    """

    slot: Rows
    known: Days
    version: Rows
    span: Rows
    start: Days
    end: Days

    def at(self, slot: Rows, day: Days, known: Days) -> tuple[NDArray[np.bool_], Rows]:
        """Whether it is they who know of each slot, and the span of each day; -1 for none."""
        version = latest_of(self.slot, self.known, slot, known)
        latest = latest_of(self.version, self.start, version, day)
        over = day > np.append(self.end, _NEVER)[latest]
        return np.isin(slot, self.slot), np.where(over | (version < 0), -1, np.append(self.span, -1)[latest])


@attrs.frozen(eq=False, slots=False)
class Coverages:
    """Spans of coverage of a chunk, sorted by person's row, rank and start.

    A span that was taken back before it began (a termination that counts from an earlier day) ends before it starts:
    it covers no day but as far as was known.

    Attributes:
        row: The person's row in the chunk.
        coverage_id: Int64.
        rank: 1 pays first, 2 what it leaves.
        start: First covered day.
        end: Last covered day; NaT while it goes on.
        start_known: Day on which the plan learned of the start.
        end_known: Day on which it learned of the end; NaT while it goes on.
        plan: Index into the run's plans.
        plan_name: The plan as the person or the change names it.
        holder: Row of the person who holds it.
        start_reason: Why it begins, in words.
        end_reason: Why it ends; null while it goes on.
        versions: What was thought of those that plans learned of late.
    """

    row: NDArray[np.intp]
    coverage_id: NDArray[np.int64]
    rank: NDArray[np.int64]
    start: Days
    end: Days
    start_known: Days
    end_known: Days
    plan: NDArray[np.int64]
    plan_name: Text
    holder: NDArray[np.intp]
    start_reason: Text
    end_reason: Text
    versions: Versions | None = None

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: Rows) -> Coverages:
        """Some of the spans, in their order."""
        names = [field.name for field in attrs.fields(Coverages) if field.name != "versions"]
        return Coverages(*(getattr(self, name)[rows] for name in names))

    @functools.cached_property
    def standing(self) -> Rows:
        """Those that cover some day."""
        return np.flatnonzero(np.isnat(self.end) | (self.end >= self.start))

    @functools.cached_property
    def late(self) -> bool:
        """Whether a plan learned of anything after the day from which it counts."""
        begins = bool((self.start_known > self.start).any())
        return self.versions is not None or begins or bool((self.end_known > self.end + 1).any())

    def at(
        self, row: NDArray[np.integer[Any]], day: Days, rank: NDArray[np.int64] | int = 1, known: Days | None = None
    ) -> Rows:
        """The span that covers each person on each day; -1 for none.

        Args:
            row: Rows of people (asked,).
            day: Days (asked,).
            rank: Which of their coverages.
            known: Days (asked,): as far as the plan had learned by then; None for what was so in the end.
        """
        slot = slot_of(row, rank)
        latest = self._latest(self.start, slot, day)
        if known is None:
            return np.where(day > np.append(self.end, _NEVER)[latest], -1, latest)
        latest = np.minimum(latest, self._latest(self.start_known, slot, known))
        ends = np.append(self.end, _NEVER)[latest]
        over = (day > ends) & (np.append(self.end_known, _NEVER)[latest] <= known)
        found = np.where(over, -1, latest)
        if self.versions is None:
            return found
        late, thought = self.versions.at(slot, day, known)
        return np.where(late, thought, found)

    def first(self, row: NDArray[np.integer[Any]], day: Days, known: Days | None = None) -> Rows:
        """The span that pays first for each person on each day, whatever its rank; -1 for none.

        Args:
            row: Rows of people (asked,).
            day: Days (asked,).
            known: As for `at`.
        """
        found = self.at(row, day, 1, known)
        for rank in range(2, int(self.rank.max(initial=1)) + 1):
            left = np.flatnonzero(found < 0)
            found[left] = self.at(row[left], day[left], rank, None if known is None else known[left])
        return found

    def _latest(self, moments: Days, slot: Rows, asked: Days) -> Rows:
        mine = self.standing
        latest = latest_of(self._slot[mine], moments[mine], slot, asked)
        return np.append(mine, -1)[latest]

    @functools.cached_property
    def _slot(self) -> Rows:
        return slot_of(self.row, self.rank)
