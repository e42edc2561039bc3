"""Diabetes of who has kidney disease is one thing in the condition list, the chart, the claims, FHIR and SDTM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyreadstat
import pytest

from healthsim import generate
from healthsim_core import Result

LINKED = "E11.22"


@pytest.fixture(scope="module")
def seniors(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("seniors")
    journeys = ["diabetic_management_year", "trial_participation"]
    formats = ["fhir_r4", "sdtm_datasets"]
    return generate(profile="medicare-diabetic", journey=journeys, count=250, output_formats=formats, out=str(out)), out


def at_the_start(result: Result) -> list[dict[str, Any]]:
    """The conditions that people have when the run starts."""
    return [row for row in result.tables["core.condition"].to_pylist() if row["event_id"] is None]


@pytest.fixture(scope="module")
def both(seniors: tuple[Result, Path]) -> set[int]:
    """Who has diabetes and kidney disease."""
    found: dict[int, set[str]] = {}
    for row in at_the_start(seniors[0]):
        found.setdefault(row["person_id"], set()).add(row["category"])
    return {person for person, categories in found.items() if {"E11", "N18"} <= categories}


def coded(rows: list[dict[str, Any]], people: set[int], code: str = "code") -> set[str]:
    return {row[code] for row in rows if row["person_id"] in people and (row[code] or "").startswith("E11")}


def test_the_condition_list_and_the_person_say_it(seniors: tuple[Result, Path], both: set[int]) -> None:
    assert len(both) > 30
    assert coded(at_the_start(seniors[0]), both) == {LINKED}
    assert all(
        LINKED in row["conditions"].split() for row in seniors[0].entities.to_pylist() if row["person_id"] in both
    )


def test_the_chart_s_problem_list_says_it(seniors: tuple[Result, Path], both: set[int]) -> None:
    problems = [
        row for row in seniors[0].tables["patientsim.condition"].to_pylist() if row["category"] == "problem-list-item"
    ]
    assert coded(problems, both) == {LINKED}


def test_no_claim_of_theirs_says_that_there_are_no_complications(seniors: tuple[Result, Path], both: set[int]) -> None:
    claims: dict[int, set[str]] = {}
    for row in seniors[0].tables["membersim.claim_diagnosis"].to_pylist():
        if row["person_id"] in both:
            claims.setdefault(row["claim_id"], set()).add(row["code"])
    diabetic = [codes for codes in claims.values() if any(code.startswith("E11") for code in codes)]
    assert diabetic
    assert not any("E11.9" in codes for codes in diabetic)


def test_a_claim_s_stage_of_the_kidney_disease_is_the_chart_s(seniors: tuple[Result, Path], both: set[int]) -> None:
    listed = {row["person_id"]: row["code"] for row in at_the_start(seniors[0]) if row["category"] == "N18"}
    rows = [row for row in seniors[0].tables["membersim.claim_diagnosis"].to_pylist() if row["code"].startswith("N18")]
    assert rows
    assert all(row["code"] == listed[row["person_id"]] for row in rows)


def test_fhir_says_it(seniors: tuple[Result, Path], both: set[int]) -> None:
    conditions = [
        json.loads(line)
        for path in seniors[1].glob("fhir_r4/**/Condition*.ndjson")
        for line in path.read_text().splitlines()
    ]
    patients = {f"Patient/hs-{person}" for person in both}
    codes = {each["code"]["coding"][0]["code"] for each in conditions if each["subject"]["reference"] in patients}
    assert {code for code in codes if code.startswith("E11")} - {"E11.3293", "E11.21"} == {LINKED}


def test_sdtm_medical_history_says_it(seniors: tuple[Result, Path], both: set[int]) -> None:
    subjects = {row["usubjid"]: row["person_id"] for row in seniors[0].tables["trialsim.subject"].to_pylist()}
    path = next(seniors[1].glob("sdtm_datasets/**/mh.xpt"))
    history, _ = pyreadstat.read_xport(str(path), output_format="dict", encoding="utf-8")
    rows = zip(history["USUBJID"], history["MHSPID"], history["MHTERM"], strict=True)
    linked = {term for subject, category, term in rows if subjects[subject] in both and category == "E11"}
    assert linked == {"Type 2 diabetes mellitus with diabetic chronic kidney disease"}


@pytest.fixture(scope="module")
def cared_for() -> Result:
    return generate(profile="diabetic-senior", journey="chronic-management", count=200)


def codes_of(result: Result, stem: str) -> dict[int, set[str]]:
    """Every code of a category that somebody's list, chart, visits, referrals and claims hold."""
    columns = {
        "core.condition": ["code"], "patientsim.condition": ["code"],
        "patientsim.encounter": ["reason_code", "secondary_code"],
        "patientsim.referral": ["reason_code"], "membersim.claim_diagnosis": ["code"],
    }  # fmt: skip
    found: dict[int, set[str]] = {}
    for table, names in columns.items():
        for row in result.tables[table].to_pylist():
            found.setdefault(row["person_id"], set()).update(
                code for name in names if (code := row[name] or "").startswith(stem)
            )
    return {person: codes for person, codes in found.items() if codes}


def test_hyperlipidemia_has_one_code_a_person(cared_for: Result) -> None:
    codes = codes_of(cared_for, "E78")
    assert {code for each in codes.values() for code in each} == {"E78.2", "E78.5"}
    assert [each for each in codes.values() if len(each) > 1] == []


def test_nobody_has_diabetes_without_and_with_complications(cared_for: Result) -> None:
    codes = codes_of(cared_for, "E11")
    assert {code for each in codes.values() for code in each} >= {"E11.9", "E11.65", "E11.22"}
    assert [each for each in codes.values() if "E11.9" in each and len(each) > 1] == []
