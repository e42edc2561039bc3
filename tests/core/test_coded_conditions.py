"""Conditions of profiles: known codes, severities that are known of them, and nobody has what cannot be theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clinic import catalog

from healthsim_core import SpecificationError, read_skill
from healthsim_core.generation.executor import ProfileExecutor
from healthsim_core.generation.result import Result

ANY_AGE = {"type": "uniform", "min": 0, "max": 99}
SKILL = """+++
skill = "gout-care"
version = "1.0"
conditions = ["M10"]
+++

## severity

| severity | weight |
|---|---|
| resting | 0.7 |
| flaring | 0.3 |

## diagnosis

| by severity | code | description |
|---|---|---|
| * | M10.9 | Gout, unspecified |
"""


def made(clinical: dict[str, Any], age: Any = 50, sex: Any = None, **offers: Any) -> Result:
    demographics = {"age": age, **({"sex": sex} if sex else {})}
    profile = {"id": "some", "demographics": demographics, "clinical": clinical}
    return ProfileExecutor(profile, count=400, catalog=catalog(**offers)).execute()


def told(clinical: dict[str, Any], **who: Any) -> str:
    with pytest.raises(SpecificationError) as refused:
        made(clinical, **who)
    return str(refused.value)


def test_a_condition_that_no_list_holds_is_refused_with_the_nearest() -> None:
    assert told({"conditions": ["E99"]}) == (
        'clinical.conditions[0]: "E99" is no ICD-10-CM code or category.\n  Did you mean "E89"? It is neither in '
        "ICD-10-CM FY2026 with "
        "the additions of FY2027 nor in a list that `healthsim init --from` has loaded."
    )


def test_every_unknown_condition_is_told_at_once() -> None:
    said = told(
        {
            "primary_condition": "Y99.77",
            "comorbidities": ["E77.7"],
            "conditions": [{"code": "B00.99", "prevalence": 0.1}],
        }
    )
    assert [line.split(":")[0] for line in said.splitlines() if not line.startswith(" ")] == [
        "clinical.primary_condition", "clinical.comorbidities[0]", "clinical.conditions[0]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("category", "code"),
    [("I21", "I21.9"), ("K50", "K50.90"), ("N18.3", "N18.30"), ("S72", "S72.90XA"), ("G40", "G40.909"), ("I10", "I10")],
)
def test_a_category_is_coded_as_unspecified(category: str, code: str) -> None:
    assert set(made({"conditions": [category]}).tables["core.condition"]["code"].to_pylist()) == {code}


@pytest.mark.parametrize("written", ["n200", "N200", "n20.0", " N20.0 "])
def test_a_condition_is_written_as_journeys_write_it(written: str) -> None:
    assert set(made({"conditions": [written]}).tables["core.condition"]["code"].to_pylist()) == {"N20.0"}


def test_a_condition_that_no_list_holds_is_refused_as_it_is_written() -> None:
    assert told({"conditions": ["q99zz9"]}).startswith(
        'clinical.conditions[0]: "q99zz9" is no ICD-10-CM code or category.'
    )


@pytest.mark.parametrize(
    ("less", "more"),
    [("E11", "E11.22"), ("E11", "E11.9"), ("E11.9", "E11.22"), ("N18.3", "N18.32"), ("J45.909", "J45.40")],
)
def test_what_says_less_beside_what_says_more_is_refused_by_name(less: str, more: str) -> None:
    assert told({"primary_condition": more, "conditions": [less]}) == (
        f'clinical.conditions[0]: people would have "{less}" beside "{more}" (clinical.primary_condition), which '
        "says more of the same.\n"
        f'  Leave one of them out, or give this one to others: "when": "not condition.{more}".'
    )


def test_those_without_what_says_more_can_have_what_says_less() -> None:
    pair = [{"code": "N18", "when": "not condition.N18.4"}, {"code": "N18.4", "prevalence": 0.5}]
    assert set(made({"conditions": pair}).tables["core.condition"]["code"].to_pylist()) == {"N18.9", "N18.4"}


@pytest.mark.parametrize(
    "pair",
    [
        [{"code": "N18", "prevalence": {"0-59": 1}}, {"code": "N18.4", "prevalence": {"60+": 1}}],
        [{"code": "N18", "when": "sex == 'F'"}, {"code": "N18.4", "when": "sex == 'M'"}],
    ],
    ids=["ages", "sexes"],
)
def test_different_people_have_what_says_less_and_what_says_more(pair: list[dict[str, Any]]) -> None:
    people = made({"conditions": pair}, age=ANY_AGE).entities
    assert set(people["conditions"].to_pylist()) == {"N18.9", "N18.4"}


def test_two_complications_of_one_category_go_together() -> None:
    assert set(made({"conditions": ["E11.22", "E11.319"]}).entities["conditions"].to_pylist()) == {"E11.22 E11.319"}


def test_a_category_without_a_code_for_what_is_unspecified_is_refused() -> None:
    assert "such as E08.00, E08.01, E08.10" in told({"conditions": ["E08"]})


def test_a_condition_is_described_by_its_list() -> None:
    assert set(made({"conditions": ["N20.0"]}).tables["core.condition"]["description"].to_pylist()) == {
        "Calculus of kidney"
    }


def test_what_a_user_says_of_a_condition_stays_theirs() -> None:
    own = {"code": "N20.0", "description": "That stone again"}
    assert set(made({"conditions": [own]}).tables["core.condition"]["description"].to_pylist()) == {"That stone again"}


@pytest.mark.parametrize(
    ("code", "who"),
    [
        ("C61", {"age": 5, "sex": "F"}),
        ("N40.0", {"age": 70, "sex": "F"}),
        ("O09", {"age": 30, "sex": "M"}),
        ("O80", {"age": {"type": "uniform", "min": 70, "max": 90}, "sex": "F"}),
        ("Z00.110", {"age": 40}),
        ("Z00.129", {"age": {"type": "uniform", "min": 18, "max": 60}}),
    ],
)
def test_a_condition_that_nobody_can_have_is_refused(code: str, who: dict[str, Any]) -> None:
    assert f'clinical.conditions[0]: "{code}" is of ' in told({"conditions": [code]}, **who)


@pytest.mark.parametrize(
    ("code", "sex", "ages"),
    [("C61", "M", (0, 200)), ("C56.9", "F", (0, 200)), ("O09", "F", (9, 64)), ("Z00.110", None, (0, 0))],
)
def test_only_those_have_a_condition_who_can(code: str, sex: str | None, ages: tuple[int, int]) -> None:
    people = made({"conditions": [code]}, age=ANY_AGE).entities
    has = np.array([codes is not None for codes in people["conditions"].to_pylist()])
    age, sexes = people["age"].to_numpy(), np.array(people["sex"].to_pylist())
    can = (age >= ages[0]) & (age <= ages[1]) & ((sexes == sex) | (sex is None))
    assert can.any() and (has == can).all()


def test_the_prevalence_of_a_condition_of_one_sex_is_that_among_them() -> None:
    assert made({"conditions": [{"code": "C61", "prevalence": 0.3}]}).validation.passed


def test_a_severity_that_is_none_is_refused_with_its_path() -> None:
    said = told(
        {"primary_condition": "I21.4", "severity": {"type": "categorical", "weights": {"mild": 0.5, "horrible": 0.5}}}
    )
    assert said.startswith('clinical.severity.weights.horrible: "horrible" is no severity.')


def test_a_severity_without_a_condition_is_a_word_of_a_skill_or_a_general_one(tmp_path: Path) -> None:
    (tmp_path / "gout.md").write_text(SKILL, encoding="utf-8")
    skills = {"healthsim_skill_resolvers": [read_skill(tmp_path / "gout.md")]}
    assert made({"severity": "flaring"}, **skills).entities.num_rows == 400


def test_a_severity_goes_on_as_it_is_written_in_its_set() -> None:
    made_so = made({"primary_condition": {"code": "I21.4", "severity": "SEVERE"}})
    assert set(made_so.tables["core.condition"]["severity"].to_pylist()) == {"severe"}


def test_where_a_skill_knows_the_condition_the_severities_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "gout.md").write_text(SKILL, encoding="utf-8")
    said = told(
        {"primary_condition": "M10", "severity": "mild"}, healthsim_skill_resolvers=[read_skill(tmp_path / "gout.md")]
    )
    assert said == 'clinical.severity: "mild" is no severity of M10.\n  Known: flaring, resting.'
