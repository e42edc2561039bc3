"""Rows that belong to other rows, beside the same asked row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import first_of, latest_of, matches, next_of

IDS = 2**60  # as large as ids of people are
OWNED = st.lists(st.tuples(st.sampled_from([0, 1, 2, IDS]), st.integers(-50, 50)), max_size=12)


def columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([pair[0] for pair in pairs], np.int64), np.array([pair[1] for pair in pairs], np.int64)


@given(OWNED, OWNED)
def test_the_latest_row_is_the_owner_s_last_up_to_the_moment(rows, asked):
    ranked = sorted(range(len(rows)), key=lambda row: (rows[row][1], row))
    expected = [
        next((row for row in reversed(ranked) if rows[row][0] == owner and rows[row][1] <= moment), -1)
        for owner, moment in asked
    ]
    assert latest_of(*columns(rows), *columns(asked)).tolist() == expected


@given(OWNED, OWNED)
def test_the_next_row_is_the_owner_s_first_after_the_moment(rows, asked):
    ranked = sorted(range(len(rows)), key=lambda row: (rows[row][1], row))
    expected = [
        next((row for row in ranked if rows[row][0] == owner and rows[row][1] > moment), -1) for owner, moment in asked
    ]
    assert next_of(*columns(rows), *columns(asked)).tolist() == expected


def test_a_date_is_its_midnight_beside_a_time():
    noon = np.array(["2026-03-01T12:00:00"], "datetime64[s]")
    days = np.array(["2026-03-01", "2026-03-02"], "datetime64[D]")
    assert latest_of(np.array([4]), noon, np.array([4, 4]), days).tolist() == [-1, 0]


def test_nothing_is_before_a_moment_that_is_missing():
    day = np.array(["2026-03-01"], "datetime64[D]")
    assert latest_of(np.array([4]), day, np.array([4]), np.array(["NaT"], "datetime64[D]")).tolist() == [-1]


@given(st.lists(st.integers(0, 4), max_size=10), st.lists(st.integers(0, 5), max_size=6))
def test_matches_are_all_pairs_of_equal_keys(keys, wanted):
    which, row = matches(np.array(keys, np.int64), np.array(wanted, np.int64))
    expected = [(i, j) for i, key in enumerate(wanted) for j, other in enumerate(keys) if key == other]
    assert list(zip(which.tolist(), row.tolist(), strict=True)) == expected


@given(st.lists(st.integers(0, 4), max_size=10))
def test_the_first_row_of_a_group_is_where_it_stands_first(groups):
    expected = [groups.index(group) if group in groups else -1 for group in range(5)]
    assert first_of(np.array(groups, np.int64), 5).tolist() == expected
