"""People with several coverages: tables and formats say the same of them."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from healthsim import generate
from healthsim_core import Result
from healthsim_core.verification.verify import verify_folder

OVER_65 = {"type": "conditional", "rules": [{"if": "age >= 65", "then": "Medicare"}], "default": "Commercial"}
PROFILE = {
    "id": "duals",
    "members": [{"role": "subscriber", "age": 70}, {"role": "spouse", "age": 68}, {"role": "dependent", "age": 20}],
    "coverage": {
        "type": OVER_65,
        "others": [
            {"type": "Medicaid", "plan": "Medicaid FFS", "probability": 0.3},
            {"type": "Commercial", "probability": 0.4, "rank": 4},
        ],
    },
}
YEAR = {
    "journey_id": "year", "name": "A year", "duration_days": 365,
    "events": [
        {"event_id": "change", "event_type": "plan_change", "delay": {"days": [20, 300]}, "probability": 0.5,
         "parameters": {"plan": "HDHP", "rank": 4}},
        {"event_id": "end", "event_type": "termination", "delay": {"days": [50, 300]}, "probability": 0.5,
         "parameters": {"reason": "loss of eligibility", "rank": 2, "effective_days": -20}},
        {"event_id": "leave", "event_type": "termination", "delay": {"days": [50, 200]}, "probability": 0.3},
        {"event_id": "visit", "event_type": "encounter", "delay": {"days": [50, 300]},
         "parameters": {"reason_code": "I10"}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duals")


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    formats = ["x12_834", "fhir_r4", "hl7v2_adt"]
    return generate(PROFILE, journey=YEAR, count=40, seed=3, persist=False, out=folder, output_formats=formats)


@pytest.fixture(scope="module")
def coverage(result: Result) -> list[dict]:
    return result.tables["membersim.coverage"].to_pylist()


def test_files_and_tables_agree(result: Result, folder: Path) -> None:
    wrong = [str(finding) for finding in verify_folder(folder).findings if finding.wrong]

    assert wrong == []


def test_a_person_is_covered_at_every_rank_that_the_profile_gives(result: Result, coverage: list[dict]) -> None:
    ranks = defaultdict(set)
    for row in coverage:
        ranks[row["person_id"]].add((row["rank"], row["coverage_type"]))

    people = result.tables["core.person"].to_pylist()
    kinds = {1: "coverage_type", 2: "coverage_type_2", 4: "coverage_type_4"}
    said = {
        person["person_id"]: {(rank, person[name]) for rank, name in kinds.items() if person[name] != "none"}
        for person in people
    }
    assert ranks == said


def test_a_claim_is_of_the_coverage_that_pays_first_on_the_day(result: Result, coverage: list[dict]) -> None:
    spans = defaultdict(list)
    for row in coverage:
        spans[row["person_id"]].append(row)
    claims = [row for row in result.tables["membersim.claim"].to_pylist() if row["payer_order"] == "P"]

    def first(claim: dict) -> int:
        day = claim["service_from"]
        of_day = [
            row
            for row in spans[claim["person_id"]]
            if row["start_date"] <= day and (row["end_date"] is None or day <= row["end_date"])
        ]
        return min(of_day, key=lambda row: row["rank"])["coverage_id"]

    assert [claim["coverage_id"] for claim in claims] == [first(claim) for claim in claims]
    rank = {row["coverage_id"]: row["rank"] for row in coverage}
    assert {rank[claim["coverage_id"]] for claim in claims} > {1}


def test_a_coverage_is_the_persons_own_or_the_households(coverage: list[dict]) -> None:
    own = {(row["coverage_type"], row["subscriber_id"] == row["person_id"], row["tier"]) for row in coverage}

    assert {kind for kind, is_own, _ in own if not is_own} == {"Commercial"}
    assert {tier for kind, _, tier in own if kind != "Commercial"} == {"IND"}


def test_the_order_of_a_fhir_coverage_is_its_rank(coverage: list[dict], folder: Path) -> None:
    lines = (folder / "fhir_r4" / "Coverage.ndjson").read_text(encoding="utf-8").splitlines()
    said = sorted(resource["order"] for resource in map(json.loads, lines))

    assert said == sorted(row["rank"] for row in coverage)


def test_the_834_says_of_each_coverage_which_others_there_are_meanwhile(coverage: list[dict], folder: Path) -> None:
    rows = [row.rstrip("~").split("*") for row in (folder / "x12_834" / "834.edi").read_text().splitlines()]
    expected = sum(
        one["person_id"] == other["person_id"] and one["rank"] != other["rank"] and meets(one, other)
        for one in coverage
        for other in coverage
    )

    assert sum(row[0] == "COB" for row in rows) == expected > 0


def meets(one: dict, other: dict) -> bool:
    return (other["end_date"] is None or one["start_date"] <= other["end_date"]) and (
        one["end_date"] is None or other["start_date"] <= one["end_date"]
    )


METFORMIN = {
    "rxnorm": "860975", "ndc": "65862001001", "description": "metformin", "drug_class": "biguanide", "days_supply": 30,
    "quantity": 60, "refills": 8,
}  # fmt: skip
LATE = {
    "journey_id": "late", "name": "An end that is told late", "duration_days": 400,
    "events": [
        {"event_id": "change", "event_type": "plan_change", "delay": {"days": 30}, "parameters": {"plan": "HDHP"}},
        {"event_id": "drug", "event_type": "medication_order", "delay": {"days": 40}, "parameters": METFORMIN},
        {"event_id": "end", "event_type": "termination", "delay": {"days": 200},
         "parameters": {"effective_days": -180}},
    ],
}  # fmt: skip


def test_what_was_filled_before_an_end_was_told_stands_and_files_agree(tmp_path: Path) -> None:
    profile = {"id": "told", "coverage": {"type": "Commercial", "plan": "PPO"}}

    tables = generate(profile, journey=LATE, count=20, seed=1, persist=False, out=tmp_path).tables

    ends = {row["person_id"]: row["end_date"] for row in tables["membersim.coverage"].to_pylist()}
    paid = [row for row in tables["rxmembersim.fill"].to_pylist() if row["status"] == "paid"]
    assert paid
    assert all(row["fill_date"] > ends[row["person_id"]] for row in paid)
    assert {row["coverage_id"] for row in tables["membersim.ledger"].to_pylist()} == {None}
    assert [str(finding) for finding in verify_folder(tmp_path).findings if finding.wrong] == []
