"""Texts of built-in attributes are codes of their value sets, however they are written,
and ages are those of people."""

from __future__ import annotations

import clinic
import pytest

from healthsim_core import PersonColumns
from healthsim_core.codes import value_set
from healthsim_core.errors import SpecificationError
from healthsim_core.generator import make_plan


def people(count: int = 200, **profile: object) -> list[dict]:
    return clinic.run(profile, count=count).tables["core.person"].to_pylist()


@pytest.mark.parametrize("written", ["medicare", "MEDICARE", " Medicare "])
def test_a_coverage_type_is_known_in_any_case(written):
    assert {person["coverage_type"] for person in people(coverage={"type": written})} == {"Medicare"}


@pytest.mark.parametrize(
    "written",
    [
        {"type": "categorical", "weights": {"Hispanic": 0.4, "hispanic": 0.1, "Not Hispanic": 0.5}},
        {"type": "explicit", "values": ["HISPANIC", "not-hispanic"]},
        {"type": "conditional", "rules": [{"if": "age >= 40", "then": "Hispanic"}], "default": "Not_Hispanic"},
        {
            "type": "mixture",
            "components": [
                {"weight": 0.5, "distribution": "Hispanic"},
                {"weight": 0.5, "distribution": "NOT HISPANIC"},
            ],
        },
        {"type": "derived", "expression": "said"},
    ],
    ids=lambda written: written["type"],
)
def test_a_rule_on_a_code_holds_however_the_code_was_written(written):
    said = {"type": "explicit", "values": ["Hispanic", "Not hispanic"]}
    found = people(
        demographics={"ethnicity": written},
        attributes={"said": said},
        clinical={"conditions": [{"code": "I10", "when": "ethnicity == 'hispanic'"}]},
    )
    assert {(person["ethnicity"], person["conditions"]) for person in found} == {
        ("hispanic", "I10"),
        ("not_hispanic", None),
    }


def test_a_weight_that_is_written_twice_counts_twice():
    found = people(
        4_000, demographics={"race": {"type": "categorical", "weights": {"White": 0.45, "white": 0.45, "Asian": 0.1}}}
    )
    white = sum(person["race"] == "white" for person in found) / len(found)
    assert abs(white - 0.9) < 5 * (0.9 * 0.1 / len(found)) ** 0.5


def test_a_code_that_only_shows_when_people_are_made_is_refused_with_its_path():
    said = {"type": "explicit", "values": ["white", "Vulcan"]}
    with pytest.raises(SpecificationError, match=r'demographics.race: "Vulcan" is no race') as refused:
        people(demographics={"race": {"type": "derived", "expression": "said"}}, attributes={"said": said})
    assert "Known: aian" in str(refused.value)


@pytest.mark.parametrize("expression", ["level * 10", "0 - level"])
def test_an_age_that_only_shows_when_people_are_made_is_refused_with_its_path(expression):
    with pytest.raises(SpecificationError, match=r"demographics\.age: an age is 0 to 120, and that of some people is"):
        people(
            demographics={"age": {"type": "derived", "expression": expression}},
            attributes={"level": {"type": "uniform", "min": 1, "max": 90}},
        )


def test_a_member_s_own_age_is_refused_at_its_own_path():
    with pytest.raises(SpecificationError, match=r"members\[1\].age: an age is 0 to 120, and that of some people is"):
        people(
            members=[
                {"role": "subscriber", "age": 80},
                {"role": "spouse", "age": {"type": "derived", "expression": "subscriber_age + 50"}},
            ]
        )


def test_no_age_is_null():
    with pytest.raises(SpecificationError, match="the age may be null for some people, and everybody has one"):
        people(demographics={"age": {"type": "derived", "expression": "log(level)"}}, attributes={"level": 1})


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 120), (119, 120)])
def test_ages_from_birth_to_the_oldest_are_ages(low, high):
    ages = {person["age"] for person in people(50, demographics={"age": {"type": "uniform", "min": low, "max": high}})}
    assert low <= min(ages) <= max(ages) <= high


def test_a_law_without_an_end_is_truncated_where_it_says_so_and_only_there():
    ages = [
        person["age"]
        for person in people(
            2_000, demographics={"age": {"type": "normal", "mean": 40, "sd": 60, "min": 0, "max": 100}}
        )
    ]
    assert max(ages) <= 99
    assert ages.count(99) < 40  # nothing piles up at the bound


def test_what_journeys_require_is_a_code_too():
    made = clinic.run({}, clinic.event(), count=20, fields={"requires": {"sex": "f"}})
    assert set(made.tables["core.person"]["sex"].to_pylist()) == {"F"}


@pytest.mark.parametrize(
    ("name", "value", "said"), [("sex", "female", '"female" is no sex'), ("age", 130, "an age is 0 to 120, not 130")]
)
def test_what_nobody_is_cannot_be_required(name, value, said):
    with pytest.raises(SpecificationError, match=f"requires.{name}: {said}"):
        clinic.run({}, clinic.event(), count=2, fields={"requires": {name: value}})


def test_a_column_that_a_product_adds_is_no_attribute():
    adding = clinic.catalog(healthsim_profiles=[PersonColumns(("shoe_size",), lambda people: {})])
    with pytest.raises(
        SpecificationError, match=r'attributes.shoe_size: "shoe_size" is a column that clinic adds to everybody'
    ):
        make_plan({"attributes": {"shoe_size": 9}}, catalog=adding)


def test_languages_are_those_of_iso_639_1():
    assert len(value_set("language").codes) == 183
    assert value_set("language").display("es") == "Spanish"


@pytest.mark.parametrize(
    ("profile", "required"),
    [
        ({"coverage": {"type": "Commercial"}}, {"coverage_type": "Medicare"}),
        ({"coverage": {"plan": "PPO"}}, {"coverage_type": "Medicare"}),
        ({"demographics": {"race": "asian"}}, {"race": "white"}),
        ({"demographics": {"race": "asian"}, "members": [{"role": "subscriber"}]}, {"race": "white"}),
        ({"demographics": {"sex": "M"}}, {"sex": "F"}),
    ],
)
def test_what_a_profile_says_of_people_no_journey_changes(profile, required):
    result = clinic.run(profile, clinic.event(), count=20, fields={"requires": required})
    ((name, value),) = required.items()
    assert value not in set(result.entities[name].to_pylist())
    assert any("is not for (it is for" in note and note.endswith(": 20 of 20") for note in result.notes)


def test_what_a_profile_leaves_unsaid_a_journey_may_ask_for():
    made = clinic.run({}, clinic.event(), count=20, fields={"requires": {"coverage_type": "medicare"}})
    assert set(made.entities["coverage_type"].to_pylist()) == {"Medicare"}
