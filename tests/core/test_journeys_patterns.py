"""Branches, cycles, protocols, lifecycles, and journeys that follow one another."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import pytest
from clinic import event, journey, run
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import likely, live, nodes

from healthsim_core.errors import SpecificationError
from healthsim_core.spec import JourneySpecification


def fork(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"branches": [{"branch_id": "way", "choices": list(choices), **fields}]}


@given(st.integers(1, 99), st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_exactly_one_exclusive_choice_is_taken_and_as_often_as_its_weight(percent: int, seed: int) -> None:
    a, b = (
        {"choice_id": c, "weight": w, "events": [event(f"in_{c}")]}
        for c, w in (("a", percent / 100), ("b", 1 - percent / 100))
    )
    found = nodes(live(fork(a, b), count=400, seed=seed))
    assert all(("in_a" in each) != ("in_b" in each) for each in found.values())
    assert likely(sum("in_a" in each for each in found.values()), 400, percent / 100)


def test_the_first_condition_that_holds_is_taken_else_the_default() -> None:
    choices = [
        {"choice_id": "old", "when": "age >= 65", "events": [event("o")]},
        {"choice_id": "middle", "when": "age >= 40", "events": [event("m")]},
        {"choice_id": "young", "events": [event("y")]},
    ]
    result = live(fork(*choices))
    found, age = nodes(result), {p["person_id"]: p["age"] for p in result.entities.to_pylist()}
    assert all(
        ("o" if age[p] >= 65 else "m" if age[p] >= 40 else "y") in each and len(each) == 2 for p, each in found.items()
    )


def test_weights_count_among_the_choices_whose_condition_holds() -> None:
    choices = [
        {"choice_id": "a", "weight": 0.5, "when": "age >= 200", "events": [event("a")]},
        {"choice_id": "b", "weight": 0.2, "events": [event("b")]},
        {"choice_id": "c", "weight": 0.3, "events": [event("c")]},
    ]
    found = Counter(row["node"] for row in live(fork(*choices), count=2_000).timeline.to_pylist())
    assert "a" not in found and found["b"] + found["c"] == 2_000 and likely(found["b"], 2_000, 0.4)


def test_choices_that_do_not_exclude_each_other_are_taken_each_by_its_chance() -> None:
    choices = [{"choice_id": c, "probability": p, "events": [event(c)]} for c, p in (("a", 0.3), ("b", 0.6))]
    found = nodes(live(fork(*choices, exclusive=False), count=2_000))
    both = sum({"a", "b"} <= set(each) for each in found.values())
    assert likely(sum("a" in each for each in found.values()), 2_000, 0.3) and likely(both, 2_000, 0.18)


def test_later_events_read_which_way_was_taken() -> None:
    fields = fork({"choice_id": "a", "weight": 0.5, "events": [event("x")]}, {"choice_id": "b", "weight": 0.5})
    fields["events"] = [event("later", delay={"days": 30}, conditions=["branch.way == 'a'"])]
    assert all(("later" in each) == ("x" in each) for each in nodes(live(fields)).values())


def test_a_branch_after_a_repeated_event_is_taken_anew_each_time() -> None:
    choices = [{"choice_id": c, "weight": 0.5, "events": [event(f"in_{c}")]} for c in "ab"]
    fields = {**fork(*choices, depends_on="visit"), "events": [event(repeat={"every": {"days": 30}, "count": 5})]}
    found = nodes(live(fields))
    assert all(each.count("in_a") + each.count("in_b") == 5 for each in found.values())
    assert any(0 < each.count("in_a") < 5 for each in found.values())


@pytest.mark.parametrize(("limit", "expected"), [(75, 3), (5, 10), (1_000, 1)])
def test_a_cycle_ends_when_its_condition_holds(limit: int, expected: int) -> None:
    level = event("set", outcomes={"level": 100})
    falls = event(
        "falls",
        depends_on="set",
        repeat={"every": {"days": 10}, "count": 20, "until": f"level < {limit}"},
        outcomes={"level": {"type": "normal", "mean": "level - 10", "sd": 0}},
    )
    found = nodes(run(None, level, falls, count=5))
    assert {each.count("falls") for each in found.values()} == {expected}


def test_attrition_is_a_chance_before_each_next_one() -> None:
    found = nodes(run(None, event(repeat={"every": {"days": 10}, "count": 4, "attrition": 0.25}), count=3_000))
    times = Counter(len(each) for each in found.values())
    assert likely(times[1], 3_000, 0.25) and likely(times[4], 3_000, 0.75**3)


@pytest.mark.parametrize("start", ["previous", "schedule"])
def test_what_returns_to_the_schedule_does_not_drift(start: str) -> None:
    every = {"days": 30, "window": [-5, 5]}
    result = run(None, event(repeat={"every": every, "count": 11, "from": start}), count=300)
    last = [
        (row["time"].date() - datetime.date(2025, 1, 1)).days
        for row in result.timeline.to_pylist()
        if row["occurrence"] == 10
    ]
    assert (max(abs(day - 300) for day in last) <= 5) == (start == "schedule")


def test_events_of_a_cycle_s_body_read_their_own_round() -> None:
    visit = event(
        "visit", repeat={"every": {"days": 20}, "count": 3}, outcomes={"level": {"type": "uniform", "min": 0, "max": 1}}
    )
    high = event(
        "high", "clinic_visit", depends_on="visit", conditions=["level > 0.5"], parameters={"score": "${outcome.level}"}
    )
    result = run(None, visit, high, count=300)
    scores = result.tables["clinic.visit"]["score"].to_pylist()
    assert min(scores) > 0.5 and len(set(scores)) == len(scores) and likely(len(scores), 900, 0.5)


def test_ids_of_repeats_of_repeats_never_collide() -> None:
    outer = event("outer", repeat={"every": {"days": 3}, "count": 100})
    inner = event("inner", depends_on="outer", repeat={"every": {"minutes": 10}, "count": 100})
    result = run(None, outer, inner, count=3)
    assert len(set(result.timeline["event_id"].to_pylist())) == result.timeline.num_rows == 3 * 10_100


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ([event(repeat={"every": {"hours": 1}})], "at most 1,000"),
        (
            [
                event("a", repeat={"every": {"days": 1}, "count": 300}),
                event("b", depends_on="a", repeat={"every": {"hours": 1}, "count": 999}),
            ],
            "at most 100,000",
        ),
        (
            [event("a", repeat={"every": {"days": 9}}), event("b", "birth", depends_on="a", adds_person="newborn")],
            "follows a repeated event",
        ),
        ([event(depends_on={"journey": "yeer", "event": "x"})], "yeer"),
    ],
)
def test_limits_say_so(made: list[dict], said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        run(None, *made)


VISITS = [
    {
        "visit_id": "dose",
        "event_type": "clinic_visit",
        "day": 1,
        "window": [-2, 2],
        "parameters": {"score": "${arm.dose}"},
    },
    {"visit_id": "check", "event_type": "milestone", "day": 8, "window": [-1, 3], "arms": ["high"]},
]


def test_protocol_visits_lie_in_windows_of_their_planned_days_and_read_their_arm() -> None:
    day_1 = event(
        "random",
        delay={"days": [0, 20]},
        outcomes={"arm": {"type": "categorical", "weights": {"low": 0.5, "high": 0.5}}},
    )
    arms = {"low": {"dose": 5}, "high": {"dose": 10}}
    protocol = {"anchor": "random", "cycle_days": 21, "cycles": 3, "arm": "arm", "arms": arms, "visits": VISITS}
    result = live({"events": [day_1], "protocol": protocol})
    rows = result.timeline.to_pylist()
    start = {row["person_id"]: row["time"].date() for row in rows if row["node"] == "random"}
    checks = [
        (row["time"].date() - start[row["person_id"]]).days - 7 - 21 * (int(row["node"][-1]) - 1)
        for row in rows
        if row["node"].startswith("check")
    ]
    doses = [
        (row["time"].date() - start[row["person_id"]]).days
        for row in rows
        if row["node"] in ("dose-2-low", "dose-2-high")
    ]
    assert set(checks) == {-1, 0, 1, 2, 3} and set(doses) == {19, 20, 21, 22, 23} and len(doses) == 200
    assert set(result.tables["clinic.visit"]["score"].to_pylist()) == {5.0, 10.0}


def test_a_protocol_ends_early_where_its_condition_holds() -> None:
    size = {"type": "normal", "mean": "size + 10", "sd": 0}
    visits = [{"visit_id": "scan", "event_type": "milestone", "day": 1, "outcomes": {"size": size}}]
    protocol = {"anchor": "random", "cycle_days": 21, "cycles": 6, "until": "size > 25", "visits": visits}
    found = nodes(live({"events": [event("random", outcomes={"size": 0})], "protocol": protocol}, count=5))
    assert {len(each) for each in found.values()} == {1 + 3}


def test_a_journey_starts_on_an_event_of_another() -> None:
    first = {"events": [event("found", delay={"days": [10, 90]}, probability=0.5)]}
    second = {
        "journey_id": "care",
        "duration_days": 30,
        "starts_on": {"journey": "year", "event": "found", "delay": {"days": 5}},
        "events": [event("in_time", delay={"days": 20}), event("too_late", delay={"days": 40})],
    }
    result = live(first, second)
    found = {row["person_id"]: row["time"].date() for row in result.timeline.to_pylist() if row["node"] == "found"}
    followed = {
        row["person_id"]: (row["time"].date() - found[row["person_id"]]).days
        for row in result.timeline.to_pylist()
        if row["node"] == "in_time"
    }
    assert followed == dict.fromkeys(found, 25) and "too_late" not in result.timeline["node"].to_pylist()


def test_journeys_that_wait_for_each_other_are_refused() -> None:
    a = {"events": [event("a", depends_on={"journey": "other", "event": "b"})]}
    b = {"journey_id": "other", "events": [event("b", depends_on={"journey": "year", "event": "a"})]}
    with pytest.raises(SpecificationError, match="circle"):
        live(a, b)


def test_an_unknown_journey_s_event_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecificationError, match='Did you mean "found"'):
        live(
            {"events": [event("found")]},
            {"journey_id": "care", "starts_on": {"journey": "year", "event": "fund"}, "events": [event()]},
        )


def test_a_written_trigger_has_delay_chance_and_fan_out() -> None:
    trigger = {
        "event_type": "clinic_visit",
        "delay": {"hours": [2, 4]},
        "fan_out": 3,
        "probability": 0.5,
        "carry": ["reason"],
    }
    result = run(None, event("see", parameters={"reason": "cough"}, triggers=[trigger]), count=400)
    hours = {
        row["time"] - next(o["time"] for o in result.timeline.to_pylist() if o["event_id"] == row["cause_id"])
        for row in result.timeline.to_pylist()[:200]
        if row["event_type"] == "clinic_visit"
    }
    assert likely(result.tables["clinic.visit"].num_rows, 1_200, 0.5) and set(
        result.tables["clinic.visit"]["reason"].to_pylist()
    ) == {"cough"}
    assert all(datetime.timedelta(hours=2) <= each <= datetime.timedelta(hours=4) for each in hours)


def test_two_triggers_of_one_type_are_two_events() -> None:
    twice = [{"event_type": "clinic_visit", "delay": {"days": 1}}, {"event_type": "clinic_visit", "delay": {"days": 2}}]
    result = run(None, event("see", triggers=twice), count=20)
    assert len(set(result.timeline["event_id"].to_pylist())) == result.timeline.num_rows == 100


@given(st.text("abcxyz", min_size=1, max_size=8))
@settings(max_examples=8, deadline=None)
def test_a_journey_elsewhere_leaves_everybody_s_draws_as_they_were(name: str) -> None:
    fields = {
        **fork(*({"choice_id": c, "weight": 0.5, "events": [event(c)]} for c in "ab")),
        "events": [event(delay={"days": [0, 90]}, probability=0.5)],
    }
    alone = live(fields, count=50).timeline.to_pylist()
    among = live(
        fields, {"journey_id": f"other-{name}", "events": [event(name, repeat={"every": {"days": 9}})]}, count=50
    ).timeline.to_pylist()
    assert [row for row in among if row["journey"] == "year"] == alone


def test_an_empty_journey_is_refused() -> None:
    with pytest.raises(SpecificationError, match="at least one event"):
        JourneySpecification.read(journey())


def test_an_until_over_what_a_dependent_event_draws_is_refused() -> None:
    repeat = {"every": {"days": 10}, "count": 5, "until": "level < 3"}
    level = {"level": {"type": "normal", "mean": 5, "sd": 1}}
    with pytest.raises(SpecificationError, match=r'reads "level", which "measured" draws after'):
        live({"events": [event("treated", repeat=repeat), event("measured", depends_on="treated", outcomes=level)]})


def test_an_until_reads_what_an_earlier_event_drew() -> None:
    repeat = {"every": {"days": 10}, "count": 5, "until": "level < 10"}
    drawn = event("measured", outcomes={"level": {"type": "normal", "mean": 5, "sd": 1, "max": 9}})
    found = nodes(live({"events": [drawn, event("treated", depends_on="measured", repeat=repeat)]}))
    assert all(each.count("treated") == 1 for each in found.values())
