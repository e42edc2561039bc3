"""The pharmacy spends under the coverages and plans that every product knows."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from healthsim import generate
from healthsim_core import Result
from healthsim_core.testing import contradictions
from healthsim_core.verification.verify import verify_folder

STATIN: dict[str, Any] = {
    "rxnorm": "617310", "ndc": "59762015601", "description": "atorvastatin", "drug_class": "statin",
    "days_supply": 30, "quantity": 30, "refills": 2,
}  # fmt: skip
INSULIN: dict[str, Any] = {
    "rxnorm": "847232", "ndc": "00088221905", "description": "insulin glargine 100 UNT/ML Pen Injector, 3 mL",
    "drug_class": "insulin", "dose": 30, "dose_unit": "[iU]", "sig": "Inject 30 units at bedtime",
    "days_supply": 30, "quantity": 15, "refills": 11,
}  # fmt: skip
JARDIANCE: dict[str, Any] = {
    "ndc": "00597015230", "description": "empagliflozin", "drug_class": "sglt2_inhibitor",
    "days_supply": 30, "quantity": 30, "refills": 11,
}  # fmt: skip
STAY: list[dict[str, Any]] = [
    {"event_id": "in", "event_type": "admission", "delay": {"days": 1},
     "parameters": {"reason_code": "I21.4", "admission_type": "1"}},
    {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": 5},
     "parameters": {"reason_code": "I21.4", "drg": "281"}},
]  # fmt: skip


def order(drug: dict[str, Any], day: int = 0) -> dict[str, Any]:
    return {"event_id": "rx", "event_type": "medication_order", "delay": {"days": day}, "parameters": drug}


def change(event_type: str, day: int, **parameters: Any) -> dict[str, Any]:
    return {"event_id": event_type, "event_type": event_type, "delay": {"days": day}, "parameters": parameters}


def run(coverage: dict[str, Any], *events: dict[str, Any], count: int = 40, age: int = 50, **more: Any) -> Result:
    """People of an age and a coverage, whose journey begins on the first of January."""
    journey = {"journey_id": "drugs", "duration_days": 340, "events": list(events)}
    profile = {"id": "p", "demographics": {"age": age}, "coverage": coverage}
    told = {"count": count, "seed": 11, "start": "2025-01-01", "persist": False, "products": PRODUCTS, **more}
    return generate(profile, journey, **told)


PRODUCTS = ["membersim", "rxmembersim"]


def fills(result: Result, **wanted: Any) -> list[dict[str, Any]]:
    rows = result.tables["rxmembersim.fill"].to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def cards(result: Result) -> dict[int, dict[str, Any]]:
    return {row["coverage_id"]: row for row in result.tables["rxmembersim.cardholder"].to_pylist()}


def test_the_deductible_met_by_the_stay_is_not_taken_again_at_the_pharmacy() -> None:
    hdhp = {"type": "Commercial", "plan": "HDHP"}
    stayed = run(hdhp, *STAY, order(STATIN, 60))
    paid = {
        row["person_id"]: row["paid_date"]
        for row in stayed.tables["membersim.claim"].to_pylist()
        if row["status"] == "paid" and row["deductible"] == Decimal("2700.00")
    }
    after = [row for row in fills(stayed, status="paid") if row["fill_date"] > paid.get(row["person_id"], LATER)]

    assert len(after) > 20
    assert {row["deductible"] for row in after} == {Decimal(0)}
    assert {row["deductible_to_date"] for row in after} == {Decimal("2700.00")}


LATER = datetime.date(2099, 1, 1)


def test_without_the_stay_the_pharmacy_takes_the_deductible() -> None:
    alone = run({"type": "Commercial", "plan": "HDHP"}, order(STATIN, 60))

    assert all(row["deductible"] == row["allowed"] > 0 for row in fills(alone, status="paid"))


def test_a_plan_change_reaches_the_pharmacy_on_its_day() -> None:
    result = run({"type": "Commercial", "plan": "HDHP"}, order(JARDIANCE), change("plan_change", 150, plan="HMO"))
    card, day = cards(result), datetime.date(2025, 5, 31)
    plans = {(row["fill_date"] >= day, card[row["coverage_id"]]["plan"]) for row in fills(result)}

    assert plans == {(False, "HDHP"), (True, "HMO")}
    before = [row for row in fills(result, status="paid") if row["fill_date"] < day]
    after = [row for row in fills(result, status="paid") if row["fill_date"] >= day]
    assert sum(row["deductible"] for row in before) > 0 == sum(row["deductible"] for row in after)


def test_after_coverage_ended_a_fill_is_rejected_and_says_of_which_coverage() -> None:
    result = run({"type": "Commercial", "plan": "PPO"}, order(JARDIANCE), change("termination", 150, reason="moved"))
    card = cards(result)
    late = [row for row in fills(result) if row["fill_date"] > datetime.date(2025, 5, 31)]

    assert late
    assert {row["reject_code"] for row in late} == {"69"}
    assert all(card[row["coverage_id"]]["end_date"] < row["fill_date"] for row in late)


@pytest.mark.parametrize("plan", ["Original Medicare", "Medicare Advantage"])
@pytest.mark.parametrize("products", [["rxmembersim"], PRODUCTS])
def test_in_medicare_insulin_is_35_dollars_a_month_at_most_before_any_deductible(
    plan: str, products: list[str]
) -> None:
    result = run({"type": "Medicare", "plan": plan}, order(INSULIN, 5), age=70, products=products)
    paid = fills(result, status="paid")
    assert paid
    assert max(row["patient_pay"] for row in paid) <= 35
    assert {row["deductible"] for row in paid} == {Decimal(0)}


def test_a_card_is_a_coverage_that_every_product_knows() -> None:
    result = run({"type": "Commercial", "plan": "PPO"}, order(STATIN), change("plan_change", 100, plan="HMO"))
    known = {
        (row["coverage_id"], row["person_id"], row["plan"], row["start_date"], row["end_date"])
        for row in result.tables["membersim.coverage"].to_pylist()
    }
    told = {
        (row["coverage_id"], row["person_id"], row["plan"], row["start_date"], row["end_date"])
        for row in cards(result).values()
    }

    assert told == known


def test_medical_claims_change_no_fill_of_a_plan_whose_drugs_are_apart() -> None:
    medicare = {"type": "Medicare", "plan": "Original Medicare"}
    stayed, healthy = run(medicare, *STAY, order(JARDIANCE, 60), age=70), run(medicare, order(JARDIANCE, 60), age=70)
    shares = ("fill_date", "allowed", "deductible", "copay", "coinsurance", "deductible_to_date")

    assert [[row[name] for name in shares] for row in fills(stayed)] == [
        [row[name] for name in shares] for row in fills(healthy)
    ]


def test_until_the_plan_learns_that_coverage_has_ended_the_pharmacy_is_paid_under_it() -> None:
    ended = change("termination", 120, reason="moved", effective_days=-90)
    result = run({"type": "Commercial", "plan": "HDHP"}, order(JARDIANCE), change("plan_change", 60, plan="HMO"), ended)
    card, learned = cards(result), datetime.date(2025, 5, 1)
    plans = {card[row["coverage_id"]]["plan"] for row in fills(result, status="paid")}

    assert plans == {"HDHP", "HMO"}
    assert {row["reject_code"] for row in fills(result) if row["fill_date"] > learned} == {"69"}
    assert "69" not in {row["reject_code"] for row in fills(result) if row["fill_date"] < learned}
    assert result.validation.passed


def test_of_two_coverages_the_first_is_billed_until_it_ends_and_verify_agrees(tmp_path: Any) -> None:
    dual = {"type": "Medicare", "plan": "Original Medicare", "others": [{"type": "Medicaid", "plan": "Medicaid FFS"}]}
    events = (order(JARDIANCE), change("termination", 150, reason="moved"))
    result = run(dual, *events, age=70, out=tmp_path, output_formats=["ncpdp_d0"])
    card, last = cards(result), datetime.date(2025, 5, 31)

    assert {(row["fill_date"] > last, card[row["coverage_id"]]["rank"]) for row in fills(result)} == {
        (False, 1),
        (True, 2),
    }
    assert verify_folder(tmp_path).passed


def test_the_uninsured_have_neither_card_nor_claim() -> None:
    result = run({"type": "uninsured"}, order(STATIN))

    assert cards(result) == {}
    assert {(row["status"], row["coverage_id"]) for row in fills(result)} <= {("cash", None), ("returned", None)}


def test_what_is_transmitted_says_what_the_tables_say_through_a_plan_change(tmp_path: Any) -> None:
    events = (order(JARDIANCE), change("plan_change", 100, plan="HDHP"), change("termination", 200, reason="moved"))
    run({"type": "Commercial", "plan": "HMO"}, *events, out=tmp_path, output_formats=["ncpdp_d0"])
    billed = (tmp_path / "ncpdp_d0" / "b1.ncpdp").read_text()

    assert contradictions(tmp_path, "ncpdp_d0") == []
    assert {group for group in ("RXHMO", "RXHDHP", "RXPPO") if group in billed} == {"RXHMO", "RXHDHP"}
