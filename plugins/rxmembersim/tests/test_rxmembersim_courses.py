"""What becomes of a prescription: first fill, refills, gaps, and what goes wrong."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rxmembersim import courses
from rxmembersim.facts import document

from healthsim_core import SpecificationError, generate
from healthsim_core.testing import make_events, make_people

LONG_AGO = "2024-01-02T09:00:00"


def prescriptions(count=400, days_supply=30, refills=5, ndc="00378395177", drug_class="statin", people=None, **more):
    people = people if people is not None else make_people(count)
    parameters = {
        "ndc": ndc,
        "drug_class": drug_class,
        "days_supply": float(days_supply),
        "quantity": 30.0,
        "refills": float(refills),
    }
    return make_events(
        "new_rx", people, **{"row": range(count), "time": [LONG_AGO] * count, "parameters": parameters, **more}
    )


def attempts(schedule):
    """(day, fill number, circumstance, gap) of each prescription's attempts, by prescription."""
    parameters = schedule.parameters
    numbers, gaps = parameters["fill_number"].tolist(), parameters["gap_days"].tolist()
    columns = (schedule.days.tolist(), numbers, parameters["circumstance"].to_pylist(), gaps)
    found = {}
    for row, *attempt in zip(schedule.row.tolist(), *columns, strict=True):
        found.setdefault(row, []).append(tuple(attempt))
    return found


def taken(schedule):
    """The days on which each prescription's fills are taken home."""
    fills = {}
    for row, tried in attempts(schedule).items():
        last = {}
        for day, number, circumstance, _ in tried:
            if circumstance is None:
                last[number] = day  # an attempt that is too soon is followed by one that is not
        fills[row] = [last[number] for number in sorted(last)]
    return fills


def test_every_prescription_is_tried_within_two_days():
    first = attempts(courses.first_fills(prescriptions()))

    assert set(range(400)) == set(first)
    assert all(0 <= tried[0][0] <= 2 for tried in first.values())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 30), st.sampled_from((7, 14, 30, 90)))
def test_refills_count_up_never_beyond_what_is_authorized(refills, days_supply):
    schedule = courses.refills(prescriptions(60, days_supply, refills))

    for tried in attempts(schedule).values():
        numbers = [number for _, number, _, _ in tried]
        assert sorted(numbers) == numbers
        assert set(range(1, int(numbers[-1]) + 1)) == set(numbers)
        assert numbers[-1] <= refills
        assert len(tried) <= 64


def test_a_refill_is_taken_when_most_of_the_supply_is_used_up():
    early = document("adherence")["pick_up_early"]["share_of_supply"]

    for days in taken(courses.refills(prescriptions())).values():
        assert all(later - earlier >= 30 * (1 - early) for earlier, later in pairwise(days))


def test_no_prescription_is_refilled_after_a_year():
    schedule = courses.refills(prescriptions(days_supply=90, refills=11))

    assert schedule.days.max() < 365


def test_a_gap_is_the_time_without_the_drug():
    for tried in attempts(courses.refills(prescriptions(refills=8))).values():
        # the last attempt of each
        home = {number: (day, gap) for day, number, circumstance, gap in tried if circumstance is None}
        for (earlier, _), (later, gap) in pairwise(home.values()):
            assert gap == max(later - earlier - 30, 0)


def test_an_abandoned_prescription_has_no_refills():
    events = prescriptions(3_000)
    first, later = attempts(courses.first_fills(events)), attempts(courses.refills(events))
    abandoned = {row for row, tried in first.items() if tried[-1][2] == courses.UNCOLLECTED}
    share = document("adherence")["abandoned_first_fill"]["by_tier"]["1"]

    assert not abandoned & set(later)
    assert abs(len(abandoned) - 3_000 * share) < 5 * np.sqrt(3_000 * share * (1 - share))


def test_what_nobody_comes_for_is_reversed_within_two_weeks_and_nothing_else_is():
    parameters = {
        "circumstance": [None, "not picked up", "card misread", "not picked up"],
        "return_days": np.array([9.0, 7.0, 0.0, 14.0]),
    }
    fills = make_events("refill", make_people(4), row=range(4), time=[LONG_AGO] * 4, parameters=parameters)
    schedule = courses.reversals(fills)

    assert list(zip(schedule.row.tolist(), schedule.days.tolist(), strict=True)) == [(1, 7), (3, 14)]


def test_an_uncollected_refill_is_tried_again_under_its_number():
    returned = 0
    for tried in attempts(courses.refills(prescriptions(2_000))).values():
        for (_, number, circumstance, _), (_, following, again, _) in pairwise(tried):
            if circumstance == courses.UNCOLLECTED:
                returned += 1
                assert (number, None) == (following, again)
    assert returned


def test_a_gap_worth_reporting_ends_on_the_day_of_the_refill():
    parameters = {"gap_days": np.array([14.0, 15.0, 60.0])}
    fills = make_events("refill", make_people(3), row=range(3), time=[LONG_AGO] * 3, parameters=parameters)
    schedule = courses.gaps(fills)

    assert list(zip(schedule.row.tolist(), schedule.days.tolist(), strict=True)) == [(1, 0), (2, 0)]


def test_people_keep_up_with_statins_better_than_with_bisphosphonates():
    def years_days(ndc, drug_class):
        days = taken(courses.refills(prescriptions(1_500, 30, 11, ndc, drug_class))).values()
        return np.mean([len(one) for one in days])

    assert years_days("00378395177", "statin") > years_days("00093517144", "bisphosphonate") + 1


def test_a_person_keeps_one_adherence_over_prescriptions():
    events = prescriptions(1_000, refills=6)
    own = courses._own_share(events)
    again = courses._own_share(prescriptions(1_000, refills=6, id=np.arange(1_000) + 9_000_000))

    assert own.std() > 0.05
    assert (own == again).all()


def test_the_shares_of_days_that_people_mean_to_cover_have_the_mean_of_their_class():
    stated = document("adherence")["mean_days_covered"]["statin"]["share"]
    shares = courses._own_share(prescriptions(20_000))

    assert stated == pytest.approx(shares.mean(), abs=0.01)
    assert (
        document("adherence")["range"]["least"] < shares.min() < shares.max() < document("adherence")["range"]["most"]
    )


def test_the_uninsured_need_no_authorization_and_show_no_card():
    people = make_people(2_000, coverage_type="uninsured", plan=None)
    tried = attempts(
        courses.first_fills(prescriptions(2_000, 28, 3, "00002143480", "glp1_agonist", people=people))
    ).values()

    assert {circumstance for one in tried for _, _, circumstance, _ in one} == {None, courses.UNCOLLECTED}


def test_a_prior_authorization_that_is_missing_comes_days_later_or_never():
    tried = attempts(courses.first_fills(prescriptions(2_000, 28, 3, "00002143480", "glp1_agonist"))).values()
    waiting = [one for one in tried if courses.UNAUTHORIZED in [circumstance for _, _, circumstance, _ in one]]
    granted = [one for one in waiting if one[-1][2] != courses.UNAUTHORIZED]

    assert 0 < len(granted) < len(waiting) < 2_000
    assert all(one[-1][0] > next(day for day, _, why, _ in one if why == courses.UNAUTHORIZED) for one in granted)


def test_the_next_prescription_of_the_same_kind_ends_the_refills_of_the_one_before():
    people = make_people(100)
    row, time = np.repeat(np.arange(100), 2), ["2024-01-02T09:00:00", "2024-04-01T09:00:00"] * 100
    events = prescriptions(100, refills=11, people=people, row=row, time=time)
    schedule = courses.refills(events)

    assert schedule.days[schedule.row % 2 == 0].max() < 90
    assert schedule.days[schedule.row % 2 == 1].max() > 90


def test_a_prescriptions_course_is_its_own_whoever_else_is_in_the_batch():
    alone, among = prescriptions(50), prescriptions(400)
    mine, ours = attempts(courses.refills(alone)), attempts(courses.refills(among))

    assert mine == {row: tried for row, tried in ours.items() if row < 50}


def test_no_prescriptions_have_no_fills():
    nothing = prescriptions(0)

    assert [
        len(make(nothing).row) for make in (courses.first_fills, courses.refills, courses.reversals, courses.gaps)
    ] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("circumstance", "card misreed", 'Did you mean "card misread"?'),
        ("fill_number", -3, '"fill_number" is -3'),
        ("gap_days", -1, '"gap_days" is -1'),
        ("return_days", -1, '"return_days" is -1'),
    ],
)
def test_what_a_pharmacy_never_meets_is_refused(name: str, value: object, said: str) -> None:
    fill = {
        "event_id": "fill",
        "event_type": "fill",
        "parameters": {"ndc": "00088221905", "days_supply": 30, "quantity": 15, name: value},
    }
    journey = {"journey_id": "j", "duration_days": 30, "events": [fill]}
    with pytest.raises(SpecificationError, match=f"events.0..parameters.{name}") as refused:
        generate(profile={"id": "p"}, journey=journey, count=2, products=["rxmembersim"])
    assert said in str(refused.value)
