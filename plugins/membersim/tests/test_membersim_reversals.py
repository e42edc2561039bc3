"""What a payer learns of coverage late: claims that it has paid are taken back, others wait for what it learns."""

from __future__ import annotations

import datetime
from typing import Any

from healthsim_core import Result, generate

PEOPLE = {"id": "p", "generation": {"count": 20, "seed": 5}, "demographics": {"age": 50}}
VISITS = {"event_id": "seen", "event_type": "encounter", "delay": {"days": 10},
          "repeat": {"every": {"days": 15}, "count": 12},
          "parameters": {"class": "AMB", "specialty": "cardiology", "reason_code": "I10"}}  # fmt: skip
START = datetime.date(2025, 1, 1)
ENDED, LEARNED = START + datetime.timedelta(60), START + datetime.timedelta(150)
LATE_END = {"event_id": "off", "event_type": "termination", "delay": {"days": 150},
            "parameters": {"effective_days": -90}}  # fmt: skip
LATE_START = {"event_id": "on", "event_type": "new_enrollment", "delay": {"days": 150},
              "parameters": {"effective_days": -90}}  # fmt: skip


def of(*events: dict[str, Any], plan: str = "PPO", **more: Any) -> Result:
    journey = {"journey_id": "j", "duration_days": 300, "events": [VISITS, *events]}
    profile = {**PEOPLE, "coverage": {"type": "Commercial", "plan": plan}}
    given = {"products": ["membersim"], "persist": False, "start": START.isoformat(), "as_of": "2025-12-31", **more}
    return generate(profile=profile, journey=journey, **given)


def rows(result: Result, name: str) -> list[dict[str, Any]]:
    return result.tables[f"membersim.{name}"].to_pylist()


def test_a_claim_paid_before_the_payer_learns_that_coverage_had_ended_is_taken_back() -> None:
    claims = [row for row in rows(of(LATE_END), "claim") if row["denial_reason"] is None]

    assert {(row["status"], row["service_from"] > ENDED) for row in claims} == {("paid", False), ("reversed", True)}


def test_it_is_taken_back_on_the_business_day_on_which_the_payer_learns() -> None:
    dates = {row["reversed_date"] for row in rows(of(LATE_END), "claim") if row["status"] == "reversed"}

    assert dates
    assert all(datetime.timedelta(0) <= day - LEARNED <= datetime.timedelta(3) and day.weekday() < 5 for day in dates)


def test_what_is_not_paid_yet_when_the_payer_learns_is_a_bill() -> None:
    result = of(LATE_END)
    later = [row for row in rows(result, "claim") if row["service_from"] > ENDED]

    assert max(row["paid_date"] for row in later) < LEARNED
    assert {row["reason"] for row in rows(result, "bill")} == {"after coverage ended"}


def test_amounts_of_what_is_taken_back_stay_as_they_were_paid() -> None:
    paid = {row["claim_id"]: (row["paid"], row["member_share"]) for row in rows(of(), "claim")}

    back = [row for row in rows(of(LATE_END), "claim") if row["status"] == "reversed"]

    assert back
    assert [row for row in back if (row["paid"], row["member_share"]) != paid[row["claim_id"]]] == []


def test_the_ledger_gives_back_what_such_a_claim_had_used() -> None:
    result = of(LATE_END, plan="HDHP")
    back = {row["claim_id"] for row in rows(result, "claim") if row["status"] == "reversed"}
    moved: dict[int, float] = dict.fromkeys(back, 0)
    for row in rows(result, "ledger"):
        if row["claim_id"] in back and (row["level"], row["kind"]) == ("individual", "deductible"):
            moved[row["claim_id"]] += row["amount"]

    assert set(moved.values()) == {0}


def test_accumulators_are_those_of_what_stays_paid() -> None:
    result = of(LATE_END, plan="HDHP")
    stays: dict[int, float] = {}
    for row in rows(result, "claim"):
        if (row["status"], row["network"]) == ("paid", "in"):
            stays[row["person_id"]] = stays.get(row["person_id"], 0) + row["member_share"]
    applied = {row["person_id"]: row["applied"] for row in rows(result, "accumulator")
               if (row["level"], row["kind"], row["network"]) == ("individual", "out_of_pocket", "in")}  # fmt: skip

    assert {person: amount for person, amount in applied.items() if amount} == {
        person: amount for person, amount in stays.items() if amount
    }


def test_a_claim_waits_for_coverage_of_which_the_payer_learns_late() -> None:
    claims = rows(of(LATE_START), "claim")

    assert min(row["service_from"] for row in claims) < LEARNED <= min(row["paid_date"] for row in claims)


def test_what_was_done_before_a_late_start_is_a_bill() -> None:
    result = of(LATE_START)

    assert min(row["service_from"] for row in rows(result, "claim")) >= ENDED
    assert {(row["reason"], row["service_from"] < ENDED) for row in rows(result, "bill")} == {("before coverage", True)}


def test_what_is_known_in_time_takes_nothing_back() -> None:
    ended = {**LATE_END, "parameters": {}}

    assert {row["reversed_date"] for row in rows(of(ended), "claim")} == {None}


def test_a_payment_that_only_takes_back_is_one_of_its_own() -> None:
    claims = rows(of(LATE_END), "claim")
    paid, back = ({row[name] for row in claims} - {None} for name in ("trace_number", "reversal_trace_number"))

    assert (len(back) > 10, paid & back) == (True, set())
