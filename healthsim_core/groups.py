"""Rows by group: the rank of each within its group, and the rows in turn by rank."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray


def rank_within(groups: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The rank of each row within its group, from 0.

    Args:
        groups: Int array (rows,), ascending: the group of each row.

    Returns:
        Int64 array (rows,).

    Examples:
        >>> rank_within(np.array([3, 3, 5, 5, 5])).tolist()
        [0, 1, 0, 1, 2]
    """
    return np.arange(len(groups)) - np.searchsorted(groups, groups)


def ranks_of(sizes: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The ranks of the rows of all groups, one group after the other, each from 0.

    Args:
        sizes: Int array (groups,): how many rows each group has, 0 or more.

    Returns:
        Int64 array (rows,).

    Examples:
        >>> ranks_of(np.array([2, 0, 3])).tolist()
        [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(sizes)
    return np.asarray(np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes))


def in_turn(groups: NDArray[np.integer[Any]]) -> list[NDArray[np.intp]]:
    """The rows of rank 0 within their group, those of rank 1, and so on; a group has at most one row in each.

    Args:
        groups: Int array (rows,), in any order: the group of each row.

    Returns:
        Int arrays of rows.
    """
    order = np.argsort(groups, kind="stable")
    rank = rank_within(groups[order])
    by_rank = np.argsort(rank, kind="stable")
    bounds = np.flatnonzero(np.diff(rank[by_rank])) + 1
    return [order[part] for part in np.split(by_rank, bounds)] if len(order) else []


def rows_by_group(groups: NDArray[np.integer[Any]], count: int) -> list[NDArray[np.intp]]:
    """The rows of each group from 0 to `count`, in order; rows of any other group are left out.

    Args:
        groups: Int array (rows,), in any order: the group of each row.
        count: How many groups there are.

    Examples:
        >>> [rows.tolist() for rows in rows_by_group(np.array([1, 0, -1, 1]), 3)]
        [[1], [0, 3], []]
    """
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(count + 1))
    return [order[start:stop] for start, stop in itertools.pairwise(bounds)]
