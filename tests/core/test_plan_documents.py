"""A plan of benefits as a document: what it may say, and every mistake at its path."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim_core.errors import SpecificationError
from healthsim_core.spec import PlanSpecification

GOLD: dict[str, Any] = {
    "plan": "Gold", "coverage_type": "Commercial", "kind": "commercial",
    "insurance_line": "PPO", "filing": {"P": "12", "I": "12", "R": "12"},
    "in": {"deductible": {"individual": 500, "family": 1000}, "services": {"primary": {"copay": 20}}},
}  # fmt: skip


def mistakes(**changes: Any) -> list[tuple[str, str, str]]:
    """Path, what is wrong and remedy of every mistake of Gold with changes."""
    with pytest.raises(SpecificationError) as refused:
        PlanSpecification.read({**GOLD, **changes}, "gold.json")
    return [(mistake.where, mistake.what, mistake.remedy) for mistake in refused.value.mistakes]


def test_a_plan_says_what_it_says_again_as_json():
    written = PlanSpecification.read(GOLD).model_dump(mode="json", by_alias=True, exclude_unset=True)

    assert written == GOLD


def test_a_coverage_type_is_read_as_everybody_writes_it():
    assert PlanSpecification.read({**GOLD, "coverage_type": "commercial"}).coverage_type == "Commercial"


def test_amounts_by_year_limits_without_end_and_terms_by_tier_are_read():
    drugs = {"per": "day", "copay": 3, "tiers": {"1": {"copay": {"2025": 1, "2026": 2}}, "9": {"days": 5}}}
    side = {"out_of_pocket": {"individual": {"2025": 9000, "2026": None}, "family": None}, "services": {"drug": drugs}}

    plan = PlanSpecification.read({**GOLD, "in": side})

    assert plan.within.services["drug"].tiers["1"].copay == {"2025": 1, "2026": 2}
    assert plan.within.out_of_pocket.individual == {"2025": 9000, "2026": None}


def inside(entry: str, value: Any) -> dict[str, Any]:
    return {"in": {entry: value}}


def of_primary(**term: Any) -> dict[str, Any]:
    return inside("services", {"primary": term})


def drugs() -> dict[str, Any]:
    return {"services": ["pharmacy"], "deductible": {"individual": 100}}


REFUSED = [
    ({"kind": "charity"}, "kind", '"charity" is not one of'),
    ({"kind": "medicare"}, "kind", '"medicare" is a kind of Medicare plans, and this one is of Commercial.'),
    (
        {"in": {"deductible": {"individual": 4000}, "out_of_pocket": {"individual": 3000}}},
        "in.deductible.individual",
        "the deductible of 4,000 is above the out-of-pocket limit of 3,000.",
    ),
    ({"deductable": 5}, "deductable", 'there is no field "deductable" here.'),
    ({"filing": {"P": "12", "I": "12"}}, "filing.R", 'the field "R" is missing.'),
    ({"filing": {"P": "12", "I": "1~NM1*IL", "R": "12"}}, "filing.I", '"1~NM1*IL" is no claim filing indicator.'),
    ({"insurance_line": ["PPO"]}, "insurance_line", '["PPO"] is not a text.'),
    ({"coverage_type": {}}, "coverage_type", "{} is not a text."),
    ({"coverage_type": "Comercial"}, "coverage_type", '"Comercial" is no coverage type.'),
    ({"coverage_type": "uninsured"}, "coverage_type", "the uninsured have no plan."),
    ({"default": "yes"}, "default", '"yes" is not true or false.'),
    ({"exempt_below_age": 2.5}, "exempt_below_age", "2.5 is not a whole number."),
    ({"rules": ["erisa"]}, "rules[0]", '"erisa" is not one of "aca" or "hsa".'),
    (inside("deductible", 500), "in.deductible", "500 is not a mapping."),
    (
        inside("deductible", {"individual": 900, "family": 500}),
        "in.deductible.family",
        "the family's 500 is less than the 900 of one of its members.",
    ),
    (
        inside("out_of_pocket", {"individual": {"2025": 900, "2026": 1100}, "family": {"2024": 1000}}),
        "in.out_of_pocket.family",
        "the family's 1,000 in 2026 is less than the 1,100 of one of its members.",
    ),
    (
        {"out": {"out_of_pocket": {"individual": 9, "family": 8}}},
        "out.out_of_pocket.family",
        "the family's 8 is less than the 9 of one of its members.",
    ),
    (
        inside("deductible", {"individual": 900, "aggregate": True}),
        "in.deductible.family",
        "a family is to meet its limit together, and has none.",
    ),
    (
        inside("deductible", {"individual": 900, "family": 100, "aggregate": True}),
        "in.deductible.family",
        "the family's 100 is less than the 900 of one of its members.",
    ),
    (inside("deductible", {"individual": -1}), "in.deductible.individual", "-1 is below 0."),
    (inside("deductible", {"individual": {"25": 1}}), "in.deductible.individual.25", '"25" has another form.'),
    (inside("deductible", {"individual": {}}), "in.deductible.individual", "{} has 0 items."),
    (of_primary(copay="five"), "in.services.primary.copay", '"five" is not a number or a mapping.'),
    (of_primary(copay=True), "in.services.primary.copay", "true is not a number or a mapping."),
    (of_primary(copay=None), "in.services.primary.copay", "null says nothing here"),
    (of_primary(copay={"2025": -5}), "in.services.primary.copay.2025", "-5 is below 0."),
    (of_primary(coinsurance=20), "in.services.primary.coinsurance", "20 is above 1."),
    (of_primary(most=-0.5), "in.services.primary.most", "-0.5 is below 0."),
    (
        of_primary(copay=5, days=3),
        "in.services.primary.days",
        "days are counted where a copay is due by the day, and this one is not.",
    ),
    (
        of_primary(tiers={"2": {"copay": 5, "per": "month", "days": 3}}, per="day"),
        "in.services.primary.tiers.2.days",
        "days are counted where a copay is due by the day, and this one is not.",
    ),
    (of_primary(tiers={"10": {"copay": 5}}), "in.services.primary.tiers.10", '"10" has another form.'),
    (of_primary(tiers={"0": {"copay": 5}}), "in.services.primary.tiers.0", '"0" has another form.'),
    ({"apart": {"drugs": {"services": []}}}, "apart.drugs.services", "[] has 0 items."),
    (
        {"apart": {"drugs": {"services": ["pharmacy"]}}},
        "apart.drugs",
        "these services have neither a deductible nor an out-of-pocket limit of their own.",
    ),
    ({"apart": {"plan": drugs()}}, "apart.plan", '"plan" is what the accumulators of the whole plan are called.'),
    ({"apart": {"drugs": drugs(), "more": drugs()}}, "apart.more.services[0]", '"pharmacy" is apart twice.'),
]


@pytest.mark.parametrize(("changes", "where", "what"), REFUSED, ids=[f"{where}: {what}" for _, where, what in REFUSED])
def test_a_plan_that_makes_no_sense_is_refused_in_one_line_at_its_entry(changes, where, what):
    ((found, said, remedy),) = mistakes(**changes)

    assert found.startswith(f"gold.json: {where}")
    assert said.startswith(what)
    assert remedy


def test_a_misspelt_term_of_a_service_is_told_the_name_of_a_term():
    ((_, _, remedy),) = mistakes(**of_primary(copays=20))

    assert remedy == 'Did you mean "copay"?'


def test_every_mistake_of_a_plan_is_told_at_once():
    wrong = {"kind": "charity", "in": {"deductible": {"individual": 9, "family": 5},
                                       "services": {"primary": {"copay": -1}, "other": {"days": 2}}}}  # fmt: skip

    assert {where for where, _, _ in mistakes(**wrong)} == {
        "gold.json: kind", "gold.json: in.deductible.family", "gold.json: in.services.primary.copay",
        "gold.json: in.services.other.days",
    }  # fmt: skip


def test_a_profile_in_the_place_of_a_plan_is_called_one():
    with pytest.raises(SpecificationError, match="this is a profile, not a plan"):
        PlanSpecification.read({"id": "adults", "demographics": {"age": 40}})
