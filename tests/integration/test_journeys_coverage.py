"""What ends a person's coverage stops claims and leaves clinical life as it is."""

from __future__ import annotations

from healthsim import generate

VISIT = {"class": "AMB", "reason_code": "J06.9", "reason_description": "Acute upper respiratory infection, unspecified"}


def test_no_claim_is_for_a_day_after_coverage_has_ended_and_visits_go_on() -> None:
    events = [
        {"event_id": "lost", "event_type": "milestone", "delay": {"days": [100, 150]}, "ends": "coverage"},
        {"event_id": "visit", "event_type": "encounter", "repeat": {"every": {"days": 15}, "count": 20}, "parameters": VISIT},
    ]
    journey = {"journey_id": "lapse", "duration_days": 365, "events": events}
    result = generate(profile="commercial-healthy", journey=journey, count=40, products=["patientsim", "membersim"])
    rows = result.timeline.to_pylist()
    lost = {row["person_id"]: row["time"].date() for row in rows if row["node"] == "lost"}
    claims = result.tables["membersim.claim"].to_pylist()
    assert claims and all(claim["service_from"] <= lost[claim["person_id"]] for claim in claims)
    assert any(row["node"] == "visit" and row["time"].date() > lost[row["person_id"]] for row in rows)
