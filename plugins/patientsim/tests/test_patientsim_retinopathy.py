"""Once retinopathy is found, diabetes is coded with it: at the examination, at every visit afterwards, in the chart."""

from __future__ import annotations

import datetime

import pytest

from healthsim_core import Result, generate


@pytest.fixture(scope="module", params=["diabetic_management_year", "diabetic-first-year"])
def year(request: pytest.FixtureRequest) -> Result:
    return generate(profile="diabetic-senior", journey=request.param, count=1_000, products=["patientsim"])


def found(year: Result) -> dict[int, datetime.datetime]:
    rows = year.tables["patientsim.condition"].to_pylist()
    return {row["person_id"]: row["recorded_time"] for row in rows if row["code"] == "E11.3293"}


def test_retinopathy_is_found_at_about_three_in_a_hundred_examinations(year: Result) -> None:
    examined = {row["person_id"] for row in year.tables["patientsim.procedure"].to_pylist() if row["code"] == "S3000"}
    assert set(found(year)) <= examined
    assert len(found(year)) / len(examined) == pytest.approx(0.03, abs=0.02)


def test_no_visit_from_then_on_says_without_complications(year: Result) -> None:
    since = found(year)
    visits = [
        row
        for row in year.tables["patientsim.encounter"].to_pylist()
        if row["start"] >= since.get(row["person_id"], datetime.datetime.max)
    ]
    codes = [{row["reason_code"], row["secondary_code"]} for row in visits]
    assert sum("E11.3293" in each for each in codes) >= len(since)
    assert not any("E11.9" in each for each in codes)


def test_of_those_the_chart_has_no_active_diabetes_without_complications(year: Result) -> None:
    theirs = found(year)
    listed = [
        row
        for row in year.tables["patientsim.condition"].to_pylist()
        if row["code"] == "E11.9" and row["person_id"] in theirs
    ]
    assert {row["clinical_status"] for row in listed} == {"inactive"}
