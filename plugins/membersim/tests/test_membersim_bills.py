"""What nobody covers is billed to the patient: no claim, the provider's charge, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from healthsim_core import Result, generate
from healthsim_core.verification.verify import verify_folder

VISIT = {"event_id": "seen", "event_type": "encounter", "delay": {"days": 40},
         "repeat": {"every": {"days": 40}, "count": 4},
         "parameters": {"class": "AMB", "specialty": "cardiology", "reason_code": "I10"}}  # fmt: skip
STAY = [
    {"event_id": "in", "event_type": "admission", "delay": {"days": 30},
     "parameters": {"reason_code": "I63.9", "admission_type": "1"}},
    {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": 3},
     "parameters": {"reason_code": "I63.9", "drg": "065"}},
]  # fmt: skip
DRUG = {"event_id": "drug", "event_type": "claim_pharmacy", "delay": {"days": 20},
        "parameters": {"ndc": "00093105001", "days_supply": 30}}  # fmt: skip


def of(kind: str, *events: dict[str, Any], **more: Any) -> Result:
    profile = {
        "id": "p",
        "generation": {"count": 12, "seed": 5},
        "demographics": {"age": 50},
        "coverage": {"type": kind},
    }
    journey = {"journey_id": "j", "duration_days": 250, "events": [VISIT, *STAY, DRUG, *events]}
    return generate(profile=profile, journey=journey, products=["membersim"], persist=False, start="2025-01-01", **more)


def rows(result: Result, name: str) -> list[dict[str, Any]]:
    return result.tables[f"membersim.{name}"].to_pylist()


def test_who_is_covered_all_along_has_no_bill() -> None:
    assert rows(of("Commercial"), "bill") == []


def test_everything_of_the_uninsured_is_a_bill_and_nothing_a_claim() -> None:
    result = of("uninsured")

    assert (len(rows(result, "bill")), rows(result, "claim")) == (6 * 12, [])


def test_the_uninsured_are_charged_what_claims_of_the_insured_charge() -> None:
    charges = {(row["person_id"], row["claim_id"]): row["billed"] for row in rows(of("Commercial"), "claim")}

    bills = rows(of("uninsured"), "bill")

    assert {(row["person_id"], row["bill_id"]): row["billed"] for row in bills} == charges


def test_a_bill_says_why() -> None:
    enrolled = {"event_id": "on", "event_type": "new_enrollment", "delay": {"days": 60}}
    ended = {"event_id": "off", "event_type": "termination", "delay": {"days": 140}}

    bills = rows(of("Commercial", enrolled, ended), "bill")

    told = (
        {row["reason"] for row in bills},
        {row["service_from"].month < 5 for row in bills if "before" in row["reason"]},
    )
    assert told == ({"before coverage", "after coverage ended"}, {True})


def test_a_service_is_a_bill_or_a_claim_and_never_both() -> None:
    result = of("Commercial", {"event_id": "off", "event_type": "termination", "delay": {"days": 100}})
    claims, bills = ({row[f"{name}_id"] for row in rows(result, name)} for name in ("claim", "bill"))

    assert (len(claims | bills), bool(claims), bool(bills), claims & bills) == (6 * 12, True, True, set())


def test_no_format_of_claims_or_members_has_the_uninsured(tmp_path: Path) -> None:
    formats = ["x12_834", "x12_835", "x12_837"]
    of("uninsured", out=tmp_path / "out", output_formats=formats)

    assert [path.name for name in formats for path in (tmp_path / "out" / name).glob("*.edi")] == []


def test_verify_finds_bills_as_they_are_made_again(tmp_path: Path) -> None:
    of("Commercial", {"event_id": "off", "event_type": "termination", "delay": {"days": 100}}, out=tmp_path / "out")

    assert verify_folder(tmp_path / "out").passed
