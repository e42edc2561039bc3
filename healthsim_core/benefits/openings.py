"""What opens and ends spans of coverage, in the order in which it counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.covered import RANKS
from healthsim_core.columns import Text, concat

ENROLL, CHANGE, TERMINATE = 0, 1, 2
_NEVER = np.datetime64("NaT", "D")

Days = NDArray[np.datetime64]
Rows = NDArray[np.int64]


@attrs.frozen(eq=False)
class Changes:
    """What befalls coverages, by slot and in the order in which it counts; all columns are (changes,).

    Attributes:
        slot: Whose, and of which rank.
        day: From when it counts.
        known: When the plan learns of it.
        kind: `ENROLL`, `CHANGE` or `TERMINATE`.
        plan: Index of the plan; -1 is the person's own.
        plan_name: The plan that it names; null is the person's own.
        reason: Why, in words; null for none.
    """

    slot: Rows
    day: Days
    known: Days
    kind: Rows
    plan: Rows
    plan_name: Text
    reason: Text

    def __len__(self) -> int:
        return len(self.slot)

    def take(self, index: NDArray[np.intp]) -> Changes:
        """The changes at `index`."""
        return Changes(*(getattr(self, field.name)[index] for field in attrs.fields(Changes)))

    def with_others(self, others: Changes) -> Changes:
        """These, and others after them."""
        columns: Iterator[Any] = (
            concat([getattr(self, field.name), getattr(others, field.name)]) for field in attrs.fields(Changes)
        )
        return Changes(*columns)


def effective(group: Rows, kind: Rows) -> NDArray[np.bool_]:
    """Whether each change does something: one enrolls only who is out, and changes or ends what is there.

    Args:
        group: Whose (changes,), ascending.
        kind: `ENROLL`, `CHANGE` or `TERMINATE`, in the order in which they count.
    """
    if not len(group):
        return np.zeros(0, bool)
    last = np.maximum.accumulate(np.where(kind != CHANGE, np.arange(len(group)), -1))
    before = np.concatenate([[-1], last[:-1]])
    inside = (before >= np.searchsorted(group, group)) & (kind[np.maximum(before, 0)] == ENROLL)
    return np.asarray(np.where(kind == ENROLL, ~inside, inside))


@attrs.frozen(eq=False)
class Openings:
    """The spans that some changes open; all arrays are (spans,).

    Attributes:
        change: The change that opens it.
        next: The change that ends it; -1 while it goes on.
        start: First covered day.
        end: Last covered day; NaT while it goes on, before the start where nothing is left of it.
    """

    change: Rows
    next: Rows
    start: Days
    end: Days

    @classmethod
    def of(cls, changes: Changes, chosen: Rows, birth: Days, group: Rows | None = None) -> Openings:
        """The spans of changes each of which does something.

        Args:
            changes: All changes.
            chosen: Which of them, in order.
            birth: Day of birth by row.
            group: Whose each of the chosen is; None for its slot's.
        """
        group = changes.slot[chosen] if group is None else group
        kind = changes.kind[chosen]
        opens = np.flatnonzero(kind != TERMINATE)
        following = np.minimum(opens + 1, max(len(chosen) - 1, 0))
        ends = (opens + 1 < len(chosen)) & (group[following] == group[opens])
        change, then = chosen[opens], np.where(ends, chosen[following], -1)
        start = np.maximum(changes.day[change], birth[changes.slot[change] // RANKS])
        ended = np.maximum.accumulate(np.where(kind == TERMINATE, np.arange(len(chosen)), -1))[opens]
        before = (ended >= 0) & (group[ended] == group[opens])  # its last day is covered already
        start = np.where(before, np.maximum(start, changes.day[chosen[ended]] + 1), start)
        day = changes.day[then] - (changes.kind[then] != TERMINATE)
        return cls(change, then, start, np.where(ends, day, _NEVER))

    @property
    def there(self) -> NDArray[np.bool_]:
        """Whether each covers some day."""
        return np.isnat(self.end) | (self.end >= self.start)
