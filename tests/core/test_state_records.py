"""What is recorded of a person's state, against plain loops: what holds, since when, for how many days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.columns import Columns, Text
from healthsim_core.patterns.timing import DAY, NEVER
from healthsim_core.person_state.ends import Ends
from healthsim_core.person_state.keys import packed
from healthsim_core.person_state.log import Log
from healthsim_core.person_state.records import Bound, Part

PEOPLE = 3
RECORDS = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),  # whose
        st.integers(0, 60),  # day of beginning
        st.integers(0, 4),  # rank
        st.sampled_from([None, 5, 10, 30]),  # days that it lasts
        st.booleans(),  # whether it stops what runs
    ),
    max_size=12,
    unique_by=lambda record: record[:3],
)


def logged(records: list[Any]) -> Log:
    log = Log(PEOPLE, Ends(PEOPLE), lambda _: lambda columns: np.ones(columns.rows, bool))
    for row, day, rank, days, stops in records:
        minute = np.array([day * DAY])
        until = np.array([NEVER if days is None else (day + days) * DAY])
        columns = {
            "name": Text.of(["drug"]), "drug": Text.of([None]), "dose": np.array([1.0]), "until": until,
            "stops": np.array([stops]), "before": False, "known": np.array([True]), "days": np.array([0.0]),
        }  # fmt: skip
        log.add(rank, Part(packed(np.array([row]), minute, rank), Columns(columns, 1)))
    return log


def running(records: list[Any], row: int, day: int, rank: int) -> list[Any]:
    """The records that run at a moment: begun before it, and nothing has stopped them."""
    runs: list[Any] = []
    for record in sorted(records, key=lambda one: one[1:3]):
        if record[0] == row and record[1:3] < (day, rank):
            runs = [] if record[4] else [*runs, record]
    return [one for one in runs if one[3] is None or one[1] + one[3] > day]


def covered(records: list[Any], row: int, day: int, rank: int) -> int:
    """Days before a moment on which something ran."""
    days = set()
    for record in sorted(records, key=lambda one: one[1:3]):
        if record[0] == row and record[1:3] < (day, rank):
            if record[4]:
                days = {one for one in days if one < record[1]}
            else:
                days |= set(range(record[1], day if record[3] is None else record[1] + record[3]))
    return len([one for one in days if one < day])


@settings(deadline=None, max_examples=150)
@given(RECORDS, st.integers(0, 100), st.integers(0, 5))
def test_what_holds_is_what_a_loop_over_the_records_finds(records: list[Any], day: int, rank: int) -> None:
    rows, minute = np.arange(PEOPLE), np.full(PEOPLE, day * DAY)
    assert logged(records).holds("drug", rows, minute, rank).tolist() == [
        bool(running(records, row, day, rank)) for row in range(PEOPLE)
    ]


@settings(deadline=None, max_examples=150)
@given(RECORDS, st.integers(0, 100), st.integers(0, 5))
def test_days_covered_are_days_on_which_something_ran(records: list[Any], day: int, rank: int) -> None:
    rows, minute = np.arange(PEOPLE), np.full(PEOPLE, day * DAY)
    assert logged(records).days_covered("drug", rows, minute, rank).tolist() == [
        covered(records, row, day, rank) for row in range(PEOPLE)
    ]


@settings(deadline=None, max_examples=150)
@given(RECORDS)
def test_intervals_are_the_days_on_which_something_ran(records: list[Any]) -> None:
    held, last = logged(records).intervals("drug"), 150
    for row in range(PEOPLE):
        mine = np.flatnonzero(held.row == row)
        days = [day for at in mine for day in range(held.begin[at] // DAY, min(held.end[at] // DAY, last))]
        assert days == [
            day for day in range(last) if running(records, row, day + 1, -1) or _ends_after(records, row, day)
        ]


def _ends_after(records: list[Any], row: int, day: int) -> bool:
    """Whether something ran on the day and had ended by the next."""
    return bool(running(records, row, day, 99))


def test_what_a_node_made_known_before_is_forgotten_when_it_runs_again() -> None:
    log = logged([(0, 1, 0, None, False)])

    log.begin(0)
    log.finish(0)

    assert not log.holds("drug", np.array([0]), np.array([5 * DAY]), 1)[0]


def test_who_had_read_before_something_was_known_is_told() -> None:
    log = logged([])
    log.holds("drug", np.array([0, 1]), np.array([9 * DAY, 2 * DAY]), 0)
    columns = {"name": Text.of(["drug"]), "drug": Text.of([None]), "dose": np.array([1.0]), "until": np.array([NEVER]),
               "stops": np.array([False]),
               "before": False, "known": np.array([True]), "days": np.array([0.0])}  # fmt: skip

    misled = [
        log.add(row, Part(packed(np.array([row]), np.array([5 * DAY]), 0), Columns(columns, 1))).tolist()
        for row in (0, 1)
    ]

    assert misled == [[0], []]


@pytest.mark.parametrize(("ended", "holds"), [(3, False), (5, True)])
def test_what_hangs_on_a_journey_that_had_ended_never_was(ended: int, holds: bool) -> None:
    ends = Ends(PEOPLE)
    log = Log(PEOPLE, ends, lambda _: lambda columns: np.ones(columns.rows, bool))
    columns = {"name": Text.of(["drug"]), "drug": Text.of([None]), "dose": np.array([1.0]), "until": np.array([NEVER]),
               "stops": np.array([False]),
               "before": False, "known": np.array([True]), "days": np.array([0.0])}  # fmt: skip
    bound = Bound("trial", np.array([0]), np.array([4 * DAY]))
    log.add(1, Part(packed(np.array([0]), np.array([6 * DAY]), 1), Columns(columns, 1), (bound,)))

    ends.end(2, "trial", np.array([0]), np.array([ended * DAY]))
    log.renew()

    assert log.holds("drug", np.array([0]), np.array([9 * DAY]), 0)[0] == holds
