"""Other coverages of a profile: who has them, what they say, and what cannot be."""

from __future__ import annotations

import clinic
import pytest

from healthsim_core.errors import SpecificationError
from healthsim_core.generation.result import Result
from healthsim_core.generator import make_plan

COUNT = 2_000


def made(*others: dict, members: tuple[dict, ...] = (), **coverage: object) -> Result:
    kind = {"type": "Medicare", **coverage}
    profile = {"id": "covered", "coverage": {**kind, "others": list(others)}}
    return clinic.run({**profile, **({"members": list(members)} if members else {})}, count=COUNT)


def people(*others: dict, **coverage: object) -> list[dict]:
    return made(*others, **coverage).tables["core.person"].to_pylist()


def test_as_many_have_another_coverage_as_its_probability_says():
    found = people({"type": "medicaid", "plan": "medicaid_ffs", "probability": 0.19})

    share = sum(person["coverage_type_2"] == "Medicaid" for person in found) / COUNT
    assert abs(share - 0.19) < 5 * (0.19 * 0.81 / COUNT) ** 0.5
    assert {(person["coverage_type_2"], person["plan_2"]) for person in found} == {
        ("Medicaid", "Medicaid FFS"),
        ("none", None),
    }


def test_validation_tests_the_shares_that_are_stated():
    assert made({"type": "Medicaid", "probability": 0.19}).validation.passed


def test_a_plan_that_is_left_unsaid_is_one_of_its_type():
    plans = {person["plan_2"] for person in people({"type": "Medicaid"})}

    assert plans == {"Managed Medicaid", "Medicaid FFS"}


def test_the_uninsured_have_none():
    kinds = {"type": "categorical", "weights": {"Medicare": 0.5, "uninsured": 0.5}}

    found = people({"type": "Medicaid"}, type=kinds)

    assert {person["coverage_type_2"] for person in found if person["coverage_type"] == "uninsured"} == {"none"}


def test_what_another_coverage_adds_moves_nothing_else():
    with_other, without = people({"type": "Medicaid", "probability": 0.5}), people()

    added = ("coverage_type_2", "plan_2")
    assert [{name: value for name, value in person.items() if name not in added} for person in with_other] == without


COUPLE = {"role": "subscriber", "age": 70}, {"role": "spouse", "age": 70}


@pytest.mark.parametrize(("kind", "alone"), [("Medicaid", True), ("Commercial", False)])
def test_a_coverage_that_each_holds_alone_is_drawn_for_each(kind, alone):
    found = made({"type": kind, "probability": 0.5}, members=COUPLE).tables["core.person"].to_pylist()

    couples = zip(found[::2], found[1::2], strict=True)
    assert any(one["coverage_type_2"] != other["coverage_type_2"] for one, other in couples) == alone


def test_ranks_are_places_in_the_list_where_they_are_not_said():
    found = people({"type": "Medicaid"}, {"type": "Commercial"})

    assert {(person["coverage_type_2"], person["coverage_type_3"]) for person in found} == {("Medicaid", "Commercial")}


@pytest.mark.parametrize(
    ("others", "where", "what", "remedy"),
    [
        ([{"type": "Medicaid", "rank": 1}], "[0].rank", "the rank is 1; 1 is what coverage.type and", "Give 2 to 4."),
        ([{"type": "Medicaid", "rank": 9}], "[0].rank", "the rank is 9", "Give 2 to 4."),
        ([{"type": "Medicaid", "rank": 2.5}], "[0].rank", "2.5 is not a whole number", "Give a whole number."),
        (
            [{"type": "Medicaid", "rank": 3}, {"type": "Commercial", "rank": 3}],
            "[1].rank",
            "two coverages have the rank 3",
            "Give 2 or 4.",
        ),
        ([{"type": "Commercial"}] * 4, "[3]", "nobody has more than 4 coverages", "Leave some out."),
        ([{"type": "uninsured"}], "[0].type", "who has another coverage is not uninsured", "or a probability"),
        ([{"type": "Medicaid", "plan": "PPO"}], "[0].plan", '"PPO" is a plan of Commercial', "Managed Medicaid"),
        ([{"type": "Medicaid", "probability": 2}], "[0].probability", "2 is above 1", "Give 1 or less."),
        (
            [{"type": {"type": "derived", "expression": "'Medicaid'"}, "probability": 0.5}],
            "[0].probability",
            'of a coverage type that is "derived" nobody knows how many have none',
            "Write the types out",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_its_place(others, where, what, remedy):
    with pytest.raises(SpecificationError) as refused:
        make_plan({"id": "covered", "coverage": {"type": "Medicare", "others": others}}, catalog=clinic.catalog())
    (mistake,) = refused.value.mistakes
    assert mistake.where == f"coverage.others{where}", str(refused.value)
    assert what in mistake.what
    assert remedy in mistake.remedy


def test_the_uninsured_with_others_are_refused():
    with pytest.raises(SpecificationError, match=r"^coverage\.others: the uninsured have no other coverage\."):
        make_plan({"id": "covered", "coverage": {"type": "uninsured", "others": [{"type": "Medicaid"}]}})
