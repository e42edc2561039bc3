"""A referral is completed once a visit to which it led has begun: in the table, in FHIR and as `verify` reads it."""

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_core import Result, generate
from healthsim_core.verification.verify import verify_folder

PEOPLE = {"id": "p", "generation": {"count": 4, "seed": 5}, "demographics": {"age": 60}}


def referred(*then: dict[str, Any], **more: Any) -> Result:
    """A run whose people are referred on the tenth day, with what comes of it."""
    sent = {
        "event_id": "sent", "event_type": "referral", "delay": {"days": 10}, "parameters": {"specialty": "cardiology"}
    }  # fmt: skip
    journey = {"journey_id": "j", "duration_days": 200, "events": [sent, *then]}
    return generate(profile=PEOPLE, journey=journey, products=["patientsim"], start="2025-01-05", **more)


def seen(on: str | None = "sent", kind: str = "encounter") -> dict[str, Any]:
    visit = {
        "event_id": "seen", "event_type": kind, "delay": {"days": 20}, "parameters": {"specialty": "cardiology"}
    }  # fmt: skip
    return visit if on is None else {**visit, "depends_on": on}


def statuses(result: Result) -> set[str]:
    return {row["status"] for row in result.tables["patientsim.referral"].to_pylist()}


@pytest.mark.parametrize("kind", ["encounter", "admission"])
def test_a_referral_is_completed_when_the_visit_or_stay_that_depends_on_it_has_begun(kind: str) -> None:
    assert statuses(referred(seen(kind=kind))) == {"completed"}


def test_a_visit_that_follows_by_other_events_completes_it_too() -> None:
    booked = {"event_id": "booked", "event_type": "milestone", "depends_on": "sent", "delay": {"days": 2}}
    assert statuses(referred(booked, seen("booked"))) == {"completed"}


def test_a_referral_stays_active_while_its_visit_is_to_come() -> None:
    assert statuses(referred(seen(), as_of="2025-01-25")) == {"active"}


def test_a_visit_that_does_not_depend_on_it_completes_no_referral() -> None:
    assert statuses(referred(seen(None))) == {"active"}


@pytest.mark.parametrize(("then", "status"), [([seen()], "completed"), ([], "active")])
def test_fhir_says_what_the_table_says_and_verify_reads_it(
    tmp_path: Path, then: list[dict[str, Any]], status: str
) -> None:
    out = tmp_path / "out"
    referred(*then, output_formats=["fhir_r4"], out=out)
    resources = map(json.loads, (out / "fhir_r4" / "ServiceRequest.ndjson").read_text(encoding="utf-8").splitlines())
    assert {resource["status"] for resource in resources} == {status}
    assert [str(each) for each in verify_folder(out, formats=["fhir_r4"]).findings if each.wrong] == []
