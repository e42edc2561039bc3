"""The course of chronic kidney disease, run for real: stages, dialysis, and what the chart makes of them."""

import datetime
import itertools
from typing import Any

import pytest

from healthsim_core import Result, generate

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def courses() -> Result:
    return generate(
        profile="diabetic-senior",
        journey="kidney-disease-course",
        count=1_500,
        products=["patientsim"],
        start="2016-01-01",
    )


@pytest.fixture(scope="module")
def presumed() -> Result:
    """Courses of people of whom nobody says whose kidneys are diseased."""
    profile = {"id": "diabetes", "demographics": {"age": 70}, "clinical": {"conditions": ["E11"]}}
    return generate(
        profile=profile, journey="kidney-disease-course", count=300, products=["patientsim"], start="2016-01-01"
    )


def rows(result: Result, table: str) -> Rows:
    return result.tables[f"patientsim.{table}"].to_pylist()


def by_person(result: Result, table: str, **wanted: Any) -> dict[int, Rows]:
    found: dict[int, Rows] = {}
    for row in rows(result, table):
        if all(row[name] == value for name, value in wanted.items()):
            found.setdefault(row["person_id"], []).append(row)
    return found


def test_whoever_is_on_dialysis_has_three_sessions_a_week_until_the_end(courses: Result) -> None:
    failed = {
        person: found[0]["recorded_date"] for person, found in by_person(courses, "condition", code="N18.6").items()
    }
    ends = {
        row["person_id"]: row["death_date"] or datetime.date(2025, 12, 31)
        for row in courses.tables["core.person"].to_pylist()
    }
    sessions = by_person(courses, "procedure", code="5A1D70Z")
    long = [person for person, day in failed.items() if (ends[person] - day).days > 60]
    assert len(long) > 10
    assert set(long) <= set(sessions) <= set(failed)
    for person in long:
        weeks = (ends[person] - sessions[person][0]["performed"].date()).days / 7
        assert len(sessions[person]) == pytest.approx(3 * weeks, abs=4)
        days = [row["performed"].date() for row in sessions[person]]
        assert {(later - earlier).days for earlier, later in itertools.pairwise(days)} <= {2, 3}


def test_the_nephrologist_sees_who_is_on_dialysis_once_a_month_and_sessions_are_no_visits(courses: Result) -> None:
    sessions, visits = (
        by_person(courses, "procedure", code="5A1D70Z"),
        by_person(courses, "encounter", specialty="nephrology"),
    )
    for person, seen in visits.items():
        assert (seen[-1]["start"] - seen[0]["start"]).days / 30.4 == pytest.approx(len(seen) - 1, abs=0.7)
        assert all(row["place_of_service"] == "65" for row in seen)
        assert len(sessions.get(person, ())) >= 10 * (len(seen) - 2)


def test_a_chart_shows_one_stage_of_kidney_disease(courses: Result) -> None:
    active = [
        row
        for row in rows(courses, "condition")
        if row["code"].startswith("N18") and row["clinical_status"] == "active"
    ]
    assert len({row["code"] for row in active}) > 2
    assert len({row["person_id"] for row in active}) == len(active)


def test_diabetes_is_no_longer_without_complications_once_the_kidneys_are_known_to_be_diseased(
    presumed: Result,
) -> None:
    linked = by_person(presumed, "condition", code="E11.22")
    assert linked
    before = [row for row in rows(presumed, "condition") if row["code"] == "E11.9" and row["person_id"] in linked]
    assert {row["clinical_status"] for row in before} == {"inactive"}


def test_the_filtration_rate_is_that_of_the_stage(courses: Result) -> None:
    codes = {row["encounter_id"]: (row["reason_code"], row["secondary_code"]) for row in rows(courses, "encounter")}
    measured = [row for row in rows(courses, "observation") if row["loinc"] == "98979-8"]
    third = [
        row["value"] for row in measured if any((code or "").startswith("N18.3") for code in codes[row["encounter_id"]])
    ]
    fourth = [row["value"] for row in measured if "N18.4" in codes[row["encounter_id"]]]
    assert third
    assert fourth
    assert 30 <= min(third) <= max(third) < 60
    assert 15 <= min(fourth) <= max(fourth) < 30


def test_what_the_list_says_already_is_not_diagnosed_again(courses: Result, presumed: Result) -> None:
    categories = ("problem-list-item", "encounter-diagnosis")
    listed = {each: by_person(courses, "condition", code="E11.22", category=each) for each in categories}
    found = {each: by_person(presumed, "condition", code="E11.22", category=each) for each in categories}
    assert listed["problem-list-item"] and not listed["encounter-diagnosis"]
    assert found["encounter-diagnosis"] and not found["problem-list-item"]


@pytest.mark.parametrize(
    ("profile", "journey"),
    [
        ("diabetic-senior", "diabetic_management_year"),
        ("diabetic-senior", "diabetic-first-year"),
        ("adult-hypertension", "chronic-management"),
    ],
)
def test_metformin_stays_at_half_the_dose_below_an_egfr_of_45(profile: str, journey: str) -> None:
    result = generate(profile=profile, journey=journey, count=500, products=["patientsim"])
    rates = {
        person: min(values, key=lambda row: row["effective"])["value"]
        for person, values in by_person(result, "observation", loinc="98979-8").items()
    }
    weak = {person for person, rate in rates.items() if rate < 45}
    doses: dict[bool, set[float]] = {True: set(), False: set()}
    for person, orders in by_person(result, "medication_request", drug_class="biguanide").items():
        doses[person in weak].add(max(order["dose"] for order in orders))
    assert doses == {True: {500.0}, False: {1000.0}}


def test_hypertension_with_kidney_disease_is_coded_so_in_the_chart_as_at_the_visit() -> None:
    result = generate(profile="adult-hypertension", journey="chronic-management", count=300, products=["patientsim"])
    kidneys = {row["person_id"] for row in result.tables["core.condition"].to_pylist() if row["category"] == "N18"}
    active = [
        row for row in rows(result, "condition") if row["clinical_status"] == "active" and row["code"].startswith("I1")
    ]
    assert kidneys
    assert {row["code"] for row in active if row["person_id"] in kidneys} == {"I12.9"}
    assert {row["code"] for row in active if row["person_id"] not in kidneys} == {"I10"}
    assert {row["reason_code"] for row in rows(result, "encounter") if row["person_id"] in kidneys} == {"I12.9"}


def test_what_is_taken_on_one_day_is_reported_on_one_day_within_five() -> None:
    result = generate(profile="diabetic-senior", journey="diabetic_management_year", count=200, products=["patientsim"])
    reported: dict[tuple[int, Any], set[int]] = {}
    for row in rows(result, "observation"):
        if row["category"] == "laboratory":
            taken = row["effective"].date()
            reported.setdefault((row["person_id"], taken), set()).add((row["issued"].date() - taken).days)
    assert all(len(days) == 1 for days in reported.values())
    assert set.union(*reported.values()) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("condition", "published"), [("E11", 0.37), ("I10", 0.2), ("E78", 0.0)])
def test_the_course_is_for_as_many_as_have_kidney_disease(condition: str, published: float) -> None:
    profile = {"id": "one", "demographics": {"age": 60}, "clinical": {"conditions": [condition]}}
    result = generate(profile=profile, journey="kidney-disease-course", count=1_000, products=["patientsim"])
    assert len(set(result.timeline["person_id"].to_pylist())) / 1_000 == pytest.approx(published, abs=0.05)
