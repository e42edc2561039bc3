"""Whose events are looked at more closely: enough to see any error that matters,
at a cost that does not grow with them."""

from __future__ import annotations

import zlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from healthsim_core.households.household import POSITIONS

BLOCK = 8_192  # households
WHOLE = 1  # blocks at the beginning of which every event counts, and
PEOPLE_WHOLE = 16  # every person; from there on
ONE_IN = 8  # blocks one, another one for each path
Rows: TypeAlias = NDArray[np.intp] | slice


def sampled(path: str, person_id: NDArray[np.int64], whole: int = WHOLE) -> Rows | None:
    """The rows to look at: a function of the path and of each person alone, so that chunks do not matter.

    Args:
        path: What is looked at.
        person_id: Int array (rows,).
        whole: Blocks at the beginning of which every row counts.

    Returns:
        All rows, some of them, or None for none.
    """
    if not len(person_id):
        return None
    first, last = (_block(int(edge)) for edge in (person_id.min(), person_id.max()))
    chosen = _chosen(path, first, last, whole)
    if len(chosen) == last - first + 1:
        return slice(None)
    return np.flatnonzero(np.isin(_block(person_id), chosen)) if chosen else None


def among(path: str, person_id: NDArray[np.int64], row: NDArray[np.intp], whole: int = WHOLE) -> Rows | None:
    """As `sampled`, of rows that name the person by their place in `person_id`."""
    looked = sampled(path, person_id, whole)
    if looked is None or isinstance(looked, slice):
        return looked
    is_looked_at = np.zeros(len(person_id), bool)
    is_looked_at[looked] = True
    return np.flatnonzero(is_looked_at[row])


def all_or_none(path: str, start: int, stop: int) -> bool | None:
    """Whether the rows of the units start to stop are looked at; None where some are and others not."""
    first, last = start // BLOCK, (stop - 1) // BLOCK
    chosen = _chosen(path, first, last)
    return None if 0 < len(chosen) <= last - first else bool(chosen)


def looked_at(path: str, start: int, stop: int, whole: int = WHOLE) -> list[tuple[int, int]]:
    """The ranges of units between start and stop that are looked at, those side by side as one."""
    ranges: list[tuple[int, int]] = []
    for block in _chosen(path, start // BLOCK, (stop - 1) // BLOCK, whole):
        first, last = max(start, block * BLOCK), min(stop, (block + 1) * BLOCK)
        if ranges and ranges[-1][1] == first:
            first = ranges.pop()[0]
        ranges.append((first, last))
    return ranges


def person_ids(start: int, stop: int) -> tuple[int, int]:
    """The least person id of the units start to stop, and one past the greatest."""
    return (start + 1) * POSITIONS, (stop + 1) * POSITIONS


def _chosen(path: str, first: int, last: int, whole: int = WHOLE) -> list[int]:
    offset = zlib.crc32(path.encode())
    return [block for block in range(first, last + 1) if block < whole or (block + offset) % ONE_IN == 0]


def _block(person_id: Any) -> Any:
    return (person_id // POSITIONS - 1) // BLOCK
