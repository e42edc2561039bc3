"""Rows that belong to other rows: all of a key, the first of a group, the latest of an owner up to a moment.

A row of a key that no two rows share is what `text.positions` gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.groups import ranks_of

Rows = NDArray[np.int64]
Owners = NDArray[np.integer[Any]]
Moments = NDArray[Any]
_MOST = 2**62


def matches(keys: Owners, wanted: Owners) -> tuple[Rows, Rows]:
    """Every pair of one of `wanted` and a row of `keys` that has it: those of the first wanted first, in order.

    Args:
        keys: Int array (rows,), in any order; many rows may have the same key.
        wanted: Int array (asked,).

    Returns:
        Int64 arrays (pairs,): which of `wanted`, and which row of `keys`.

    Examples:
        >>> which, row = matches(np.array([7, 5, 7]), np.array([7, 8, 5]))
        >>> which.tolist(), row.tolist()
        ([0, 0, 2], [0, 2, 1])
    """
    order = np.argsort(keys, kind="stable")
    low, high = (np.searchsorted(keys[order], wanted, side=side) for side in ("left", "right"))
    sizes = high - low
    return np.repeat(np.arange(len(wanted)), sizes), order[np.repeat(low, sizes) + ranks_of(sizes)]


def first_of(groups: Owners, count: int) -> Rows:
    """The first row of each group from 0 to `count`; -1 for a group without rows.

    Examples:
        >>> first_of(np.array([2, 0, 2]), 3).tolist()
        [1, -1, 0]
    """
    first = np.full(count, -1, np.int64)
    group, row = np.unique(groups, return_index=True)
    first[group] = row
    return first


def latest_of(owners: Owners, moments: Moments, asked_owners: Owners, asked_moments: Moments) -> Rows:
    """For each asked owner and moment, the owner's latest row up to and at that moment; -1 for none.

    Args:
        owners: Int array (rows,), in any order: whose each row is.
        moments: Dates, times or ints (rows,), none of them missing; of equal ones the last row counts as the latest.
        asked_owners: Int array (asked,).
        asked_moments: As `moments` (asked,); a date is its midnight where the other is a time, NaT before everything.

    Examples:
        >>> days = np.array(["2026-01-05", "2026-03-01", "2026-02-01"], "datetime64[D]")
        >>> asked = np.array(["2026-02-10", "2026-01-01"], "datetime64[D]")
        >>> latest_of(np.array([1, 1, 2]), days, np.array([1, 2]), asked).tolist()
        [0, -1]
    """
    return _neighbours(owners, moments, asked_owners, asked_moments, 0)


def next_of(owners: Owners, moments: Moments, asked_owners: Owners, asked_moments: Moments) -> Rows:
    """For each asked owner and moment, the owner's first row after that moment; -1 for none.

    Args:
        owners: Int array (rows,), in any order: whose each row is.
        moments: Dates, times or ints (rows,), none of them missing; of equal ones the first row is the next.
        asked_owners: Int array (asked,).
        asked_moments: As `moments` (asked,); a date is its midnight where the other is a time, NaT before everything.

    Examples:
        >>> next_of(np.array([1, 1]), np.array([10, 20]), np.array([1, 1, 2]), np.array([10, 20, 5])).tolist()
        [1, -1, -1]
    """
    return _neighbours(owners, moments, asked_owners, asked_moments, 1)


def _neighbours(owners: Owners, moments: Moments, asked_owners: Owners, asked_moments: Moments, step: int) -> Rows:
    """The rows just before (step 0) or after (step 1) where what is asked would stand in order of owner and moment."""
    if not len(owners) or not len(asked_owners):
        return np.full(len(asked_owners), -1, np.int64)
    unit = np.result_type(moments, asked_moments)
    when, asked_when = (np.asarray(times).astype(unit).astype(np.int64) for times in (moments, asked_moments))
    first, last = int(when.min()), int(when.max())
    span = last - first + 2
    who, whose = _small(owners, asked_owners, _MOST // span)
    key = who * span + (when - first + 1)
    order = np.argsort(key, kind="stable")
    at = (
        np.searchsorted(key[order], whose * span + (np.clip(asked_when, first - 1, last) - first + 1), side="right")
        + step
        - 1
    )
    row = order[np.clip(at, 0, len(order) - 1)]
    return np.where((at >= 0) & (at < len(order)) & (owners[row] == asked_owners), row, -1)


def _small(owners: Owners, asked: Owners, most: int) -> tuple[Rows, Rows]:
    """Owners as numbers up to `most`; one who owns nothing may get another's, and is told apart in the end."""
    if max(int(owners.max()), int(asked.max())) > most:
        known = np.unique(owners)
        return np.searchsorted(known, owners), np.searchsorted(known, asked)
    return owners.astype(np.int64), asked.astype(np.int64)
