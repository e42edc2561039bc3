"""After coverage has ended, by termination or by death, no payer's table has a service:
MemberSim and RxMemberSim agree."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from healthsim import generate
from healthsim_core.generation.result import Result

VISIT = {"class": "AMB", "reason_code": "I10", "reason_description": "Essential (primary) hypertension"}
LISINOPRIL = {
    "rxnorm": "314076", "ndc": "68180098003", "description": "lisinopril 10 MG Oral Tablet",
    "drug_class": "ACE inhibitor",
    "sig": "Take 1 tablet by mouth once daily", "days_supply": 30, "quantity": 30, "refills": 11,
}  # fmt: skip


def treated(end: dict[str, Any]) -> Result:
    """A year of monthly visits and refills, and what ends it for everybody."""
    events = [
        {"event_id": "prescription", "event_type": "medication_order", "parameters": LISINOPRIL},
        {
            "event_id": "visit",
            "event_type": "encounter",
            "repeat": {"every": {"months": 1}, "count": 12},
            "parameters": VISIT,
        },
        {"event_id": "end", "delay": {"days": [100, 200]}, **end},
    ]
    journey = {"journey_id": "ends", "duration_days": 365, "events": events}
    products = ["patientsim", "membersim", "rxmembersim"]
    return generate(profile="commercial-healthy", journey=journey, count=60, products=products)


def last_days(result: Result) -> dict[int, datetime.date]:
    return {row["person_id"]: row["time"].date() for row in result.timeline.to_pylist() if row["node"] == "end"}


ENDS = [{"event_type": "milestone", "ends": "coverage"}, {"event_type": "termination"}, {"event_type": "death"}]


@pytest.mark.parametrize("end", ENDS, ids=["ends coverage", "termination", "death"])
def test_coverage_ends_on_the_day_and_no_service_after_it_is_paid(end: dict[str, Any]) -> None:
    result = treated(end)
    last = last_days(result)
    spans = {row["person_id"]: row["end_date"] for row in result.tables["membersim.coverage"].to_pylist()}
    claims, fills = (result.tables[name].to_pylist() for name in ("membersim.claim", "rxmembersim.fill"))
    paid = [fill for fill in fills if fill["status"] == "paid"]
    assert claims and paid and spans == last
    assert [claim for claim in claims if claim["service_from"] > last[claim["person_id"]]] == []
    assert [fill for fill in paid if fill["fill_date"] > last[fill["person_id"]]] == []


def test_after_a_death_nothing_is_even_tried_but_what_was_done_before_is_billed() -> None:
    result = treated({"event_type": "death"})
    last, times = last_days(result), {row["event_id"]: row["time"].date() for row in result.timeline.to_pylist()}
    assert len(last) == 60
    after = [row for row in result.timeline.to_pylist() if row["time"].date() > last[row["person_id"]]]
    assert {row["event_type"] for row in after} <= {"claim_professional"}
    assert [row for row in after if times[row["cause_id"]] > last[row["person_id"]]] == []


def test_a_fill_tried_after_the_end_of_coverage_is_rejected_as_such() -> None:
    result = treated({"event_type": "termination"})
    last = last_days(result)
    tried = [
        fill for fill in result.tables["rxmembersim.fill"].to_pylist() if fill["fill_date"] > last[fill["person_id"]]
    ]
    assert tried and {fill["reject_code"] for fill in tried} == {"69"}
