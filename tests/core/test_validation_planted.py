"""Errors planted in what is made fail the report at 100,000 people, each under its own path; the honest twin passes."""

from __future__ import annotations

import copy
import functools
from typing import Any

import pytest
from clinic import catalog, journey
from honest import validated

from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import make_request
from healthsim_core.validation.report import ValidationReport

COUNT = 100_000
NORMAL = {"type": "normal", "mean": 28.0, "sd": 5.0}
PEOPLE: dict[str, Any] = {
    "id": "planted",
    "generation": {"as_of": "2026-01-01", "start": {"between": ["2024-01-01", "2024-12-31"]}},
    "demographics": {
        "age": {"type": "normal", "mean": 50.0, "sd": 12.0, "min": 18, "max": 90},
        "sex": {"type": "categorical", "weights": {"F": 0.5, "M": 0.5}},
        "geography": {"counties": {"06073": 0.6, "48201": 0.4}},
    },
    "coverage": {"plan_distribution": {"HMO": 0.5, "PPO": 0.5}},
    "clinical": {
        "conditions": [
            {
                "code": "I10",
                "prevalence": 0.40,
                "severity": {"type": "categorical", "weights": {"mild": 0.7, "severe": 0.3}},
            },
            {"code": "M17", "prevalence": {"0-49": 0.05, "50+": 0.20}},
        ]
    },
    "attributes": {
        "bmi": NORMAL,
        "waist": {"type": "normal", "mean": 90.0, "sd": 10.0},
        "ldl": {"type": "log_normal", "mean": 110.0, "sd": 35.0},
        "sodium": {"type": "normal", "mean": 140.0, "sd": 4.0, "min": 135, "max": 145},
        "hemoglobin": {
            "type": "conditional",
            "rules": [{"if": "sex == 'F'", "then": {"type": "normal", "mean": 13.5, "sd": 1.0}}],
            "default": {"type": "normal", "mean": 15.0, "sd": 1.0},
        },
        "glucose": {"type": "normal", "mean": "80 + 0.4 * age", "sd": 9.0},
        "visits": {"type": "poisson", "mean": 3.0},
        "drinks": {
            "type": "zero_inflated",
            "probability": 0.3,
            "distribution": {"type": "gamma", "mean": 6.0, "sd": 4.0},
        },
        "stay": {"type": "exponential", "mean": 4.0},
        "last_seen": {"type": "date", "around": "start_date", "days": {"type": "uniform", "min": -100, "max": -10}},
        "double": {"type": "derived", "expression": "2 * age"},
        "height": {"type": "normal", "mean": 170.0, "sd": 9.0},
        "weight": {"type": "normal", "mean": 80.0, "sd": 12.0},
        "grade": {"type": "categorical", "weights": {"low": 0.5, "middle": 0.3, "high": 0.2}},
    },
    "correlate": [
        {"attributes": ["height", "weight", "grade"], "matrix": [[1.0, 0.5, 0.2], [0.5, 1.0, 0.3], [0.2, 0.3, 1.0]]}
    ],
}
WRONG_PEOPLE: list[tuple[str, Any, str, str]] = [
    ("demographics.age.mean", 51.0, "demographics.age", "ages: mean"),
    ("demographics.sex.weights", {"F": 0.51, "M": 0.49}, "demographics.sex", "share of F"),
    ("demographics.geography.counties", {"06073": 0.61, "48201": 0.39}, "demographics.geography", "share of 06073"),
    ("generation.start.between", ["2024-01-01", "2024-12-25"], "start", "start dates: mean"),
    ("coverage.plan_distribution", {"HMO": 0.51, "PPO": 0.49}, "coverage.plan", "share of HMO"),
    ("clinical.conditions.0.prevalence", 0.41, "clinical.conditions[0]", "prevalence of I10"),
    (
        "clinical.conditions.0.severity.weights",
        {"mild": 0.68, "severe": 0.32},
        "clinical.conditions[0].severity",
        "share of mild",
    ),
    (
        "clinical.conditions.1.prevalence",
        {"0-49": 0.06, "50+": 0.20},
        "clinical.conditions[1]",
        "prevalence of M17 at 0-49",
    ),
    ("attributes.bmi.mean", 28.0 * 1.02, "attributes.bmi", "values: mean"),
    ("attributes.waist.sd", 10.3, "attributes.waist", "values: spread"),
    ("attributes.ldl.mean", 110.0 * 1.02, "attributes.ldl", "values: mean"),
    ("attributes.sodium.min", 134, "attributes.sodium", "values: mean"),
    ("attributes.hemoglobin.rules.0.then.mean", 13.5 * 1.02, "attributes.hemoglobin.rules[0].then", "values: mean"),
    ("attributes.glucose.mean", "80 + 0.44 * age", "attributes.glucose", "values: mean (standard scores)"),
    ("attributes.visits.mean", 3.0 * 1.02, "attributes.visits", "values: mean"),
    ("attributes.drinks.probability", 0.31, "attributes.drinks", "share of 0"),
    ("attributes.stay.mean", 4.0 * 1.03, "attributes.stay", "values: mean"),
    ("attributes.last_seen.days.min", -97, "attributes.last_seen", "values: mean (standard scores)"),
    ("attributes.double.expression", "2 * age + 1", "attributes.double", "the value is as stated"),
    (
        "correlate.0.matrix",
        [[1.0, 0.0, 0.2], [0.0, 1.0, 0.3], [0.2, 0.3, 1.0]],
        "correlate",
        "height and weight both low, correlation 0.5",
    ),
]
FAMILY: dict[str, Any] = {
    "id": "family",
    "members": [
        {"role": "subscriber", "age": {"type": "uniform", "min": 30, "max": 60}},
        {
            "role": "spouse",
            "age": {"type": "normal", "mean": "subscriber_age", "sd": 4.0, "min": 18},
            "probability": 0.6,
        },
        {"role": "dependent", "age": {"type": "uniform", "min": 0, "max": 18}, "probability": 0.5},
        {
            "role": "dependent",
            "count": {"type": "poisson", "mean": 1.2, "max": 3},
            "age": {"type": "normal", "mean": 14, "sd": 6, "min": 0, "max": 26},
        },
    ],
}
WRONG_FAMILY: list[tuple[str, Any, str, str]] = [
    ("members.1.probability", 0.61, "members[1].probability", "share of households"),
    ("members.1.age.mean", "subscriber_age + 1", "members[1].age", "ages: mean (standard scores)"),
    ("members.2.age.max", 17, "members[2].age", "ages: mean"),
    ("members.3.age.mean", 14.5, "members[3].age", "ages: mean"),
    ("members.3.count.mean", 1.25, "members[3].count", "values: mean"),
]
EVENTS: dict[str, Any] = journey(
    {"event_id": "often", "event_type": "milestone", "probability": 0.5},
    {"event_id": "window", "event_type": "milestone", "delay": {"days": [30, 60]}},
    {"event_id": "early", "event_type": "milestone", "delay": {"days": [30, 60]}},
    {"event_id": "middle", "event_type": "milestone", "delay": {"days": [30, 60]}},
    {"event_id": "late", "event_type": "milestone", "delay": {"days": [700, 760]}},
    {"event_id": "months", "event_type": "milestone", "delay": {"months": 3}},
    {"event_id": "around", "event_type": "milestone", "delay": {"months": 6, "window": [-7, 7]}},
    {"event_id": "working", "event_type": "milestone", "delay": {"business_days": [2, 8]}},
    {"event_id": "drawn", "event_type": "milestone", "delay": {"days": {"type": "gamma", "mean": 40.0, "sd": 20.0}}},
    {"event_id": "hours", "event_type": "milestone", "delay": {"hours": [1, 12]}},
    {
        "event_id": "measured", "event_type": "milestone", "depends_on": "window",
        "outcomes": {"pressure": {"type": "normal", "mean": "100 + 0.5 * age", "sd": 10.0}},
    },
    {"event_id": "weekly", "event_type": "milestone",
     "repeat": {"every": {"days": [6, 8]}, "count": 8, "attrition": 0.10}},
    {"event_id": "monthly", "event_type": "milestone",
     "repeat": {"every": {"days": [27, 31]}, "count": 6, "from": "schedule"}},
    duration_days=730,
    branches=[{"branch_id": "arm", "choices": [{"id": "a", "weight": 0.5}, {"id": "b", "weight": 0.3},
                                               {"id": "c", "weight": 0.2}]}],
    lifecycle=[{
        "lifecycle_id": "health", "initial": "well",
        "states": {
            "well": {"transitions": [{"to": "ill", "yearly_probability": 0.2}, {"to": "frail", "hazard": 0.1}]},
            "ill": {"transitions": [{"to": "well", "yearly_probability": 0.5}]},
            "frail": {},
        },
    }],
)  # fmt: skip
WRONG_EVENTS: list[tuple[str, Any, str, str]] = [
    ("events.0.probability", 0.51, "year/often", "probability"),
    ("events.1.delay", {"days": [0, 90]}, "year/window", "delay within its bounds"),
    ("events.2.delay", {"days": [30, 57]}, "year/early", "delay: mean (standard scores)"),
    ("events.3.delay", {"days": [30, 60], "distribution": "normal"}, "year/middle", "delay: spread (standard scores)"),
    ("events.4.delay", {"days": [710, 760]}, "year/late", "delay: mean (standard scores)"),
    ("events.5.delay", {"months": 4}, "year/months", "delay within its bounds"),
    ("events.6.delay", {"months": 6, "window": [-7, 6]}, "year/around", "delay: mean (standard scores)"),
    ("events.7.delay", {"business_days": [2, 7]}, "year/working", "delay: mean (standard scores)"),
    (
        "events.8.delay",
        {"days": {"type": "gamma", "mean": 42.0, "sd": 20.0}},
        "year/drawn",
        "delay: mean (standard scores)",
    ),
    ("events.9.delay", {"hours": [1, 11]}, "year/hours", "delay: mean (standard scores)"),
    (
        "events.10.outcomes.pressure.mean",
        "102 + 0.5 * age",
        "year/measured.outcomes.pressure",
        "values: mean (standard scores)",
    ),
    ("events.11.repeat", {"every": {"days": [6, 8]}, "count": 8, "attrition": 0.11}, "year/weekly", "attrition"),
    (
        "events.12.repeat",
        {"every": {"days": [28, 30]}, "count": 6, "from": "schedule"},
        "year/monthly",
        "days off the schedule: spread",
    ),
    (
        "branches.0.choices",
        [{"id": name, "weight": w} for name, w in (("a", 0.53), ("b", 0.27), ("c", 0.2))],
        "year/arm",
        "share of a",
    ),
    (
        "lifecycle.0.states.well.transitions.0.yearly_probability",
        0.21,
        "year/health.states.well",
        "time in the state: mean",
    ),
]
PATTERNS: dict[str, Any] = journey(
    {"event_id": "weekday", "event_type": "milestone", "delay": {"days": [10, 20], "weekdays": True}},
    {"event_id": "month", "event_type": "milestone", "delay": {"months": [1, 13]}},
    {"event_id": "personal", "event_type": "milestone",
     "delay": {"days": {"type": "normal", "mean": "age", "sd": 9, "min": 0}}},
    {
        "event_id": "until", "event_type": "milestone", "repeat": {"every": {"weeks": [2, 4]}, "until": "score < 5"},
        "outcomes": {"score": {"type": "normal", "mean": 7, "sd": 2}},
    },
    {"event_id": "planned", "event_type": "milestone",
     "repeat": {"every": {"months": 1, "window": [-3, 3]}, "from": "schedule"}},
    duration_days=400,
    branches=[
        {"branch_id": "arm", "choices": [{"id": "a", "weight": 0.5, "when": "age > 40"}, {"id": "b", "weight": 0.5}]},
        {"branch_id": "several", "exclusive": False,
         "choices": [{"id": "a", "probability": 0.5}, {"id": "b", "probability": 0.3}]},
    ],
    lifecycle=[{
        "lifecycle_id": "care", "initial": {"type": "categorical", "weights": {"home": 0.8, "clinic": 0.2}},
        "states": {
            "home": {
                "transitions": [{"to": "clinic", "yearly_probability": {"18-49": 0.3, "50+": 0.6}},
                                {"to": "hospital", "hazard": 0.4}]
            },
            "clinic": {"transitions": [{"to": "home", "hazard": 2.0}]},
            "hospital": {"events": [{"event_id": "ward", "event_type": "milestone", "delay": {"days": [5, 100]}}]},
        },
    }],
)  # fmt: skip
WRONG_PATTERNS: list[tuple[str, Any, str, str]] = [
    ("events.0.delay", {"days": [10, 19], "weekdays": True}, "year/weekday", "delay: mean (standard scores)"),
    ("events.1.delay", {"months": [1, 12]}, "year/month", "delay: mean (standard scores)"),
    ("events.2.delay.days.mean", "age + 2", "year/personal", "delay: mean (standard scores)"),
    ("events.3.outcomes.score.mean", 7.2, "year/until.outcomes.score", "values: mean"),
    ("events.4.repeat.every.window", [-3, 2], "year/planned", "days off the schedule: mean"),
    (
        "branches.0.choices",
        [{"id": "a", "weight": 0.53, "when": "age > 40"}, {"id": "b", "weight": 0.47}],
        "year/arm",
        "share of a",
    ),
    ("branches.1.choices.1.probability", 0.31, "year/several", "share of b"),
    ("lifecycle.0.initial.weights", {"home": 0.81, "clinic": 0.19}, "year/care.initial", "share of home"),
    ("lifecycle.0.states.clinic.transitions.0.hazard", 2.1, "year/care.states.clinic", "time in the state: mean"),
    ("lifecycle.0.states.hospital.events.0.delay.days", [5, 95], "year/ward", "delay: mean (standard scores)"),
]
CASES = {
    "people": (PEOPLE, None, WRONG_PEOPLE),
    "family": (FAMILY, None, WRONG_FAMILY),
    "events": ({"id": "all"}, EVENTS, WRONG_EVENTS),
}
CASES["patterns"] = ({"id": "all"}, PATTERNS, WRONG_PATTERNS)


def changed(document: Any, path: str, value: Any) -> Any:
    """The document with another value at a path."""
    made = copy.deepcopy(document)
    *way, last = path.split(".")
    at = functools.reduce(lambda here, step: here[int(step) if isinstance(here, list) else step], way, made)
    at[int(last) if isinstance(at, list) else last] = value
    return made


def compiled(profile: dict[str, Any], events: dict[str, Any] | None) -> Plan:
    offers = catalog()
    return compile_plan(make_request(profile, events or [], catalog=offers, count=COUNT, products=[]), offers)


@functools.cache
def reports(case: str) -> tuple[ValidationReport, ValidationReport]:
    """What the report says of an honest run, and of one with all errors of the case."""
    profile, events, wrong = CASES[case]
    stated, made = compiled(profile, events), (profile, events)
    for path, value, _, _ in wrong:
        made = (changed(made[0], path, value), None) if events is None else (made[0], changed(made[1], path, value))
    return validated(stated), validated(stated, compiled(*made))


@pytest.mark.parametrize("case", CASES)
def test_the_honest_twin_passes(case: str) -> None:
    assert [str(check) for check in reports(case)[0].failures] == []


@pytest.mark.parametrize(
    ("case", "where", "what"),
    [pytest.param(case, where, what, id=f"{where} {what}") for case in CASES for _, _, where, what in CASES[case][2]],
)
def test_a_planted_error_fails_under_its_own_path(case: str, where: str, what: str) -> None:
    failed = [check.what for check in reports(case)[1].failures if check.where == where]
    assert any(said.startswith(what) for said in failed), failed


@pytest.mark.parametrize("case", CASES)
def test_nothing_else_fails(case: str) -> None:
    assert {check.where for check in reports(case)[1].failures} == {where for _, _, where, _ in CASES[case][2]}
