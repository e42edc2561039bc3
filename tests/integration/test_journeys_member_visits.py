"""Visits of MemberSim's own journeys: billed by MemberSim, in the chart where PatientSim makes one,
the same in both."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim import generate
from healthsim_core import Result

YEARS = {
    "member-year": "commercial-family",
    "well-child-year": "medicaid-pediatric",
    "coverage-lapse": "commercial-healthy",
}
_runs: dict[str, Result] = {}


def year(journey: str) -> Result:
    """A run of a journey, made once."""
    if journey not in _runs:
        _runs[journey] = generate(
            profile=YEARS[journey], journey=journey, count=100, products=["membersim", "patientsim", "networksim"]
        )
    return _runs[journey]


def rows(result: Result, table: str) -> list[dict[str, Any]]:
    return result.tables[table].to_pylist()


@pytest.mark.parametrize("journey", YEARS)
def test_every_claim_is_of_a_visit_in_the_chart_with_its_day_codes_and_clinician(journey: str) -> None:
    visits = {row["encounter_id"]: row for row in rows(year(journey), "patientsim.encounter")}
    claims = rows(year(journey), "membersim.claim")
    assert claims
    for claim in claims:
        visit = visits[claim["encounter_id"]]
        assert claim["person_id"] == visit["person_id"]
        assert claim["service_from"] == visit["start"].date()
        assert claim["principal_diagnosis"] == visit["reason_code"]
        assert claim["rendering_npi"] == visit["provider_npi"]
        assert claim["place_of_service"] == visit["place_of_service"]


@pytest.mark.parametrize("journey", YEARS)
def test_second_diagnoses_of_claims_are_those_of_the_chart(journey: str) -> None:
    visits = {row["encounter_id"]: row["secondary_code"] for row in rows(year(journey), "patientsim.encounter")}
    visit_of = {row["claim_id"]: row["encounter_id"] for row in rows(year(journey), "membersim.claim")}
    second = {
        row["claim_id"]: row["code"] for row in rows(year(journey), "membersim.claim_diagnosis") if row["sequence"] == 2
    }
    assert {claim: visits[visit] for claim, visit in visit_of.items() if visits[visit]} == second


@pytest.mark.parametrize("journey", YEARS)
def test_without_a_chart_the_claims_are_the_same(journey: str) -> None:
    alone = generate(profile=YEARS[journey], journey=journey, count=100, products=["membersim", "networksim"])
    assert "patientsim.encounter" not in alone.tables
    assert rows(alone, "membersim.claim") == rows(year(journey), "membersim.claim")


def test_a_visit_after_coverage_ended_is_in_the_chart_and_on_no_claim() -> None:
    result = year("coverage-lapse")
    ends = {row["person_id"]: row["end_date"] for row in rows(result, "membersim.coverage")}
    billed = {row["encounter_id"] for row in rows(result, "membersim.claim")}
    later = [
        row
        for row in rows(result, "patientsim.encounter")
        if ends[row["person_id"]] and row["start"].date() > ends[row["person_id"]]
    ]
    assert later
    assert not billed & {row["encounter_id"] for row in later}
