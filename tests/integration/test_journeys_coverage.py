"""What ends a person's coverage stops claims and leaves clinical life as it is."""

from __future__ import annotations

import re
from pathlib import Path

from healthsim import generate
from healthsim_core.verification.verify import verify_folder

VISIT = {"class": "AMB", "reason_code": "J06.9", "reason_description": "Acute upper respiratory infection, unspecified"}


def test_no_claim_is_for_a_day_after_coverage_has_ended_and_visits_go_on() -> None:
    events = [
        {"event_id": "lost", "event_type": "milestone", "delay": {"days": [100, 150]}, "ends": "coverage"},
        {
            "event_id": "visit",
            "event_type": "encounter",
            "repeat": {"every": {"days": 15}, "count": 20},
            "parameters": VISIT,
        },
    ]
    journey = {"journey_id": "lapse", "duration_days": 365, "events": events}
    result = generate(profile="commercial-healthy", journey=journey, count=40, products=["patientsim", "membersim"])
    rows = result.timeline.to_pylist()
    lost = {row["person_id"]: row["time"].date() for row in rows if row["node"] == "lost"}
    claims = result.tables["membersim.claim"].to_pylist()
    assert claims and all(claim["service_from"] <= lost[claim["person_id"]] for claim in claims)
    assert any(row["node"] == "visit" and row["time"].date() > lost[row["person_id"]] for row in rows)


def test_no_file_has_a_claim_of_a_day_without_coverage_though_members_change_plans_and_leave(tmp_path: Path) -> None:
    formats = ["x12_834", "x12_837", "x12_835", "fhir_r4"]
    out = tmp_path / "out"
    result = generate(
        profile="commercial-healthy", journey="coverage-lapse", count=150, seed=3, output_formats=formats, out=out
    )
    report = verify_folder(out)
    assert report.passed, str(report)
    visits = {row["event_id"]: row for row in result.timeline.to_pylist() if row["event_type"] == "encounter"}
    bills = [row for row in result.timeline.to_pylist() if row["event_type"] == "claim_professional"]
    spans: dict[int, list[tuple[str, str]]] = {}
    for row in result.tables["membersim.coverage"].to_pylist():
        spans.setdefault(row["person_id"], []).append((str(row["start_date"]), str(row["end_date"] or "9999")))
    uncovered = {
        bill["event_id"]
        for bill in bills
        for day in [str(visits[bill["cause_id"]]["time"].date())]
        if not any(start <= day <= end for start, end in spans[bill["person_id"]])
    }
    assert 0 < len(uncovered) < len(bills)
    filed = set(map(int, re.findall(r"CLM\*(\d+)\*", (out / "x12_837" / "837p.edi").read_text())))
    paid = set(map(int, re.findall(r"CLP\*(\d+)\*", next((out / "x12_835").glob("*")).read_text())))
    assert filed == {bill["event_id"] for bill in bills} - uncovered
    assert paid <= filed


def test_the_timeline_says_what_ended_coverage() -> None:
    result = generate(profile="commercial-healthy", journey="coverage-lapse", count=100, products=["membersim"])
    ended = {
        (row["person_id"], row["time"].date())
        for row in result.timeline.to_pylist()
        if row["event_type"] == "termination"
    }
    left = [row for row in result.tables["membersim.coverage"].to_pylist() if row["end_reason"] not in (None, "22")]
    assert left
    assert all((row["person_id"], row["end_date"]) in ended for row in left)
