"""What a plan does not cover is the patient's, and table and remittance say why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from healthsim_core import Result, generate
from healthsim_core.verification.verify import verify_folder

STAY = [
    {"event_id": "in", "event_type": "admission", "delay": {"days": 10},
     "parameters": {"reason_code": "M17.11", "admission_type": "3"}},
    {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": 2},
     "parameters": {"reason_code": "M17.11", "drg": "470"}},
]  # fmt: skip


def visits(count: int) -> list[dict[str, Any]]:
    often = {"delay": {"days": 5}, "repeat": {"every": {"days": 9}, "count": count}}
    return [{"event_id": "seen", "event_type": "encounter", **often,
             "parameters": {"class": "AMB", "specialty": "cardiology", "reason_code": "I10"}}]  # fmt: skip


def of_design(services: dict[str, Any], events: list[dict[str, Any]], **more: Any) -> Result:
    design = {"coverage_type": "Commercial", "kind": "commercial", "insurance_line": "PPO",
              "filing": {"P": "12", "I": "12", "R": "12"}, "in": {"services": services}}  # fmt: skip
    profile = {
        "id": "p", "generation": {"count": 30, "seed": 5}, "demographics": {"age": 60},
        "coverage": {"type": "Commercial", "plan": "Own", "plans": {"Own": design}},
    }  # fmt: skip
    journey = {"journey_id": "j", "duration_days": 150, "events": events}
    return generate(profile=profile, journey=journey, products=["membersim"], persist=False, **more)


def paid_lines(result: Result) -> list[dict[str, Any]]:
    paid = {row["claim_id"] for row in result.tables["membersim.claim"].to_pylist() if row["status"] == "paid"}
    return [row for row in result.tables["membersim.claim_line"].to_pylist() if row["claim_id"] in paid]


def asked_for_nothing(monkeypatch: pytest.MonkeyPatch, lacking: float, share_in: float = 0.0) -> None:
    from membersim.handlers import adjudication

    document: Callable[[str], Any] = adjudication.document
    network = {"share_in": {"Own": share_in}}
    rules = {**document("payment"), "authorization": {"lacking": lacking}, "network": network}
    monkeypatch.setattr(adjudication, "document", lambda name: rules if name == "payment" else document(name))


def test_a_kind_of_service_that_the_plan_excludes_is_all_the_patient_s() -> None:
    lines = paid_lines(of_design({"specialist": {"covered": False}}, visits(1)))

    assert {(row["not_covered"] - row["allowed"], row["paid"], row["not_covered_reason"]) for row in lines} == {
        (0, 0, "96")
    }


def test_beyond_the_maximum_of_a_year_the_plan_pays_nothing() -> None:
    lines = paid_lines(of_design({"specialist": {"maximum": 300}}, visits(12)))
    of_year: Counter[tuple[int, int]] = Counter()
    for row in lines:
        of_year[row["person_id"], row["service_date"].year] += row["paid"]

    assert {row["not_covered_reason"] for row in lines if row["not_covered"]} == {"119"}
    assert max(of_year.values()) == 300


def test_what_is_covered_in_full_says_no_reason() -> None:
    lines = paid_lines(of_design({"specialist": {}}, visits(1)))

    assert {(row["not_covered"], row["not_covered_reason"]) for row in lines} == {(0, None)}


@pytest.mark.parametrize(("lacking", "fine"), [(0.0, 0), (1.0, 500)])
def test_an_elective_stay_out_of_network_without_authorization_costs_the_penalty_once(
    monkeypatch: pytest.MonkeyPatch, lacking: float, fine: int
) -> None:
    asked_for_nothing(monkeypatch, lacking)
    result = of_design({"inpatient": {"penalty": 500}}, STAY)

    claims = [row for row in result.tables["membersim.claim"].to_pylist() if row["status"] == "paid"]

    assert {row["not_covered"] for row in claims} == {fine}


def test_in_network_nobody_is_fined(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for_nothing(monkeypatch, 1.0, share_in=1.0)
    result = of_design({"inpatient": {"penalty": 500}}, STAY)

    claims = [row for row in result.tables["membersim.claim"].to_pylist() if row["network"] == "in"]

    assert {row["not_covered"] for row in claims if row["status"] == "paid"} == {0}


def test_the_remittance_says_what_is_not_covered_under_pr_and_verify_finds_it_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked_for_nothing(monkeypatch, 1.0)
    services = {"specialist": {"copay": 20, "maximum": 300}, "inpatient": {"penalty": 500}, "other": {"covered": False}}
    events = [*visits(12), *STAY, {"event_id": "home", "event_type": "encounter",
              "parameters": {"class": "HH", "reason_code": "I10"}}]  # fmt: skip
    out = tmp_path / "out"
    of_design(services, events, out=out, output_formats=["x12_835"])

    segments = (out / "x12_835" / "835.edi").read_text().split("~")
    reasons = {said.split("*")[at] for said in map(str.strip, segments) if said.startswith("CAS*PR")
               for at in range(2, said.count("*") + 1, 3)}  # fmt: skip

    assert reasons == {"3", "96", "119", "197"}
    assert [str(finding) for finding in verify_folder(out, formats=["x12_835"]).findings if finding.wrong] == []
