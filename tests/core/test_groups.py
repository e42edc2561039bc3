"""The rank of rows within their groups, as counting one by one gives it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import in_turn, rank_within, ranks_of, rows_by_group

GROUPS = st.lists(st.integers(-3, 3), max_size=30)


def counted(groups: list[int]) -> list[int]:
    return [groups[:row].count(group) for row, group in enumerate(groups)]


@given(GROUPS)
def test_a_row_has_as_many_of_its_group_before_it_as_its_rank(groups):
    groups.sort()
    assert rank_within(np.array(groups, np.int64)).tolist() == counted(groups)


@given(st.lists(st.integers(0, 4), max_size=10))
def test_sizes_give_the_ranks_of_all_groups(sizes):
    assert ranks_of(np.array(sizes, np.int64)).tolist() == [rank for size in sizes for rank in range(size)]


@given(GROUPS)
def test_rows_come_in_turn_by_their_rank(groups):
    turns = in_turn(np.array(groups, np.int64))
    ranks = dict(enumerate(counted(groups)))
    assert [sorted(rows.tolist()) for rows in turns] == [
        [row for row, rank in ranks.items() if rank == turn] for turn in range(max(ranks.values(), default=-1) + 1)
    ]


@given(GROUPS)
def test_rows_of_one_turn_stand_in_the_order_of_their_groups(groups):
    for rows in in_turn(np.array(groups, np.int64)):
        assert [groups[row] for row in rows] == sorted(groups[row] for row in rows)


@given(st.lists(st.integers(-1, 5), max_size=12))
def test_rows_by_group_are_those_of_each_group_in_order(groups):
    expected = [[row for row, group in enumerate(groups) if group == each] for each in range(5)]
    assert [rows.tolist() for rows in rows_by_group(np.array(groups, np.int64), 5)] == expected
