"""Families: ages that fit, as many children as are said, one plan for all."""

from __future__ import annotations

import numpy as np
import pytest
from clinic import catalog
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.distributions import compile_distribution
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileExecutor, ProfileJourneyOrchestrator
from healthsim_core.households.family import PossibleAges
from healthsim_core.spec.profile import MemberSpecification

TO_20 = {"type": "uniform", "min": 0, "max": 20}
UNIT = (np.arange(20_000) + 0.5) / 20_000


def weighted(values: dict[int, float]) -> dict:
    return {"type": "explicit", "values": [{"value": value, "weight": weight} for value, weight in values.items()]}


def people(*members: dict, count: int = 400, **profile):
    written = {"id": "family", "members": list(members), **profile}
    return ProfileExecutor(written, count=count, catalog=catalog()).execute().entities


def subscriber(age: object) -> dict:
    return {"role": "subscriber", "age": age}


def ages(made, role: str) -> np.ndarray:
    return made["age"].to_numpy()[np.array(made["role"].to_pylist()) == role]


def law(written: object):
    return compile_distribution(MemberSpecification(role="dependent", age=written).age, "age")


def drawn(written: object, parent: int) -> np.ndarray:
    own = law(written)
    return PossibleAges.of(own, {}, np.full(len(UNIT), parent)).sample(own, UNIT, {})


def test_ages_of_children_do_not_pile_up_at_the_bound() -> None:
    found = np.floor(drawn({"type": "uniform", "min": 0, "max": 26}, 30))
    np.testing.assert_allclose(np.bincount(found.astype(int)) / len(UNIT), 1 / 13, atol=1e-3)


@pytest.mark.parametrize(
    "written",
    [
        {"type": "normal", "mean": 12, "sd": 6, "min": 0, "max": 26},
        {"type": "age_bands", "bands": {"0-5": 0.2, "6-17": 0.5, "18-25": 0.3}},
        {"type": "age_bands", "bands": {"18-25": 0.3, "0-5": 0.2, "6-17": 0.5}},
        weighted({20: 1, 3: 2, 11: 3, 15: 1}),
        {"type": "poisson", "mean": 9},
        {
            "type": "mixture",
            "components": [{"weight": 0.5, "distribution": 15}, {"weight": 0.5, "distribution": TO_20}],
        },
    ],
    ids=lambda written: written["type"],
)
def test_possible_ages_keep_the_odds_that_are_stated_between_them(written: dict) -> None:
    own, parent = law(written), 34
    stated = np.diff(own.below(np.arange(18.0), {}))[: parent - 18 + 1]
    found = np.bincount(np.floor(drawn(written, parent)).astype(int), minlength=len(stated)) / len(UNIT)
    np.testing.assert_allclose(found, stated / stated.sum(), atol=1e-3)


def test_a_parent_is_at_most_fifty_years_older_where_that_can_be() -> None:
    assert drawn({"type": "uniform", "min": 0, "max": 26}, 60).min() >= 10


def test_a_dependent_of_somebody_very_old_has_the_age_that_is_stated() -> None:
    assert drawn({"type": "uniform", "min": 0, "max": 18}, 90) == pytest.approx(18 * UNIT)


def test_where_every_stated_age_is_too_old_the_dependent_is_as_old_as_possible() -> None:
    assert set(drawn({"type": "uniform", "min": 14, "max": 17}, 30)) == {12}


@given(parent=st.integers(18, 100), low=st.integers(0, 20), span=st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_a_child_is_eighteen_years_younger_or_more(parent: int, low: int, span: int) -> None:
    assert np.floor(drawn({"type": "uniform", "min": low, "max": low + span}, parent)).max() <= parent - 18


def test_where_all_ages_are_possible_they_are_drawn_as_they_were() -> None:
    child = {"role": "dependent", "age": {"type": "uniform", "min": 2, "max": 17}}
    young, middle = people(subscriber(45), child), people(subscriber(40), child)
    assert ages(young, "dependent").tolist() == ages(middle, "dependent").tolist()


def test_validation_can_ask_where_an_age_is_distributed_as_stated() -> None:
    own = law({"type": "uniform", "min": 2, "max": 17})
    assert PossibleAges.of(own, {}, np.array([30, 36, 50, 60])).as_stated.tolist() == [False, True, True, False]


def test_ages_that_contradict_each_other_are_an_error() -> None:
    with pytest.raises(
        SpecificationError,
        match=r"members\[1\].age: a dependent of 20 is no child of a subscriber of 30(.|\n)*at most 12",
    ):
        people(subscriber(30), {"role": "dependent", "age": 20})


def test_spouses_are_near_each_other_in_age() -> None:
    made = people(subscriber({"type": "uniform", "min": 25, "max": 60}), {"role": "spouse"})
    apart = np.abs(ages(made, "spouse") - ages(made, "subscriber"))
    assert np.mean(apart <= 5) > 0.7 and apart.max() < 24


def children(made) -> np.ndarray:
    household = made["household_id"].to_numpy()[np.array(made["role"].to_pylist()) == "dependent"]
    return np.unique(household, return_counts=True)[1]


def test_a_household_has_as_many_children_as_are_said() -> None:
    made = people(
        subscriber(45), {"role": "dependent", "count": 3, "age": {"type": "uniform", "min": 0, "max": 17}}, count=50
    )
    assert set(children(made)) == {3}


def test_the_number_of_children_is_distributed_as_said() -> None:
    count = weighted({0: 0.4, 1: 0.2, 2: 0.3, 3: 0.1})
    made = people(subscriber(45), {"role": "dependent", "count": count}, count=4_000)
    found = np.bincount(np.append(children(made), np.zeros(4_000 - len(children(made)), int)), minlength=4)
    np.testing.assert_allclose(found / 4_000, [0.4, 0.2, 0.3, 0.1], atol=0.04)


def test_the_number_of_children_may_follow_the_subscriber() -> None:
    count = {"type": "conditional", "rules": [{"if": "subscriber_age >= 40", "then": 2}], "default": 0}
    made = people(
        subscriber({"type": "uniform", "min": 30, "max": 50}), {"role": "dependent", "count": count}, count=200
    )
    parents = {row["household_id"]: row["age"] for row in made.to_pylist() if row["role"] == "subscriber"}
    families = {row["household_id"] for row in made.to_pylist() if row["role"] == "dependent"}
    assert families == {household for household, age in parents.items() if age >= 40}


def test_each_of_the_children_has_an_age_of_its_own() -> None:
    made = people(
        subscriber(50), {"role": "dependent", "count": 2, "age": {"type": "uniform", "min": 0, "max": 26}}, count=100
    )
    first, second = ages(made, "dependent").reshape(-1, 2).T
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.35 and (first != second).mean() > 0.8


def test_the_children_of_a_count_are_addressed_one_by_one() -> None:
    profile = {"id": "family", "members": [subscriber(45), {"role": "dependent", "count": 2}]}
    journey = {
        "id": "once",
        "duration_days": 30,
        "events": [{"id": "seen", "event_type": "milestone", "delay": {"days": 1}}],
    }
    profile["journeys"] = [{"inline": journey, "member": "dependent[1]"}]
    result = ProfileJourneyOrchestrator(profile, count=5, catalog=catalog()).execute()
    assert set(result.timeline["person_id"].to_numpy() % 16) == {2}


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ({"role": "dependent", "count": 7}, "whole numbers from 0 to 6"),
        ({"role": "dependent", "count": 1.5}, "whole numbers from 0 to 6"),
        (
            {"role": "dependent", "count": {"type": "uniform", "min": 0, "max": 3}},
            "explicit, poisson or negative_binomial",
        ),
        ({"role": "dependent", "count": {"type": "poisson", "mean": 1}}, 'Say "max", at most 6'),
        ({"role": "dependent", "count": {"type": "explicit", "values": {"0": 1, "2": 1}}}, '"0" is a text'),
        ({"role": "dependent", "count": 2, "probability": 0.5}, "a count may be 0"),
        ({"role": "spouse", "count": 2}, "no number of spouses"),
    ],
)
def test_counts_that_cannot_be_are_errors(member: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        people(subscriber(45), member)


def test_a_household_too_large_is_an_error() -> None:
    with pytest.raises(SpecificationError, match=r"members: a household may be of 13.(.|\n)*At most 12 fit"):
        people(subscriber(45), *[{"role": "dependent", "count": 6}] * 2)


def test_a_family_shares_plan_address_and_name_with_its_children_and_newborns() -> None:
    birth = {"id": "born", "event_type": "birth", "delay": {"days": 10}, "adds_person": "newborn"}
    profile = {
        "id": "family",
        "members": [subscriber(30), {"role": "spouse"}, {"role": "dependent", "count": 2}],
        "journeys": [{"inline": {"id": "birth", "duration_days": 60, "events": [birth]}, "member": "spouse"}],
    }
    made = ProfileJourneyOrchestrator(profile, count=60, catalog=catalog()).execute().entities
    shared = ("coverage_type", "plan", "address", "zip", "last_name", "member_number", "subscriber_id")
    counted = made.group_by("household_id").aggregate(
        [(name, "count_distinct") for name in shared] + [("role", "count_distinct")]
    )
    assert set(counted["role_count_distinct"].to_pylist()) == {4}
    assert all(set(counted[f"{name}_count_distinct"].to_pylist()) == {1} for name in shared)
