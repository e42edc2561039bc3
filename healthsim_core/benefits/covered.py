"""Spans of coverage: who is covered from when to when, by which plan, and which pays first."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text

Days = NDArray[np.datetime64]


@attrs.frozen(eq=False)
class Coverages:
    """Spans of coverage of a chunk, sorted by person's row, rank and start.

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

    def __len__(self) -> int:
        return len(self.row)
