"""Settings of products: those that a product has, and no others;
a product that is absent is left out with its settings."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim import generate
from healthsim_core import SpecificationError

FIRST_PARTY = ("patientsim", "membersim", "rxmembersim", "trialsim", "populationsim", "networksim")


def told(products: dict[str, Any]) -> dict[str, Any]:
    return {"profile": {"id": "a", "demographics": {"age": 40}, "products": products}, "count": 2, "persist": False}


@pytest.mark.parametrize("product", FIRST_PARTY)
def test_a_setting_that_a_product_does_not_have_is_refused(product: str) -> None:
    with pytest.raises(SpecificationError, match=f'products.{product}: there is no setting "colour"'):
        generate(**told({product: {"colour": "blue"}}))


@pytest.mark.parametrize(
    ("product", "wrong", "near"),
    [("trialsim", "protocl", "protocol"), ("networksim", "every_one", "everyone")],
)
def test_the_nearest_setting_is_named(product: str, wrong: str, near: str) -> None:
    with pytest.raises(SpecificationError, match=f'Did you mean "{near}"'):
        generate(**told({product: {wrong: {}}}))


def test_a_product_that_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecificationError, match=r'(?s)"membersm".*Did you mean "membersim"'):
        generate(**told({"membersm": {"everyone": True}}))


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(SpecificationError) as caught:
        generate(**told({"trialsim": {"colour": 1, "size": 2}, "membersm": {}}))

    assert all(word in str(caught.value) for word in ("colour", "size", "membersm"))


def test_a_scenario_s_settings_are_looked_at_too() -> None:
    scenario = {
        "scenario": "One",
        "profile": told({})["profile"],
        "settings": {"rxmembersim": {"colour": 1}},
        "journeys": [],
    }
    with pytest.raises(SpecificationError, match="colour"):
        generate(scenario=scenario, persist=False)
