"""Attributes and conditions may read one another: one order is found for all of them, or a circle is told."""

from __future__ import annotations

import datetime

import pytest
from clinic import adults, catalog
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.conditions.consequences import Above
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileExecutor
from healthsim_core.households.steps import in_order

SEVERITY = {"type": "categorical", "weights": {"mild": 0.5, "severe": 0.5}}
DIABETES = {"code": "E11", "prevalence": 0.4, "severity": SEVERITY}


def result(count: int = 300, **profile):
    return ProfileExecutor(adults(**profile), count=count, catalog=catalog()).execute()


def people(count: int = 300, **profile) -> list[dict]:
    return result(count, **profile).entities.to_pylist()


def ruled(condition: str, then: object = "yes", default: object = "no") -> dict:
    return {"type": "conditional", "rules": [{"if": condition, "then": then}], "default": default}


def has(person: dict, code: str) -> bool:
    return code in (person["conditions"] or "")


@pytest.mark.parametrize(
    "said", ["condition.E11", "'E11' in conditions", "code.E11 is not None", "severity.E11 is not None"]
)
def test_an_attribute_may_depend_on_a_condition(said: str) -> None:
    made = people(clinical={"conditions": [DIABETES]}, attributes={"watched": ruled(said)})
    assert [person["watched"] == "yes" for person in made] == [has(person, "E11") for person in made]


def test_an_attribute_may_depend_on_a_severity() -> None:
    made = people(clinical={"primary_condition": DIABETES}, attributes={"clinic": ruled("severity.E11 == 'severe'")})
    assert [person["clinic"] == "yes" for person in made] == [person["severity"] == "severe" for person in made]


def test_a_laboratory_value_may_depend_on_a_condition() -> None:
    labs = {
        "glucose": ruled(
            "condition.E11", {"type": "uniform", "min": 126, "max": 300}, {"type": "uniform", "min": 70, "max": 125}
        )
    }
    made = people(clinical={"conditions": [DIABETES], "lab_values": labs})
    assert [person["glucose"] >= 126 for person in made] == [has(person, "E11") for person in made]


def test_coverage_may_depend_on_a_condition() -> None:
    made = people(
        clinical={"conditions": [DIABETES]}, coverage={"type": ruled("condition.E11", "Medicare", "Commercial")}
    )
    assert [person["coverage_type"] == "Medicare" for person in made] == [has(person, "E11") for person in made]


def test_an_attribute_may_depend_on_the_birth_date() -> None:
    made = people(attributes={"first_visit": {"type": "date", "around": "birth_date", "days": 10}})
    assert all(person["first_visit"] == person["birth_date"] + datetime.timedelta(days=10) for person in made)


def test_a_condition_may_depend_on_an_attribute_that_depends_on_a_condition() -> None:
    later = {"code": "N18", "prevalence": 1.0, "when": "glucose > 200"}
    sugar = ruled("condition.E11", {"type": "uniform", "min": 100, "max": 300}, 90)
    made = people(clinical={"conditions": [later, DIABETES]}, attributes={"glucose": sugar})
    assert [has(person, "N18") for person in made] == [person["glucose"] > 200 for person in made]
    assert {has(person, "E11") for person in made if has(person, "N18")} == {True}


def test_a_condition_may_depend_on_one_that_is_written_later() -> None:
    made = people(clinical={"conditions": [{"code": "N18", "when": "condition.E11"}, DIABETES]})
    assert [has(person, "N18") for person in made] == [has(person, "E11") for person in made]


def test_conditions_stay_in_the_order_of_the_profile() -> None:
    made = people(clinical={"conditions": [{"code": "N18", "when": "condition.E11"}, DIABETES]})
    assert {person["conditions"].split()[0][:3] for person in made if person["conditions"]} == {"N18"}


def test_what_reads_conditions_leaves_everybody_s_draws() -> None:
    clinical = {"conditions": [DIABETES, {"code": "I10", "prevalence": 0.3}]}
    plain, more = (
        people(clinical=clinical),
        people(clinical=clinical, attributes={"watched": ruled("condition.I10 and age > 50")}),
    )
    assert [{name: person[name] for name in plain[0]} for person in more] == plain


@pytest.mark.parametrize(
    ("when", "attribute", "circle"),
    [
        ("weight > 80", "condition.E11", "weight -> condition.E11 -> weight"),
        ("weight > 80", "severity.E11 == 'mild'", "weight -> condition.E11 -> weight"),
        ("weight > 80", "'E11' in conditions", "weight -> conditions -> code.E11 -> condition.E11 -> weight"),
    ],
)
def test_a_circle_of_conditions_and_attributes_is_told(when: str, attribute: str, circle: str) -> None:
    with pytest.raises(SpecificationError, match=f"circle: {circle}"):
        people(clinical={"conditions": [DIABETES | {"when": when}]}, attributes={"weight": ruled(attribute, 90, 70)})


def test_conditions_that_wait_for_each_other_are_told_once() -> None:
    both = [{"code": "E11", "when": "condition.I10"}, {"code": "I10", "when": "condition.E11"}]
    with pytest.raises(SpecificationError) as told:
        people(clinical={"conditions": both})
    assert str(told.value).startswith(
        "clinical.conditions[0]: these depend on each other in a circle: condition.E11 -> condition.I10"
    )
    assert len(told.value.mistakes) == 1


def test_a_condition_that_reads_all_conditions_is_told_how_to_name_one() -> None:
    with pytest.raises(
        SpecificationError,
        match=r"condition.E11 -> conditions -> code.E11 -> condition.E11(.|\n)*name single conditions",
    ):
        people(clinical={"conditions": [{"code": "E11", "when": "'I10' in conditions"}, {"code": "I10"}]})


def test_a_condition_that_nobody_has_cannot_be_read() -> None:
    with pytest.raises(SpecificationError, match=r'reads "condition\.I11", which nobody has'):
        people(clinical={"conditions": ["I10"]}, attributes={"watched": ruled("condition.I11")})


@pytest.mark.parametrize("name", ["birth_date", "conditions"])
def test_what_follows_from_other_columns_is_no_attribute(name: str) -> None:
    with pytest.raises(SpecificationError, match=f'attributes.{name}: "{name}" is a column that everybody has'):
        people(attributes={name: 1})


def test_a_profile_whose_attributes_read_conditions_passes_its_own_validation() -> None:
    sugar = ruled("condition.E11", {"type": "normal", "mean": 160, "sd": 20}, {"type": "normal", "mean": 95, "sd": 8})
    clinical = {
        "conditions": [DIABETES, {"code": "N18", "prevalence": 0.5, "when": "glucose > 170"}],
        "lab_values": {"glucose": sugar},
    }
    validation = result(5_000, clinical=clinical).validation
    assert validation.passed and "clinical.lab_values.glucose.rules[0].then" in {
        check.where for check in validation.checks
    }


@given(reads=st.lists(st.sets(st.integers(0, 11), max_size=4), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_every_column_is_made_after_those_that_it_reads(reads: list[set[int]]) -> None:
    steps = [Above(f"c{i}", frozenset(f"c{j}" for j in needed if j < i)) for i, needed in enumerate(reads)]
    place = {step.makes[0]: index for index, step in enumerate(in_order(steps[::-1]))}
    assert all(place[name] < place[step.name] for step in steps for name in step.names)


def test_a_long_chain_of_columns_is_no_trouble() -> None:
    steps = [Above(f"c{i}", frozenset([f"c{i + 1}"])) for i in range(5_000)]
    assert in_order(steps)[0].makes == ("c4999",)
