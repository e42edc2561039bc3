"""What a journey says happens: to whom, when, how often, and because of what."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest
from clinic import adults, catalog, event, journey, run
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.errors import SpecificationError, UnknownNameError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.spec import JourneySpecification

START = datetime.datetime(2025, 1, 1)


def happened(result, node: str) -> list[dict]:
    return [row for row in result.timeline.to_pylist() if row["node"] == node]


def days(result, node: str) -> list[int]:
    return [(row["time"].date() - START.date()).days for row in happened(result, node)]


@given(low=st.integers(0, 100), width=st.integers(0, 60), distribution=st.sampled_from(["uniform", "normal"]))
@settings(max_examples=25, deadline=None)
def test_delays_stay_within_their_bounds(low: int, width: int, distribution: str) -> None:
    delay = {"days": [low, low + width], "distribution": distribution}
    found = days(run(None, event(delay=delay), count=50), "visit")
    assert len(found) == 50 and min(found) >= low and max(found) <= low + width


def test_every_day_of_a_uniform_window_is_hit() -> None:
    assert set(days(run(None, event(delay={"days": [3, 9]}), count=500), "visit")) == set(range(3, 10))


def test_a_window_widens_a_fixed_delay() -> None:
    found = days(run(None, event(delay={"days": 90, "window": [-7, 7]}), count=400), "visit")
    assert min(found) >= 83 and max(found) <= 97 and len(set(found)) > 10


def test_months_are_exact() -> None:
    result = run(None, event(delay={"months": 1}), count=5, start="2025-01-31")
    assert {row["time"].date() for row in happened(result, "visit")} == {datetime.date(2025, 2, 28)}


def test_a_delay_runs_from_what_the_event_depends_on() -> None:
    result = run(None, event("first", delay={"days": [0, 30]}), event("second", depends_on="first", delay={"days": 10}))
    first = {row["person_id"]: row["time"].date() for row in happened(result, "first")}
    assert all((row["time"].date() - first[row["person_id"]]).days == 10 for row in happened(result, "second"))


def test_what_depends_on_something_that_did_not_happen_does_not_happen() -> None:
    result = run(
        None, event("first", probability=0.5), event("second", depends_on="first", delay={"days": 1}), count=300
    )
    assert {row["person_id"] for row in happened(result, "second")} == {
        row["person_id"] for row in happened(result, "first")
    }
    assert 0 < len(happened(result, "first")) < 300


def test_probability_is_respected() -> None:
    assert (
        abs(len(happened(run(None, event(probability=0.3), count=10_000), "visit")) - 3_000)
        < 5 * (10_000 * 0.21) ** 0.5
    )


def test_other_events_leave_an_event_s_draws_alone() -> None:
    alone = happened(run(None, event(delay={"days": [0, 90]}, probability=0.5)), "visit")
    other = event("other", delay={"days": [0, 90]}, probability=0.5)
    among = happened(run(None, other, event(delay={"days": [0, 90]}, probability=0.5), event("third")), "visit")
    assert among == alone


def test_a_repeated_event_comes_as_often_as_it_says() -> None:
    result = run(None, event(repeat={"every": {"days": 30}, "count": 4}), count=10)
    assert Counter(row["person_id"] for row in happened(result, "visit")) == dict.fromkeys(
        result.entities["person_id"].to_pylist(), 4
    )


def test_a_repeated_event_without_count_fills_the_journey_and_no_more() -> None:
    result = run(
        None, event(repeat={"every": {"days": 30}}), count=10, start="2025-01-01", fields={"duration_days": 100}
    )
    assert sorted(set(days(result, "visit"))) == [0, 30, 60, 90]


def test_the_journey_s_duration_is_enforced() -> None:
    assert happened(run(None, event(delay={"days": 200}), fields={"duration_days": 100}), "visit") == []


def test_nothing_happens_after_as_of() -> None:
    result = run(None, event(delay={"days": [0, 300]}), start="2025-06-01", as_of="2025-09-01", count=300)
    assert 0 < len(happened(result, "visit")) < 300
    assert max(row["time"] for row in happened(result, "visit")) < datetime.datetime(2025, 9, 2)


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("eq", 40, lambda age: age == 40),
        ("ne", 40, lambda age: age != 40),
        ("gt", 40, lambda age: age > 40),
        ("gte", 40, lambda age: age >= 40),
        ("lt", 40, lambda age: age < 40),
        ("lte", 40, lambda age: age <= 40),
        ("in", [40, 50], lambda age: age in (40, 50)),
        ("not_in", [40, 50], lambda age: age not in (40, 50)),
    ],
)
def test_conditions_in_structured_form(operator: str, value: object, holds) -> None:
    result = run(None, event(conditions=[{"field": "age", "operator": operator, "value": value}]), count=400)
    expected = [p["person_id"] for p in result.entities.to_pylist() if holds(p["age"])]
    assert [row["person_id"] for row in happened(result, "visit")] == expected


def test_contains_asks_for_a_word() -> None:
    profile = adults(clinical={"primary_condition": {"code": "E11", "prevalence": 0.5}})
    result = run(profile, event(conditions=[{"field": "conditions", "operator": "contains", "value": "E11"}]))
    assert [r["person_id"] for r in happened(result, "visit")] == [
        p["person_id"] for p in result.entities.to_pylist() if p["conditions"]
    ]


def test_a_comparison_with_null_is_false() -> None:
    profile = adults(clinical={"primary_condition": {"code": "I10", "prevalence": 0.5, "severity": "severe"}})
    assert happened(run(profile, event(conditions=["severity != 'severe'"])), "visit") == []


def test_outcomes_are_read_by_later_events() -> None:
    drawn = event("test", outcomes={"level": {"type": "uniform", "min": 0, "max": 10}})
    treat = event(
        "treat", "clinic_visit", depends_on="test", conditions=["level > 8"], parameters={"score": "${outcome.level}"}
    )
    visits = run(None, drawn, treat, count=1_000).tables["clinic.visit"]["score"].to_pylist()
    assert 100 < len(visits) < 300 and min(visits) > 8


def test_a_repeated_outcome_reads_the_one_before() -> None:
    start = event("start", outcomes={"level": {"type": "normal", "mean": 100, "sd": 0}})
    falls = event(
        "falls",
        "clinic_visit",
        depends_on="start",
        repeat={"every": {"days": 30}, "count": 3},
        outcomes={"level": {"type": "normal", "mean": "level - 10", "sd": 0}},
        parameters={"score": "${outcome.level}"},
    )
    assert run(None, start, falls, count=1).tables["clinic.visit"]["score"].to_pylist() == [90.0, 80.0, 70.0]


def test_parameters_may_refer_to_the_person() -> None:
    result = run(None, event("see", "clinic_visit", parameters={"reason": "${entity.sex}", "score": "${entity.age}"}))
    people = {p["person_id"]: (p["sex"], float(p["age"])) for p in result.entities.to_pylist()}
    assert all((v["reason"], v["score"]) == people[v["person_id"]] for v in result.tables["clinic.visit"].to_pylist())


@pytest.mark.parametrize(
    "parameters",
    [
        {"skill_ref": "clinic-care", "severity": "${entity.severity}"},
        {
            "skill_ref": {
                "skill": "clinic-care",
                "lookup": "clinic_visit",
                "context": {"severity": "${entity.severity}"},
            }
        },
    ],
)
def test_both_forms_of_skill_reference_resolve(parameters: dict) -> None:
    profile = adults(
        clinical={
            "primary_condition": {
                "code": "I10",
                "severity": {"type": "categorical", "weights": {"mild": 0.5, "severe": 0.5}},
            }
        }
    )
    found = set(
        run(profile, event("see", "clinic_visit", parameters=parameters)).tables["clinic.visit"]["reason"].to_pylist()
    )
    assert found == {"for mild", "for severe"}


def test_event_types_are_matched_without_regard_to_case() -> None:
    assert set(run(None, event("see", "Clinic_VISIT")).timeline["event_type"].to_pylist()) == {
        "clinic_visit",
        "clinic_bill",
    }


def test_a_trigger_s_event_follows_within_its_delay_and_carries_its_values() -> None:
    result = run(None, event("see", "clinic_visit", parameters={"reason": "cough"}), count=300)
    visits = {row["event_id"]: row["time"].date() for row in happened(result, "see")}
    bills = [row for row in result.timeline.to_pylist() if row["event_type"] == "clinic_bill"]
    assert {(row["time"].date() - visits[row["cause_id"]]).days for row in bills} == {2, 3, 4}
    assert set(result.tables["clinic.bill"]["reason"].to_pylist()) == {"cough"}


def test_a_trigger_s_condition_reads_the_person_and_the_causing_event() -> None:
    profile = {"demographics": {"age": {"type": "uniform", "min": 20, "max": 80}}, "attributes": {"payer": "us"}}
    condition = "age >= 50 and payer == 'us' and reason == 'cough' and score is None"
    caused = {"event_type": "milestone", "condition": condition}
    result = run(profile, event("see", "clinic_visit", parameters={"reason": "cough"}, triggers=[caused]), count=300)
    old = {row["person_id"] for row in result.entities.to_pylist() if row["birth_date"].year <= 1974}
    followed = {row["person_id"] for row in result.timeline.to_pylist() if row["event_type"] == "milestone"}
    assert old <= followed and 0 < len(followed) < 300


def test_the_record_of_a_triggered_event_names_its_ancestor() -> None:
    result = run(None, event("see", "clinic_visit"), count=50)
    assert result.tables["clinic.bill"]["visit_id"].to_pylist() == result.tables["clinic.visit"]["visit_id"].to_pylist()


def test_an_end_cancels_what_comes_later_in_its_journey() -> None:
    result = run(
        None,
        event("leave", delay={"days": [50, 100]}, probability=0.5, ends="journey"),
        event("visit", repeat={"every": {"days": 10}, "count": 20}),
    )
    left = {row["person_id"]: row["time"] for row in happened(result, "leave")}
    assert left and all(
        row["time"] <= left.get(row["person_id"], datetime.datetime.max) for row in happened(result, "visit")
    )


def test_death_ends_everything_and_is_on_the_person() -> None:
    result = run(
        None,
        event("dies", "death", delay={"days": 100}, probability=0.5),
        event("see", "clinic_visit", delay={"days": [0, 200]}),
    )
    died = {p["person_id"]: p["death_date"] for p in result.entities.to_pylist() if p["death_date"]}
    assert died and all(
        row["time"].date() <= died[row["person_id"]] for row in result.timeline.to_pylist() if row["person_id"] in died
    )


def test_a_birth_adds_a_person_to_the_household() -> None:
    profile = {"id": "couple", "members": [{"role": "subscriber", "sex": "F", "age": 30}]}
    born = event("birth", "birth", delay={"days": 100}, adds_person="newborn")
    checked = event("check", "clinic_visit", depends_on="birth", delay={"days": 2}, subject="newborn")
    result = run(profile, born, checked, count=20)
    newborns = [p for p in result.entities.to_pylist() if p["role"] == "newborn"]
    assert len(newborns) == 20 and {p["birth_date"] for p in newborns} == {datetime.date(2025, 4, 11)}
    assert result.tables["clinic.visit"]["person_id"].to_pylist() == [p["person_id"] for p in newborns]


def test_nobody_is_born_where_no_birth_happens() -> None:
    profile = {"id": "one", "members": [{"role": "subscriber", "sex": "F", "age": 30}]}
    result = run(profile, event("birth", "birth", probability=0.5, adds_person="newborn"), count=200)
    assert len(happened(result, "birth")) == sum(p["role"] == "newborn" for p in result.entities.to_pylist())


def test_the_timeline_is_sorted_by_person_and_time() -> None:
    result = run(
        None,
        event("b", delay={"days": [0, 300]}),
        event("a", delay={"days": [0, 300]}),
        event("c", "clinic_visit", delay={"days": [0, 90]}),
    )
    order = [(row["person_id"], row["time"]) for row in result.timeline.to_pylist()]
    assert order == sorted(order)


def test_several_journeys_run_on_one_person() -> None:
    other = {**journey(event("b")), "journey_id": "other"}
    result = ProfileJourneyOrchestrator(adults(), [journey(event("a")), other], count=5, catalog=catalog()).execute()
    assert Counter(result.timeline["journey"].to_pylist()) == {"year": 5, "other": 5}


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([event(depends_on="vist"), event("visit2")], 'no event is called "vist"'),
        ([event("a", depends_on="b"), event("b", depends_on="a")], "circle: a -> b -> a"),
        ([event(), event()], "there twice"),
        ([event(probability=1.5)], "1.5 is above 1"),
        ([event(delay={"days": -1})], "cannot come before"),
        ([event(delay={"days": 1, "weeks": 1})], "exactly one of"),
    ],
)
def test_a_journey_that_cannot_be_is_an_error_when_it_is_read(events: list[dict], said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        JourneySpecification.read(journey(*events))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (event("see", "clinic_vist"), 'Did you mean "clinic_visit"'),
        (event(conditions=["agee > 3"]), 'Did you mean "age"'),
        (event("see", "clinic_visit", parameters={"reazon": "x"}), 'Did you mean "reason"'),
        (event("see", "clinic_visit", parameters={"reason": "${entity.sx}"}), 'Did you mean "sex"'),
        (event("see", "clinic_visit", parameters={"skill_ref": "clinic-car"}), 'Did you mean "clinic-care"'),
        (
            event("see", "clinic_visit", parameters={"skill_ref": {"skill": "clinic-care", "lookup": "visit"}}),
            "no lookup",
        ),
        (event("see", "clinic_visit", parameters={"skill_ref": "clinic-care"}), 'needs "severity"'),
        (event(conditions=["__import__('os')"]), "not allowed"),
    ],
)
def test_what_cannot_be_resolved_is_an_error_when_the_plan_is_compiled(made: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        run(None, made)


def test_a_planted_error_fails_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    from healthsim_core.draws import Draws

    honest = Draws.happens
    monkeypatch.setattr(Draws, "happens", lambda self, name, probability: honest(self, name, probability + 0.03))
    report = run(None, event(probability=0.5), count=20_000).validation
    assert [check.what for check in report.failures] == ["probability"]


def test_an_unknown_member_is_an_error_that_names_the_roles() -> None:
    profile = {
        "id": "one",
        "members": [{"role": "subscriber"}],
        "journeys": [{"inline": journey(event()), "member": "spouse"}],
    }
    with pytest.raises(UnknownNameError, match="subscriber"):
        ProfileJourneyOrchestrator(profile, catalog=catalog()).execute()


def test_an_outcome_drawn_from_a_changing_value_reads_it_as_it_is_at_that_moment() -> None:
    level = {"type": "uniform", "min": 0, "max": 100}
    visit = event("visit", "clinic_visit", repeat={"every": {"days": 30}, "count": 3}, outcomes={"level": level},
                  parameters={"score": "${outcome.level}"})  # fmt: skip
    copy = event("copy", "clinic_visit", depends_on="visit",
                 outcomes={"seen": {"type": "normal", "mean": "level", "sd": 0}},
                 parameters={"score": "${outcome.seen}"})  # fmt: skip
    scores = Counter(row["score"] for row in run(None, visit, copy, count=50).tables["clinic.visit"].to_pylist())
    assert len(scores) == 50 * 3 and set(scores.values()) == {2}
