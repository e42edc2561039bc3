"""People are what their profile says, and the same whoever else is there."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow.compute as pc
import pytest
from clinic import adults, catalog, run
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileExecutor

FAMILY = [{"role": "subscriber", "age": 42}, {"role": "spouse"}, {"role": "dependent"}, {"role": "dependent"}]


def people(profile: dict, count: int = 500, **options):
    return ProfileExecutor(profile, count=count, catalog=catalog(), **options).execute()


def test_the_same_seed_gives_the_same_people() -> None:
    assert people(adults(), seed=7).entities.equals(people(adults(), seed=7).entities)


def test_another_seed_gives_others() -> None:
    assert (
        people(adults(), seed=7).entities["last_name"].to_pylist()
        != people(adults(), seed=8).entities["last_name"].to_pylist()
    )


def test_seed_zero_is_a_seed() -> None:
    assert people(adults(), seed=0).entities.equals(people(adults(), seed=0).entities)
    assert not people(adults(), seed=0).entities.equals(people(adults(), seed=42).entities)


@given(few=st.integers(1, 30), more=st.integers(0, 200))
@settings(max_examples=15, deadline=None)
def test_a_person_does_not_depend_on_the_count(few: int, more: int) -> None:
    assert people(adults(), few).entities.to_pylist() == people(adults(), few + more).entities.slice(0, few).to_pylist()


def test_an_added_attribute_leaves_everybody_else_s_draws() -> None:
    plain = people(adults()).entities
    with_more = people(adults(attributes={"shoe": {"type": "uniform", "min": 35, "max": 48}})).entities
    assert with_more.select(plain.column_names).to_pylist() == plain.to_pylist()


def test_birth_date_and_age_agree_at_the_start() -> None:
    made = people(adults(), start="2024-02-29", as_of="2025-06-01").entities
    start = datetime.date(2024, 2, 29)
    age = [start.year - b.year - ((start.month, start.day) < (b.month, b.day)) for b in made["birth_date"].to_pylist()]
    assert made["age"].to_pylist() == age


def test_ages_stay_within_their_bounds() -> None:
    ages = people(adults()).entities["age"].to_numpy()
    assert ages.min() >= 18 and ages.max() <= 90


@pytest.mark.parametrize(("prevalence", "share"), [(0.0, 0), (1.0, 500)])
def test_prevalence_zero_is_never_and_one_is_always(prevalence: float, share: int) -> None:
    clinical = {"primary_condition": {"code": "I10", "prevalence": prevalence}}
    assert pc.count(people(adults(clinical=clinical)).entities["conditions"]).as_py() == share


def test_prevalence_by_age_band_leaves_other_ages_without() -> None:
    clinical = {"primary_condition": {"code": "I10", "prevalence": {"60+": 1.0}}}
    made = people(adults(clinical=clinical)).entities
    assert [age >= 60 for age in made["age"].to_pylist()] == [c is not None for c in made["conditions"].to_pylist()]


def test_severity_is_of_those_who_have_the_condition() -> None:
    severity = {"type": "categorical", "weights": {"mild": 0.5, "severe": 0.5}}
    made = people(
        adults(clinical={"primary_condition": {"code": "I10", "prevalence": 0.5, "severity": severity}})
    ).entities
    assert [s is None for s in made["severity"].to_pylist()] == [c is None for c in made["conditions"].to_pylist()]


def test_a_condition_may_depend_on_an_attribute() -> None:
    clinical = {"primary_condition": {"code": "I10", "when": "sex == 'F'"}}
    made = people(adults(clinical=clinical)).entities
    assert [sex == "F" for sex in made["sex"].to_pylist()] == [c == "I10" for c in made["conditions"].to_pylist()]


def test_a_category_becomes_a_billable_code() -> None:
    assert set(people(adults(clinical={"primary_condition": {"code": "E11"}})).entities["conditions"].to_pylist()) == {
        "E11.9"
    }


def test_onset_lies_between_birth_and_start() -> None:
    result = run(adults(clinical={"primary_condition": {"code": "I10"}}))
    born = dict(zip(result.entities["person_id"].to_pylist(), result.entities["birth_date"].to_pylist(), strict=True))
    onsets = result.tables["core.condition"].select(["person_id", "onset_date"]).to_pylist()
    assert all(born[row["person_id"]] <= row["onset_date"] <= datetime.date(2025, 1, 1) for row in onsets)


def test_conditional_attributes_follow_their_rules() -> None:
    rules = [
        {"if": "age >= 65", "then": "old"},
        {"if": {"field": "age", "operator": "gte", "value": 40}, "then": "middle"},
    ]
    made = people(adults(attributes={"stage": {"type": "conditional", "rules": rules, "default": "young"}})).entities
    expected = ["old" if age >= 65 else "middle" if age >= 40 else "young" for age in made["age"].to_pylist()]
    assert made["stage"].to_pylist() == expected


def test_attributes_are_ordered_by_what_they_read() -> None:
    attributes = {"a": {"type": "normal", "mean": "b * 2", "sd": 0}, "b": {"type": "uniform", "min": 1, "max": 9}}
    made = people(adults(attributes=attributes)).entities
    np.testing.assert_allclose(made["a"].to_numpy(), 2 * made["b"].to_numpy())


def test_attributes_that_read_each_other_are_an_error() -> None:
    attributes = {"a": {"type": "normal", "mean": "b", "sd": 1}, "b": {"type": "normal", "mean": "a", "sd": 1}}
    with pytest.raises(SpecificationError, match=r"circle: a -> b -> a"):
        people(adults(attributes=attributes))


def test_a_household_shares_address_name_and_plan() -> None:
    made = people({"id": "family", "members": FAMILY}, 50).entities
    counted = [(name, "count_distinct") for name in ("address", "last_name", "zip", "plan", "member_number")]
    shared = made.group_by("household_id").aggregate(counted)
    assert all(set(shared[name].to_pylist()) == {1} for name in shared.column_names if name.endswith("distinct"))


def test_every_dependent_has_a_subscriber_of_the_household() -> None:
    made = people({"id": "family", "members": FAMILY}, 50).entities.to_pylist()
    subscribers = {person["household_id"]: person["person_id"] for person in made if person["role"] == "subscriber"}
    assert all(person["subscriber_id"] == subscribers[person["household_id"]] for person in made)


def test_parents_are_plausibly_older_and_spouses_adult() -> None:
    made = people({"id": "family", "members": FAMILY}, 200).entities.to_pylist()
    assert all(person["age"] <= 42 - 18 for person in made if person["role"] == "dependent")
    assert all(person["age"] >= 18 for person in made if person["role"] == "spouse")


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ({"role": "spouse", "age": 12}, "a spouse is an adult"),
        ({"role": "dependent", "age": 30}, 'or say "disabled": true'),
    ],
)
def test_implausible_members_are_errors(member: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        people({"id": "family", "members": [{"role": "subscriber"}, member]})


def test_people_live_in_their_county() -> None:
    made = people(adults(demographics={"age": 40, "geography": {"fips": "06073"}})).entities
    assert set(made["county_fips"].to_pylist()) == {"06073"} and set(made["state"].to_pylist()) == {"CA"}


def test_identifiers_are_distinct_and_nobody_s() -> None:
    made = people(adults(), 5_000).entities
    assert pc.count_distinct(made["ssn"]).as_py() == 5_000
    assert pc.all(pc.starts_with(made["ssn"], "9")).as_py()
    assert pc.all(pc.match_substring_regex(made["phone"], r"^\d{3}55501\d\d$")).as_py()
    assert pc.all(pc.match_substring_regex(made["email"], r"[@.]example\.com$")).as_py()


def test_a_dry_run_makes_at_most_five() -> None:
    assert len(ProfileExecutor(adults(), count=1_000, catalog=catalog()).execute(dry_run=True)) == 5


def test_an_honest_run_passes_its_own_validation() -> None:
    clinical = {
        "primary_condition": {"code": "I10", "prevalence": 0.3},
        "lab_values": {"a1c": {"type": "normal", "mean": 7, "sd": 1, "min": 5}},
    }
    failures = [seed for seed in range(60) if not people(adults(clinical=clinical), 300, seed=seed).validation.passed]
    assert failures == []
