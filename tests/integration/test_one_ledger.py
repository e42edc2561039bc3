"""What patients and plans pay, over all products, is what a plain loop over the same priced lines says."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from healthsim import generate
from healthsim_core.benefits.ledger import Ledger, settle
from healthsim_core.handling import dispatch

sys.path.insert(0, str(Path(__file__).parents[1]))
from plain_ledger import Back, Line, PlainLedger, Span


@attrs.frozen
class Chunk:
    """What the ledger was given in a chunk, and what it made of it."""

    ledger: Ledger
    coverages: Any
    born: Any


class Listener:
    """Listens to the ledgers of a run."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def settle(self, spendings: Any, plans: Any, coverages: Any, birth_date: Any) -> Ledger:
        ledger = settle(spendings, plans, coverages, birth_date)
        self.chunks.append(Chunk(ledger, coverages, birth_date))
        return ledger


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Listener:
    listener = Listener()
    monkeypatch.setattr(dispatch, "settle", listener.settle)
    return listener


def lines_of(chunk: Chunk) -> Iterator[Line]:
    start = 0
    for spending in chunk.ledger.spendings:
        lines = spending.lines
        service, moment = lines.service.astype("datetime64[D]").tolist(), lines.moment.astype("datetime64[s]").tolist()
        columns = (
            lines.claim.tolist(), lines.number.tolist(), lines.row.tolist(), lines.coverage.tolist(), service, moment,
            lines.kind.to_pylist(), lines.tier.tolist(), ["out" if out else "in" for out in lines.network.tolist()],
            lines.allowed.tolist(), lines.units.tolist(), lines.free.tolist(), lines.unauthorized.tolist(),
            lines.opens.tolist(), np.where(lines.after >= 0, lines.after + start, -1).tolist(),
        )  # fmt: skip
        yield from map(Line, *columns)
        start += len(lines)


def backs_of(chunk: Chunk) -> list[Back]:
    return [
        Back(*row)
        for spending in chunk.ledger.spendings
        for row in zip(
            spending.reversals.id.tolist(),
            spending.reversals.claim.tolist(),
            spending.reversals.moment.astype("datetime64[s]").tolist(),
            strict=True,
        )
    ]


def plain_shares(chunk: Chunk) -> list[tuple[int, ...]]:
    plans, covers = chunk.ledger.plans, chunk.coverages
    spans = [Span(*row) for row in zip(covers.row.tolist(), covers.plan.tolist(), covers.holder.tolist(), strict=True)]
    born: dict[int, datetime.date] = dict(enumerate(chunk.born.astype("datetime64[D]").tolist()))
    plain = PlainLedger(plans.designs, plans.usual, spans, born, plans.self_only)
    return [tuple(share) for share in plain.settle(list(lines_of(chunk)), backs_of(chunk))[0]]


def shares(chunk: Chunk) -> list[tuple[int, ...]]:
    given = chunk.ledger.shares
    return list(zip(*(getattr(given, field.name).tolist() for field in attrs.fields(type(given))), strict=True))


SENIORS = {
    "id": "seniors",
    "demographics": {"age": {"type": "uniform", "min": 67, "max": 85}},
    "clinical": {"conditions": [{"code": "E11"}]},
    "coverage": {"type": "Medicare", "plan": "Original Medicare"},
    "attributes": {"caries": "mild"},
}
LATE_END = {
    "journey_id": "late-end",
    "duration_days": 365,
    "events": [
        {"event_id": "end", "event_type": "termination", "delay": {"days": [120, 200]},
         "parameters": {"effective_days": -75, "reason": "job loss"}},
        {"event_id": "again", "event_type": "new_enrollment", "depends_on": "end", "delay": {"days": 60}},
        {"event_id": "other", "event_type": "plan_change", "depends_on": "again", "delay": {"days": 45},
         "parameters": {"plan": "HDHP"}},
    ],
}  # fmt: skip
STAY = {
    "journey_id": "stay",
    "duration_days": 120,
    "events": [
        {"event_id": "in", "event_type": "admission", "delay": {"days": [1, 80]}, "probability": 0.4,
         "parameters": {"reason_code": "I21.4", "admission_type": "3"}},
        {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": [1, 9]},
         "parameters": {"reason_code": "I21.4", "drg": "281"}},
    ],
}  # fmt: skip
OWN = {
    "coverage_type": "Commercial",
    "kind": "commercial",
    "in": {
        "deductible": {"individual": 200, "family": 300, "aggregate": True},
        "out_of_pocket": {"individual": 900, "family": 1_500},
        "services": {
            "primary": {"copay": 15}, "specialist": {"coinsurance": 0.15, "deductible": True, "maximum": 120},
            "inpatient": {"copay": 90, "per": "day", "days": 3, "deductible": True, "penalty": 250},
            "other": {"covered": False}, "pharmacy": {"coinsurance": 0.3, "deductible": True},
            "dental": {"coinsurance": 0.2, "deductible": True, "maximum": 400},
        },
    },
    "out": {"services": {"specialist": {"coinsurance": 0.5}}},
}  # fmt: skip
DUALS = [
    {"type": "Medicaid", "plan": "Medicaid FFS", "probability": 0.6},
    {"type": "Commercial", "plan": "PPO", "probability": 0.2, "rank": 3},
]
RUNS: dict[str, dict[str, Any]] = {
    "families": {"profile": "commercial-family", "journey": ["member-year", "statin-therapy-year"]},
    "seniors": {"profile": "medicare-diabetic", "journey": ["diabetic-first-year", "polypharmacy-year"]},
    "mothers": {"profile": "expectant-mother", "journey": ["pregnancy-journey", "chronic-management"]},
    "teeth": {"profile": "dental-adults", "journey": ["dental-year", "member-year", "statin-therapy-year"]},
    "lapses": {"profile": "commercial-family", "journey": ["coverage-lapse", "diabetes-drug-therapy"]},
    "late": {"profile": "commercial-family", "journey": [LATE_END, "member-year", "statin-therapy-year"]},
    "duals": {
        "profile": {**SENIORS, "coverage": {**SENIORS["coverage"], "others": DUALS}},
        "journey": ["diabetic-first-year", "polypharmacy-year", "dental-year"],
    },
    "own": {
        "profile": {
            "id": "own", "demographics": {"age": {"type": "uniform", "min": 20, "max": 60}},
            "attributes": {"caries": "severe"}, "coverage": {"plan": "Own", "plans": {"Own": OWN}},
        },
        "journey": [STAY, "specialist-referral-pattern", "member-year", "statin-therapy-year", "dental-year"],
    },
}  # fmt: skip
PRODUCTS = ["membersim", "rxmembersim", "dentalsim"]


def what_it_shares(heard: Listener) -> dict[str, int]:
    """How many lines there are, how many are paid second, and how many claims are given back."""
    spendings = [spending for chunk in heard.chunks for spending in chunk.ledger.spendings]
    return {
        "lines": sum(len(spending.lines) for spending in spendings),
        "second": sum(int((spending.lines.after >= 0).sum()) for spending in spendings),
        "back": sum(len(spending.reversals) for spending in spendings),
    }


def test_late_ends_give_claims_back_and_second_coverages_pay(heard: Listener) -> None:
    for name in ("late", "duals"):
        generate(**RUNS[name], count=300, seed=7, products=PRODUCTS, persist=False)
    shared = what_it_shares(heard)
    assert shared["second"] > 500
    assert shared["back"] > 100


@pytest.mark.parametrize("name", RUNS)
def test_every_line_is_shared_to_the_cent_as_a_plain_loop_shares_it(name: str, heard: Listener) -> None:
    generate(**RUNS[name], count=2_500, seed=7, products=PRODUCTS, persist=False)
    assert sum(len(chunk.ledger.posting.row) for chunk in heard.chunks) > 5_000
    for chunk in heard.chunks:
        assert shares(chunk) == plain_shares(chunk)


def test_the_reversal_of_a_fill_gives_back_what_the_second_coverage_counted() -> None:
    fill = {"event_id": "fill", "event_type": "fill", "delay": {"days": 40},
            "parameters": {"ndc": "68180098001", "drug_class": "ace_inhibitor", "days_supply": 30}}  # fmt: skip
    back = {"event_id": "back", "event_type": "reversal", "depends_on": "fill", "delay": {"days": 5}}
    others = [{"type": "Medicaid", "plan": "Medicaid FFS"}]
    profile = {
        "id": "p",
        "demographics": {"age": 50},
        "coverage": {"type": "Commercial", "plan": "PPO", "others": others},
    }
    journey = {"journey_id": "fill-and-back", "duration_days": 60, "events": [fill, back]}

    made = generate(profile, journey, count=1, products=["membersim", "rxmembersim"], persist=False).tables

    (secondary,) = made["rxmembersim.secondary_claim"].to_pylist()
    mine = [row for row in made["membersim.ledger"].to_pylist() if row["claim_id"] == secondary["claim_id"]]
    assert [row["amount"] for row in mine] == [secondary["patient_pay"], -secondary["patient_pay"]]


JOURNEYS = ["diabetic-first-year", "polypharmacy-year", "dental-year"]


@pytest.mark.parametrize("added", ["rxmembersim", "dentalsim", "patientsim"])
def test_a_product_that_spends_of_benefits_apart_changes_no_claim(added: str) -> None:
    one, both = (
        generate(SENIORS, JOURNEYS, count=150, seed=5, products=products, persist=False).tables
        for products in (["membersim"], ["membersim", added])
    )
    for table in ("membersim.claim", "membersim.claim_line"):
        assert both[table].equals(one[table])


def test_drugs_that_share_a_limit_are_paid_in_full_once_a_stay_has_met_it() -> None:
    stay = [
        {"event_id": "in", "event_type": "admission", "delay": {"days": 1},
         "parameters": {"reason_code": "I21.4", "admission_type": "1"}},
        {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": 5},
         "parameters": {"reason_code": "I21.4", "drg": "281"}},
    ]  # fmt: skip
    drug = {"rxnorm": "617310", "ndc": "59762015601", "description": "atorvastatin", "drug_class": "statin"}
    drug |= {"days_supply": 30, "refills": 2}
    order = {"event_id": "rx", "event_type": "medication_order", "delay": {"days": 60}, "parameters": drug}
    profile = {"id": "p", "demographics": {"age": 50}, "coverage": {"type": "Commercial", "plan": "HDHP"}}
    journey = {"journey_id": "stay-then-statin", "duration_days": 200, "events": [*stay, order]}

    products = ["membersim", "rxmembersim"]
    tables = generate(profile, journey, count=60, products=products, start="2025-02-01", persist=False).tables

    met = {
        row["person_id"]
        for row in tables["membersim.claim"].to_pylist()
        if row["status"] == "paid" and row["member_share"] >= 4_900
    }
    fills = [row for row in tables["rxmembersim.fill"].to_pylist() if row["status"] == "paid"]
    assert len(met) > 40
    assert {row["patient_pay"] for row in fills if row["person_id"] in met} == {0}
