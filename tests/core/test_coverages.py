"""Who is covered, from when to when: what befalls coverages, and what a plain loop over days makes of it."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.benefits.covered import Coverages
from healthsim_core.benefits.plans import Plans
from healthsim_core.events import People
from healthsim_core.testing import make_events, make_people, make_run

PLANS = {
    "Wide": {"coverage_type": "Commercial", "default": True, "in": {}},
    "Narrow": {"coverage_type": "Commercial", "in": {}},
    "Old Age": {"coverage_type": "Medicare", "individual": True, "in": {}},
    "State": {"coverage_type": "Medicaid", "individual": True, "in": {}},
}
DAY = np.datetime64("2025-01-01", "D")
TYPES = ("new_enrollment", "plan_change", "termination")


def people_of(rows: int = 1, **columns: object) -> People:
    given = {"plan": "Wide", **columns}
    return make_people(rows, make_run(plans=Plans.of(PLANS, {})), **given)  # type: ignore[arg-type]


def family(**columns: object) -> People:
    ids = np.array([16, 17, 18])
    named = {
        "person_id": ids, "household_id": np.full(3, 16), "subscriber_id": np.full(3, 16),
        "role": ["subscriber", "spouse", "dependent"],
        "birth_date": np.array(["1985-02-03", "1986-05-06", "2015-07-08"], "datetime64[D]"),
    }  # fmt: skip
    return people_of(3, **{**named, **columns})


@attrs.frozen
class Told:
    """An event of coverage: hours after the first of January 2025, and the days until it counts."""

    kind: str
    hour: int
    row: int = 0
    days: int = 0
    rank: int = 1
    plan: str | None = None
    reason: str | None = None

    @property
    def known(self) -> int:
        return self.hour // 24

    @property
    def effective(self) -> int:
        return self.known + self.days


def on(kind: str, day: str, **more: object) -> Told:
    hours = int((np.datetime64(day) - DAY).astype(int)) * 24 + TYPES[::-1].index(kind)  # of one day, an end comes first
    return Told(kind, hours, **more)  # type: ignore[arg-type]


def covered(people: People, *told: Told) -> Coverages:
    told = tuple(sorted(told, key=lambda event: (event.row, event.hour)))
    parameters = {
        "plan": [event.plan for event in told], "reason": [event.reason for event in told],
        "rank": np.array([event.rank for event in told], float),
        "effective_days": np.array([event.days for event in told], float),
    }  # fmt: skip
    hours = [str(DAY.astype("datetime64[s]") + np.timedelta64(event.hour, "h")) for event in told]
    row = [event.row for event in told]
    return make_events([event.kind for event in told], people, row=row, time=hours, parameters=parameters).coverages


def spans(people: People, *told: Told) -> list[tuple[int, int, str, str, str | None]]:
    """Row, rank, first and last day, plan of each span."""
    found = covered(people, *told)
    at = found.standing
    columns = (found.row, found.rank, found.start.astype(str), found.end.astype(str))
    return list(zip(*(column[at].tolist() for column in columns), found.plan_name[at].to_pylist(), strict=True))


def starts(people: People, *told: Told) -> list[tuple[int, str]]:
    return [(row, start) for row, _, start, _, _ in spans(people, *told)]


# What befalls a coverage


def test_who_is_insured_is_covered_from_the_first_of_the_year():
    assert spans(people_of()) == [(0, 1, "2025-01-01", "NaT", "Wide")]


def test_the_uninsured_are_not_whatever_befalls_them():
    people = people_of(coverage_type="uninsured", plan=None)

    assert spans(people, on("new_enrollment", "2025-03-01", plan="Wide")) == []


def test_a_gap_of_a_month_is_one():
    told = on("termination", "2025-04-30"), on("new_enrollment", "2025-06-01")

    assert [span[2:4] for span in spans(people_of(), *told)] == [("2025-01-01", "2025-04-30"), ("2025-06-01", "NaT")]


def test_who_returns_on_the_last_covered_day_is_covered_once_on_it():
    told = on("termination", "2025-04-30"), on("new_enrollment", "2025-04-30")

    assert [span[2:4] for span in spans(people_of(), *told)] == [("2025-01-01", "2025-04-30"), ("2025-05-01", "NaT")]


def test_a_new_plan_counts_from_the_first_of_the_year_for_which_it_was_chosen():
    chosen = on("plan_change", "2025-11-10", days=52, plan="Narrow")

    assert [span[2:] for span in spans(people_of(), chosen)] == [
        ("2025-01-01", "2025-12-31", "Wide"),
        ("2026-01-01", "NaT", "Narrow"),
    ]


def test_a_change_that_counts_from_before_coverage_began_counts_from_its_beginning():
    told = on("plan_change", "2025-01-20", days=-40, plan="Narrow")

    assert [span[2:] for span in spans(people_of(), told)] == [("2025-01-01", "NaT", "Narrow")]


def test_a_termination_may_count_from_an_earlier_day():
    assert spans(people_of(), on("termination", "2025-05-20", days=-20))[0][3] == "2025-04-30"


def test_an_enrollment_may_count_from_an_earlier_day():
    assert starts(people_of(), on("new_enrollment", "2025-03-20", days=-19)) == [(0, "2025-03-01")]


def test_a_spouse_joins_with_the_marriage_and_not_before():
    told = on("new_enrollment", "2025-01-10"), on("new_enrollment", "2025-06-14", row=1, reason="marriage")

    assert starts(family(), *told) == [(0, "2025-01-10"), (1, "2025-06-14"), (2, "2025-01-10")]


def test_a_spouse_joins_the_plan_that_the_subscriber_has_by_then():
    told = (
        on("plan_change", "2025-03-01", plan="Narrow"),
        on("new_enrollment", "2025-06-14", row=1, reason="marriage"),
    )

    assert [span[2:] for span in spans(family(), *told) if span[0] == 1] == [("2025-06-14", "NaT", "Narrow")]


def test_a_spouse_who_returns_for_a_reason_was_there_before():
    told = (
        on("termination", "2025-03-31", row=1),
        on("new_enrollment", "2025-06-14", row=1, reason="loss of coverage"),
    )

    assert [span[2:4] for span in spans(family(), *told) if span[0] == 1] == [
        ("2025-01-01", "2025-03-31"),
        ("2025-06-14", "NaT"),
    ]


def test_a_newborn_is_covered_from_birth_by_the_plan_of_the_day():
    born = np.array(["1985-02-03", "1986-05-06", "2025-08-09"], "datetime64[D]")
    people = family(birth_date=born, start_date=np.array(["2025-01-01", "2025-01-01", "2025-08-09"], "datetime64[D]"))

    found = covered(people, on("plan_change", "2025-03-01", plan="Narrow"))

    mine = found.standing[found.row[found.standing] == 2]
    assert (found.start[mine].astype(str).tolist(), found.plan_name[mine].to_pylist()) == (["2025-08-09"], ["Narrow"])
    assert found.start_reason[mine].to_pylist() == ["birth"]


def test_a_newborn_of_a_family_whose_coverage_has_ended_has_none():
    born = np.array(["1985-02-03", "1986-05-06", "2025-08-09"], "datetime64[D]")

    found = spans(family(birth_date=born), on("termination", "2025-03-31"))

    assert [span[0] for span in found] == [0, 1]


@pytest.mark.parametrize("rank", [1, 2])
def test_death_ends_all(rank):
    people = people_of(death_date=np.array(["2025-09-10"], "datetime64[D]"), coverage_type_2="Medicaid", plan_2="State")

    assert [span[3] for span in spans(people) if span[1] == rank] == ["2025-09-10"]


def test_what_each_member_holds_alone_is_not_the_subscribers_to_end():
    people = family(coverage_type_2="Medicaid", plan_2="State")

    found = spans(people, on("termination", "2025-05-31", rank=2), on("termination", "2025-06-30"))

    assert [span[:2] + span[3:4] for span in found] == [
        (0, 1, "2025-06-30"), (0, 2, "2025-05-31"), (1, 1, "2025-06-30"), (1, 2, "NaT"), (2, 1, "2025-06-30"),
        (2, 2, "NaT"),
    ]  # fmt: skip


def test_a_second_coverage_may_begin_by_an_event_that_names_its_plan():
    found = spans(people_of(), on("new_enrollment", "2025-04-01", rank=2, plan="State"))

    assert found == [(0, 1, "2025-01-01", "NaT", "Wide"), (0, 2, "2025-04-01", "NaT", "State")]


def test_a_second_coverage_pays_first_once_the_first_has_ended():
    found = covered(people_of(coverage_type_2="Medicaid", plan_2="State"), on("termination", "2025-05-31"))

    first = found.first(np.zeros(2, int), np.array(["2025-05-31", "2025-06-01"], "datetime64[D]"))

    assert found.plan_name[first].to_pylist() == ["Wide", "State"]


def test_a_plan_of_another_type_than_the_persons_changes_nothing():
    assert spans(people_of(), on("plan_change", "2025-04-01", plan="State")) == [(0, 1, "2025-01-01", "NaT", "Wide")]


def test_who_holds_a_coverage_is_the_subscriber_or_who_holds_it_alone():
    found = covered(family(coverage_type_2="Medicaid", plan_2="State"))

    assert list(zip(found.rank.tolist(), found.holder.tolist(), strict=True)) == [
        (1, 0), (2, 0), (1, 0), (2, 1), (1, 0), (2, 2),
    ]  # fmt: skip


# What a plan knows


def test_until_a_plan_learns_of_the_end_it_covers():
    found = covered(people_of(), on("termination", "2025-05-20", days=-20))

    asked = np.array(["2025-05-10", "2025-05-10"], "datetime64[D]")
    known = np.array(["2025-05-19", "2025-05-20"], "datetime64[D]")
    assert found.at(np.zeros(2, int), asked, known=known).tolist() == [0, -1]


def test_until_a_plan_learns_of_the_beginning_it_does_not():
    found = covered(people_of(), on("new_enrollment", "2025-03-20", days=-19))

    asked = np.array(["2025-03-10", "2025-03-10"], "datetime64[D]")
    known = np.array(["2025-03-10", "2025-03-20"], "datetime64[D]")
    assert found.at(np.zeros(2, int), asked, known=known).tolist() == [-1, 0]


def test_what_is_taken_back_before_it_began_was_thought_of_until_then():
    told = on("plan_change", "2025-03-01", plan="Narrow"), on("termination", "2025-05-01", days=-90)
    found, day = covered(people_of(), *told), np.array(["2025-04-11"], "datetime64[D]")

    then = found.at(np.zeros(1, int), day, known=day)

    assert found.plan_name[then].to_pylist() == ["Narrow"]
    assert found.at(np.zeros(1, int), day).tolist() == [-1]
    assert found.end_reason[then].to_pylist() == ["taken back"]


# A plain loop over days

LAST = 110
EVENT = st.builds(
    Told,
    kind=st.sampled_from(TYPES),
    hour=st.integers(24 * 26, 24 * 80),  # whatever counts earlier counts within the year
    row=st.integers(0, 2),
    days=st.sampled_from([0, 0, -25, -10, -3, 3, 10, 25]),
    rank=st.sampled_from([1, 1, 2]),
    plan=st.sampled_from([None, "Narrow", "State"]),
    reason=st.sampled_from([None, None, "marriage"]),
)


def befalls(told: tuple[Told, ...], row: int, rank: int) -> list[Told]:
    """The events of one of the family's coverages in the order in which they count, the subscriber's among them."""
    alone = rank == 2  # held alone: Medicaid
    own = [event for event in told if event.row == row and event.rank == rank]
    joined = [event.effective for event in own if event.kind == TYPES[0] and event.reason and row and not alone]
    shared = [event for event in told if event.row == 0 != row and event.rank == rank and not alone]
    if joined and min(joined) <= min(event.effective for event in own):
        shared = [event for event in shared if event.effective > min(joined)]
    mine = {"State"} if alone else {"Narrow"}
    return sorted(
        (event for event in [*own, *shared] if event.kind != TYPES[1] or event.plan in {None, *mine}),
        key=lambda event: (event.effective, event.hour, TYPES.index(event.kind)),
    )


def kind_of(plan: str | None) -> object:
    return PLANS[plan]["coverage_type"] if plan else None


def day_by_day(
    told: list[Told], own: str, all_along: bool, holder: dict[int, tuple[str, bool]]
) -> dict[int, tuple[str, bool]]:
    """The plan of each covered day, and whether an event named it; who is enrolled has the holder's, where one did."""

    def joined(day: int) -> tuple[str, bool]:
        theirs = holder.get(day, (own, False))
        return (theirs[0], False) if theirs[1] else (own, False)

    plan, found = (joined(0) if all_along else None), dict[int, tuple[str, bool]]()
    for day in range(LAST):
        today, ended = plan, False
        for event in (event for event in told if event.effective == day):
            is_named = kind_of(event.plan) == kind_of(own)
            if event.kind == "termination" and plan:
                plan, ended = None, True
            elif event.kind == "plan_change" and plan:
                plan = (str(event.plan), True) if is_named else (own, False)
                today = today if ended else plan
            elif event.kind == "new_enrollment" and not plan:
                plan = (str(event.plan), True) if is_named else joined(day + ended)
                today = today if ended else plan
        if today:
            found[day] = today
    return found


def lived(told: tuple[Told, ...], row: int, rank: int, known: int | None = None) -> dict[int, tuple[str, bool]]:
    own, heard = {1: "Wide", 2: "State"}[rank], befalls(told, row, rank)
    all_along = not heard or heard[0].kind != "new_enrollment"
    if known is not None:
        heard = [event for event in heard if event.known <= known]
    return day_by_day(heard, own, all_along, lived(told, 0, rank) if row and rank == 1 else {})


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENT, max_size=7, unique_by=lambda event: (event.row, event.hour)))
def test_a_day_is_covered_as_a_plain_loop_over_what_befell_the_person_says(told):
    found = covered(family(coverage_type_2="Medicaid", plan_2="State"), *told)
    asked = DAY + np.arange(LAST)

    for row in range(3):
        for rank in (1, 2):
            at = found.at(np.full(LAST, row), asked, rank=rank)
            days = {day: span for day, span in enumerate(at.tolist()) if span >= 0}
            assert set(days) == set(lived(tuple(told), row, rank))


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENT, max_size=7, unique_by=lambda event: (event.row, event.hour)))
def test_the_plan_of_each_day_is_the_one_that_the_loop_says(told):
    found = covered(family(coverage_type_2="Medicaid", plan_2="State"), *told)

    for row in range(3):
        at = found.at(np.full(LAST, row), DAY + np.arange(LAST))
        plans = {day: found.plan_name[[span]].to_pylist()[0] for day, span in enumerate(at.tolist()) if span >= 0}
        assert plans == {day: plan for day, (plan, _) in lived(tuple(told), row, 1).items()}


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENT, max_size=7, unique_by=lambda event: (event.row, event.hour)), st.integers(0, LAST - 1))
def test_what_a_plan_thinks_on_a_day_is_what_the_loop_says_of_what_it_has_heard(told, known):
    found = covered(people_of(3), *told)
    asked = DAY + np.arange(known + 1)

    at = found.at(np.zeros(known + 1, int), asked, known=np.full(known + 1, DAY + known))

    plans = {day: found.plan_name[[span]].to_pylist()[0] for day, span in enumerate(at.tolist()) if span >= 0}
    thought = lived(tuple(event for event in told if event.row == 0), 0, 1, known)
    assert plans == {day: plan for day, (plan, _) in thought.items() if day <= known}


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENT, max_size=7, unique_by=lambda event: (event.row, event.hour)))
def test_no_two_spans_of_one_rank_cover_a_day(told):
    found = covered(family(coverage_type_2="Medicaid", plan_2="State"), *told)
    at = found.standing

    end = np.where(np.isnat(found.end), DAY + 10_000, found.end)[at]
    slot = found.row[at] * 4 + found.rank[at]
    same = slot[1:] == slot[:-1]
    assert (end[:-1] < found.start[at][1:])[same].all()
    assert len(np.unique(found.coverage_id)) == len(found)
