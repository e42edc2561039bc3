"""Coverage type and plan say one thing: a known plan is of one type, and the uninsured have none."""

from __future__ import annotations

from collections import Counter

import clinic
import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.designs.known import KnownPlans, offered_plan
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.result import Result

AGED = {"type": "conditional", "rules": [{"if": "age >= 65", "then": "Medicare"}], "default": "Commercial"}


def made(count: int = 2_000, **coverage: object) -> Result:
    return clinic.run({"id": "covered", "coverage": coverage}, count=count)


def pairs(**coverage: object) -> Counter:
    people = made(**coverage).tables["core.person"].to_pylist()
    return Counter((person["coverage_type"], person["plan"]) for person in people)


def test_the_uninsured_have_no_plan():
    assert pairs(type="Uninsured") == {("uninsured", None): 2_000}


def test_a_plan_is_of_those_who_are_insured():
    kinds = {"type": "categorical", "weights": {"commercial": 0.7, "uninsured": 0.3}}
    assert set(pairs(type=kinds, plan="hdhp")) == {("Commercial", "HDHP"), ("uninsured", None)}


def test_a_known_plan_is_written_as_everybody_does_and_another_as_its_user_did():
    assert set(pairs(type="Medicare", plan="medicare_advantage")) == {("Medicare", "Medicare Advantage")}
    assert set(pairs(type="Commercial", plan="Go~ld*Plus")) == {("Commercial", "Go~ld*Plus")}


def test_of_plans_of_several_types_everybody_has_one_of_their_own_in_the_shares_stated():
    kinds = {"type": "categorical", "weights": {"Commercial": 0.5, "Medicare": 0.5}}
    result = made(4_000, type=kinds, plan_distribution={"PPO": 0.3, "HMO": 0.1, "Original Medicare": 0.6})
    people = result.tables["core.person"].to_pylist()
    found = Counter((person["coverage_type"], person["plan"]) for person in people)
    assert set(found) == {("Commercial", "PPO"), ("Commercial", "HMO"), ("Medicare", "Original Medicare")}
    commercial = found["Commercial", "PPO"] + found["Commercial", "HMO"]
    assert abs(found["Commercial", "PPO"] / commercial - 0.75) < 5 * (0.75 * 0.25 / commercial) ** 0.5
    assert result.validation.passed


def test_where_only_the_plan_is_stated_its_type_follows():
    assert set(pairs(plan="PPO")) == {("Commercial", "PPO")}
    stated = pairs(plan_distribution={"Original Medicare": 0.5, "Medicaid FFS": 0.3, "Gold": 0.2})
    assert set(stated) == {("Medicare", "Original Medicare"), ("Medicaid", "Medicaid FFS"), ("Commercial", "Gold")}


def test_a_plan_that_nobody_knows_says_nothing_of_the_type():
    assert {kind for kind, _ in pairs(plan="Gold")} == {"Commercial", "Medicare", "Medicaid"}


def test_type_and_plan_may_follow_from_the_same_column():
    plans = {"type": "conditional", "rules": [{"if": "age >= 65", "then": "Medicare Advantage"}], "default": "HMO"}
    assert set(pairs(type=AGED, plan=plans)) == {("Medicare", "Medicare Advantage"), ("Commercial", "HMO")}


MISFITS = [
    ({"type": "Commercial", "plan": "Original Medicare"}, "coverage.plan", '"Original Medicare" is a plan of Medicare'),
    ({"type": "Medicaid", "plan": "hmo"}, "coverage.plan", '"HMO" is a plan of Commercial'),
    (
        {"type": "Medicare", "plan_distribution": {"Original Medicare": 0.5, "PPO": 0.5}},
        "coverage.plan_distribution",
        '"PPO" is a plan of',
    ),
    ({"type": "uninsured", "plan": "PPO"}, "coverage.plan", "the uninsured have no plan"),
    ({"type": AGED, "plan": "PPO"}, "coverage.plan", "none of these plans is for people of Medicare"),
    (
        {
            "type": AGED,
            "plan": {
                "type": "conditional",
                "rules": [{"if": "coverage_type == 'Medicare'", "then": "HMO"}],
                "default": "PPO",
            },
        },
        "coverage.plan.rules[0].then",
        '"HMO" is a plan of Commercial',
    ),
    (
        {"type": "Medicare", "plan": {"type": "mixture", "components": [{"weight": 1, "distribution": "HMO"}]}},
        "coverage.plan.components[0].distribution",
        '"HMO" is a plan of Commercial',
    ),
]


@pytest.mark.parametrize(("coverage", "where", "what"), MISFITS, ids=[what for _, _, what in MISFITS])
def test_a_plan_of_another_type_is_refused_with_its_path_and_those_of_the_type(coverage, where, what):
    with pytest.raises(SpecificationError) as refused:
        made(5, **coverage)
    (mistake,) = refused.value.mistakes
    assert (mistake.where, what in mistake.what) == (where, True)


def test_a_plan_that_only_shows_to_be_of_another_type_when_people_are_made_is_refused():
    plans = {"type": "conditional", "rules": [{"if": "age >= 40", "then": "Medicare Advantage"}], "default": "HMO"}
    with pytest.raises(
        SpecificationError, match=r'coverage.plan: "Medicare Advantage" is a plan of Medicare, and some'
    ):
        made(type=AGED, plan=plans)


def test_plans_that_people_have_by_default_are_those_that_have_a_benefit_design():
    offered = {offer.name: offered_plan(offer).coverage_type for offer in default_catalog().plans.values()}
    assert offered == {plan: KnownPlans.of({}).type_of(plan) for plan in offered}
