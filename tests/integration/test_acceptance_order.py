"""What comes first comes first, on real runs of all products together."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from healthsim import generate
from healthsim_core.generation.result import Result

OSWALD = json.loads((Path(__file__).parents[2] / "examples" / "oswald_family.json").read_text(encoding="utf-8"))
Row = dict[str, Any]


@pytest.fixture(scope="module")
def families() -> Result:
    members = [{**each, "sex": "F"} if each["role"] == "spouse" else each for each in OSWALD["profile"]["members"]]
    return generate(scenario={**OSWALD, "profile": {**OSWALD["profile"], "members": members}, "outputs": []}, count=60)


@pytest.fixture(scope="module")
def lapsing() -> Result:
    return generate(profile="commercial-healthy", journey="coverage-lapse", count=200)


def rows(result: Result, table: str, **where: Any) -> list[Row]:
    return [row for row in result.tables[table].to_pylist() if all(row[name] == value for name, value in where.items())]


def by(key: str, found: list[Row]) -> dict[Any, Row]:
    return {row[key]: row for row in found}


def pairs(result: Result, cause: str, effect: str) -> list[tuple[Row, Row]]:
    """Each event of type `effect` with the event of type `cause` that it follows from directly."""
    events = by("event_id", result.timeline.to_pylist())
    found = [(events.get(row["cause_id"]), row) for row in events.values() if row["event_type"] == effect]
    return [(before, after) for before, after in found if before and before["event_type"] == cause]


def _covered(claim: Row, spans: list[tuple[Any, Any]]) -> bool:
    return any(start <= claim["service_from"] and (not end or claim["service_to"] <= end) for start, end in spans)


def days(before: Row, after: Row) -> int:
    return (after["time"].date() - before["time"].date()).days


def test_admission_comes_before_discharge(families: Result) -> None:
    stays = rows(families, "patientsim.encounter", **{"class": "IMP"})
    assert len(stays) >= 100
    assert all(stay["start"] < stay["end"] for stay in stays)


def test_a_mother_is_admitted_before_the_birth_and_goes_home_after_it(families: Result) -> None:
    births = {row["person_id"]: row["time"] for row in families.timeline.to_pylist() if row["event_type"] == "birth"}
    stays = {
        row["person_id"]: row
        for row in rows(families, "patientsim.encounter", **{"class": "IMP"})
        if row["person_id"] in births
    }
    assert len(births) == 60
    assert all(stays[mother]["start"] < time < stays[mother]["end"] for mother, time in births.items())


def test_an_order_comes_before_its_result(families: Result) -> None:
    orders = by("lab_order_id", rows(families, "patientsim.lab_order"))
    results = [row for row in rows(families, "patientsim.observation") if row["lab_order_id"] is not None]
    assert results and all(orders[row["lab_order_id"]]["authored"] < row["issued"] for row in results)


def test_a_prescription_comes_before_its_fills(families: Result) -> None:
    written = by("prescription_id", rows(families, "rxmembersim.prescription"))
    fills = rows(families, "rxmembersim.fill")
    assert fills and all(written[fill["prescription_id"]]["written_date"] <= fill["fill_date"] for fill in fills)


def test_an_order_comes_before_its_prescription(families: Result) -> None:
    ordered = by("medication_request_id", rows(families, "patientsim.medication_request"))
    written = rows(families, "rxmembersim.prescription")
    assert written and all(
        ordered[row["medication_request_id"]]["authored"].date() <= row["written_date"] for row in written
    )


def test_fills_of_a_prescription_come_in_the_order_of_their_numbers(families: Result) -> None:
    taken = defaultdict(list)
    for fill in rows(families, "rxmembersim.fill", status="paid"):
        taken[fill["prescription_id"]].append((fill["fill_date"], fill["fill_number"]))
    assert taken and all(sorted(fills) == sorted(fills, key=lambda fill: fill[1]) for fills in taken.values())


def test_an_encounter_comes_before_its_claim(families: Result) -> None:
    visits = by("encounter_id", rows(families, "patientsim.encounter"))
    claims = rows(families, "membersim.claim")
    assert claims and all(visits[claim["encounter_id"]]["start"].date() < claim["received_date"] for claim in claims)


def test_a_claim_comes_before_its_remittance(families: Result) -> None:
    remitted = [claim for claim in rows(families, "membersim.claim") if claim["paid_date"]]
    assert remitted and all(claim["received_date"] < claim["paid_date"] for claim in remitted)


def test_consent_comes_before_randomisation_and_that_not_after_the_first_dose(families: Result) -> None:
    randomised = [row for row in rows(families, "trialsim.subject") if row["randomization_date"]]
    assert len(randomised) >= 20
    assert all(row["consent_date"] < row["randomization_date"] <= row["first_dose_date"] for row in randomised)


def test_nobody_takes_the_drug_before_the_first_dose_or_after_the_last(families: Result) -> None:
    subjects = by("usubjid", rows(families, "trialsim.subject"))
    taken = rows(families, "trialsim.exposure")
    spans = [(subjects[row["usubjid"]], row) for row in taken]
    assert spans and all(
        who["first_dose_date"] <= row["start_date"] <= row["end_date"] <= who["last_dose_date"] for who, row in spans
    )


def test_enrolment_comes_before_every_service(families: Result) -> None:
    enrolled = by("person_id", rows(families, "membersim.member"))
    claims = rows(families, "membersim.claim")
    assert claims and all(enrolled[claim["person_id"]]["enrollment_date"] <= claim["service_from"] for claim in claims)


def test_no_service_is_claimed_after_a_termination_or_before_a_return(lapsing: Result) -> None:
    spans = defaultdict(list)
    for row in rows(lapsing, "membersim.coverage"):
        spans[row["person_id"]].append((row["start_date"], row["end_date"]))
    ended = {person for person, found in spans.items() if all(end for _, end in found)}
    claims = rows(lapsing, "membersim.claim")
    assert ended & {claim["person_id"] for claim in claims}
    assert all(_covered(claim, spans[claim["person_id"]]) for claim in claims)


@pytest.mark.parametrize(
    ("cause", "effect", "least", "most", "table", "key"),
    [
        ("encounter", "claim_professional", 1, 7, "membersim.claim", "claim_id"),
        ("discharge", "claim_institutional", 3, 10, "membersim.claim", "claim_id"),
        ("lab_order", "lab_result", 0, 5, "patientsim.observation", "observation_id"),
        ("medication_order", "new_rx", 0, 3, "rxmembersim.prescription", "prescription_id"),
        ("new_rx", "refill", 1, 365, "rxmembersim.fill", "fill_id"),
    ],
)
def test_what_an_event_triggers_follows_in_time_and_stands_in_its_table(
    families: Result, cause: str, effect: str, least: int, most: int, table: str, key: str
) -> None:
    found = pairs(families, cause, effect)
    kept = {row[key] for row in rows(families, table)}
    assert len(found) >= 60
    assert all(
        least <= days(before, after) <= most and before["person_id"] == after["person_id"] for before, after in found
    )
    assert {after["event_id"] for _, after in found} <= kept


def test_a_medicine_is_first_asked_for_within_three_days_of_the_order(families: Result) -> None:
    events = by("event_id", families.timeline.to_pylist())
    first: dict[int, int] = {}
    for prescription, fill in pairs(families, "new_rx", "fill"):
        waited = days(events[prescription["cause_id"]], fill)
        first[prescription["event_id"]] = min(waited, first.get(prescription["event_id"], waited))
    assert len(first) >= 60 and set(first.values()) <= {0, 1, 2, 3}


def test_a_gap_in_care_leads_to_outreach_in_3_to_14_days() -> None:
    year = generate(profile="commercial-family", journey="member-year", count=300)
    found = pairs(year, "gap_identified", "milestone")
    assert len(found) >= 15 and all(3 <= days(gap, outreach) <= 14 for gap, outreach in found)


def test_a_claim_carries_the_diagnosis_of_its_encounter(families: Result) -> None:
    visits = by("encounter_id", rows(families, "patientsim.encounter", **{"class": "AMB"}))
    claims = [row for row in rows(families, "membersim.claim") if row["encounter_id"] in visits]
    assert claims and all(
        visits[claim["encounter_id"]]["reason_code"] == claim["principal_diagnosis"] for claim in claims
    )


def test_a_journey_does_not_read_the_future_of_another() -> None:
    profile = {"id": "p", "demographics": {"age": 40}, "attributes": {"level": {"type": "explicit", "values": [1]}}}
    rise = {
        "event_id": "rise",
        "event_type": "milestone",
        "delay": {"days": 300},
        "outcomes": {"level": {"type": "constant", "value": 9}},
    }
    looks = [
        {
            "event_id": f"{word}_{day}",
            "event_type": "milestone",
            "delay": {"days": day},
            "conditions": [f"level {sign} 5"],
        }
        for day in (10, 350)
        for word, sign in (("low", "<"), ("high", ">"))
    ]
    journeys = [
        {"journey_id": name, "duration_days": 365, "events": events}
        for name, events in (("first", [rise]), ("second", looks))
    ]
    result = generate(profile=profile, journey=journeys, count=3, products=[])
    assert set(result.timeline["node"].to_pylist()) == {"rise", "low_10", "high_350"}


def test_the_trial_measures_the_a1c_of_its_day(families: Result) -> None:
    clinic: dict[int, list[tuple[Any, float]]] = defaultdict(list)
    for row in rows(families, "patientsim.observation", loinc="4548-4"):
        clinic[row["person_id"]].append((row["effective"], row["value"]))
    screened = rows(families, "trialsim.lab", test_code="HBA1C", visit_number=1)
    first = [abs(min(clinic[row["person_id"]])[1] - row["value"]) for row in screened]
    assert len(first) == 60 and sorted(first)[54] <= 0.5
