"""Whose events are looked at more closely: enough to see any error that matters, at a cost that does not grow with them."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 8_192  # households
WHOLE = 1  # blocks at the beginning of which everybody counts; from there on
ONE_IN = 8  # blocks one, another one for each path
_POSITIONS = 16


def sampled(path: str, person_id: NDArray[np.int64]) -> NDArray[np.intp] | slice | None:
    """The rows to look at: a function of the path and of each person alone, so that chunks do not matter.

    Args:
        path: What is looked at.
        person_id: Int array (rows,).

    Returns:
        All rows, some of them, or None for none.
    """
    if not len(person_id):
        return None
    first, last = (_block(int(edge)) for edge in (person_id.min(), person_id.max()))
    chosen = _chosen(path, first, last)
    if len(chosen) == last - first + 1:
        return slice(None)
    return np.flatnonzero(np.isin(_block(person_id), chosen)) if chosen else None


def all_or_none(path: str, start: int, stop: int) -> bool | None:
    """Whether the rows of the units start to stop are looked at; None where some are and others not."""
    first, last = start // BLOCK, (stop - 1) // BLOCK
    chosen = _chosen(path, first, last)
    return None if 0 < len(chosen) <= last - first else bool(chosen)


def _chosen(path: str, first: int, last: int) -> list[int]:
    offset = zlib.crc32(path.encode())
    return [block for block in range(first, last + 1) if block < WHOLE or (block + offset) % ONE_IN == 0]


def _block(person_id: Any) -> Any:
    return (person_id // _POSITIONS - 1) // BLOCK
