"""The journeys, run for real: what a clinician sees who reads the timelines."""

import itertools
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from journey_runs import by_person, rows, run

from healthsim_core import Result

AS_OF = np.datetime64("2026-01-01")


@pytest.fixture(scope="module")
def pregnancies() -> Result:
    return run("expectant-mother", "pregnancy_journey", 1000)


@pytest.fixture(scope="module")
def diabetics() -> Result:
    return run("diabetic-senior", "diabetic_management_year", 800)


@pytest.fixture(scope="module")
def beginners() -> Result:
    return run("diabetic-senior", "diabetic-first-year", 500)


@pytest.fixture(scope="module")
def chronic() -> Result:
    return run("adult-hypertension", "chronic-management", 500)


@pytest.fixture(scope="module")
def checked() -> Result:
    return run("adult-wellness", "annual-wellness", 500)


@pytest.fixture(params=["pregnancies", "diabetics", "beginners", "chronic", "checked"])
def result(request: pytest.FixtureRequest) -> Result:
    return request.getfixturevalue(request.param)


# Every journey


def test_a_run_passes_its_own_validation(result: Result) -> None:
    assert result.validation.passed, str(result.validation)


def test_nothing_lies_before_birth_or_after_the_day_of_the_run(result: Result) -> None:
    births = {
        row["person_id"]: row["birth_date"]
        for row in result.tables["core.person"].select(["person_id", "birth_date"]).to_pylist()
    }
    events = result.tables["core.event"].select(["person_id", "time"])
    assert pc.max(events["time"]).as_py().date() <= AS_OF.item()
    assert all(row["time"].date() >= births[row["person_id"]] for row in events.to_pylist())


def test_whatever_belongs_to_a_visit_is_of_its_person_and_not_before_it(result: Result) -> None:
    visits = {row["encounter_id"]: row for row in rows(result, "encounter")}
    dated = {
        "observation": "effective",
        "procedure": "performed",
        "medication_request": "authored",
        "lab_order": "authored",
    }
    for table, when in dated.items():
        of_none = {row["description"] for row in rows(result, table) if row["encounter_id"] is None}
        # a vaccine that many get at a pharmacy, in its season
        assert all(name.startswith("Influenza") for name in of_none)
        for row in (row for row in rows(result, table) if row["encounter_id"] is not None):
            visit = visits[row["encounter_id"]]
            assert (row["person_id"], row[when] >= visit["start"]) == (visit["person_id"], True)


def test_a_result_follows_its_order_by_one_to_five_days(result: Result) -> None:
    ordered = {row["lab_order_id"]: row for row in rows(result, "lab_order")}
    results = [row for row in rows(result, "observation") if row["lab_order_id"]]
    assert results
    for row in results:
        order = ordered[row["lab_order_id"]]
        assert (row["loinc"], row["effective"]) == (order["loinc"], order["authored"])
        assert 1 <= (row["issued"].date() - order["authored"].date()).days <= 5


def test_nobody_has_two_visits_at_once(result: Result) -> None:
    for visits in by_person(result, "encounter").values():
        starts = [visit["start"] for visit in visits if visit["class"] == "AMB"]
        assert len(set(starts)) == len(starts)


def test_every_visit_says_why(result: Result) -> None:
    assert all(row["reason_code"] and row["reason_description"] for row in rows(result, "encounter"))


def test_a_blood_pressure_has_its_diastolic_below_its_systolic(result: Result) -> None:
    pressures = [row for row in rows(result, "observation") if row["second_value"] is not None]
    assert pressures
    assert all(35 < row["second_value"] < row["value"] - 5 for row in pressures)


# Diabetes


def a1c_values(result: Result) -> dict[int, list[dict[str, Any]]]:
    found = by_person(result, "observation", loinc="4548-4")
    return {person: sorted(series, key=lambda row: row["effective"]) for person, series in found.items()}


def goal(result: Result) -> dict[int, float]:
    people = result.tables["core.person"].select(["person_id", "age"]).to_pylist()
    return {row["person_id"]: 7.5 if row["age"] >= 65 else 7.0 for row in people}


def test_a1c_is_measured_every_quarter(diabetics: Result) -> None:
    for series in a1c_values(diabetics).values():
        days = [(later["effective"] - earlier["effective"]).days for earlier, later in itertools.pairwise(series)]
        assert len(series) == 5
        assert all(45 <= gap <= 115 for gap in days), days


@pytest.mark.parametrize("name", ["diabetics", "beginners"])
def test_a_drug_is_added_only_above_goal(name: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(name)
    values, goals, added = a1c_values(result), goal(result), 0
    for drug in rows(result, "medication_request"):
        if drug["drug_class"] in ("SGLT2 inhibitor", "GLP-1 receptor agonist"):
            last = [row["value"] for row in values[drug["person_id"]] if row["issued"] <= drug["authored"]][-1]
            assert last > goals[drug["person_id"]]
            added += 1
    assert added > 20


def test_a_drug_added_lowers_the_next_a1c(diabetics: Result) -> None:
    values, changes = a1c_values(diabetics), []
    for person, orders in by_person(diabetics, "medication_request", drug_class="SGLT2 inhibitor").items():
        before = [row["value"] for row in values[person] if row["effective"] < orders[0]["authored"]][-1]
        after = [row["value"] for row in values[person] if row["effective"] > orders[0]["authored"]]
        changes += [after[0] - before] if after else []
    assert len(changes) > 20
    assert np.mean(changes) < -0.4


def test_first_treatment_brings_the_a1c_down(beginners: Result) -> None:
    high = [series for series in a1c_values(beginners).values() if series[0]["value"] >= 8]
    assert len(high) > 20
    assert np.mean([series[-1]["value"] - series[0]["value"] for series in high]) < -1.0


def test_second_and_third_drug_come_in_order_and_once(diabetics: Result) -> None:
    third = by_person(diabetics, "medication_request", drug_class="GLP-1 receptor agonist")
    second = by_person(diabetics, "medication_request", drug_class="SGLT2 inhibitor")
    assert third
    for person, orders in third.items():
        assert (len(orders), len(second[person])) == (1, 1)
        assert second[person][0]["authored"] < orders[0]["authored"]


def test_eyes_are_seen_after_a_referral_and_kidneys_every_year(diabetics: Result) -> None:
    referred = by_person(diabetics, "referral", specialty="ophthalmology")
    seen = by_person(diabetics, "encounter", specialty="ophthalmology")
    albumin = by_person(diabetics, "observation", loinc="9318-7")
    assert len(referred) == len(albumin) == 800
    assert 0.6 < len(seen) / len(referred) < 0.8
    assert all(visits[0]["start"] > referred[person][0]["authored"] for person, visits in seen.items())
    assert all(len(values) == 2 for values in albumin.values())


def test_kidney_values_agree_with_the_problem_list(diabetics: Result) -> None:
    stages = {"N18.2": (60, 90), "N18.31": (45, 60), "N18.32": (30, 45)}
    filtration = by_person(diabetics, "observation", loinc="98979-8")
    listed = [row for row in rows(diabetics, "condition") if row["code"] in stages]
    assert len(listed) > 100
    for row in listed:
        low, high = stages[row["code"]]
        assert low - 16 < filtration[row["person_id"]][0]["value"] < high + 16


def ckd_epi_2021(creatinine: float, age: int, sex: str) -> float:
    """eGFR by the equation of Inker et al., N Engl J Med 2021;385:1737."""
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "F" else (0.9, -0.302, 1.0)
    ratio = creatinine / kappa
    return 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * factor


def test_creatinine_and_egfr_agree_by_the_equation_that_laboratories_use(diabetics: Result) -> None:
    creatinine, filtration = (by_person(diabetics, "observation", loinc=code) for code in ("2160-0", "98979-8"))
    for person in diabetics.tables["core.person"].select(["person_id", "age", "sex"]).to_pylist():
        measured, reported = creatinine[person["person_id"]][0]["value"], filtration[person["person_id"]][0]["value"]
        least, most = (
            ckd_epi_2021(measured + rounding, person["age"], person["sex"]) for rounding in (0.0051, -0.0051)
        )
        assert least - 0.51 <= reported <= most + 0.51


def test_the_first_year_begins_with_a_diagnosis_that_the_problem_list_knows(beginners: Result) -> None:
    for conditions in by_person(beginners, "condition").values():
        problem = next(
            row for row in conditions if row["category"] == "problem-list-item" and row["code"].startswith("E11")
        )
        finding = next(
            row for row in conditions if row["category"] == "encounter-diagnosis" and row["code"] == problem["code"]
        )
        assert finding["onset_date"] == problem["onset_date"]


# Chronic care and check-ups


def test_chronic_care_is_two_to_four_visits_a_year(chronic: Result) -> None:
    visits = {len(found) for found in by_person(chronic, "encounter", type="Chronic care visit").values()}
    assert visits == {2, 3, 4}


def test_a_second_drug_for_blood_pressure_comes_only_where_the_first_did_not_do(chronic: Result) -> None:
    pressures = by_person(chronic, "observation", loinc="8480-6")
    added = by_person(chronic, "medication_request", drug_class="calcium channel blocker")
    assert len(added) > 10
    for person, orders in added.items():
        last = [row["value"] for row in pressures[person] if row["effective"] <= orders[0]["authored"]][-1]
        assert last >= 139.5


def test_prescriptions_are_renewed_while_nobody_takes_two_strengths_at_once(chronic: Result) -> None:
    for orders in by_person(chronic, "medication_request", drug_class="ACE inhibitor").values():
        assert len({order["rxnorm"] for order in orders}) == 1
        assert len(orders) == 2


@pytest.mark.parametrize("drug_class", ["ACE inhibitor", "calcium channel blocker", "statin", "biguanide"])
def test_one_drug_of_a_class_runs_out_about_when_the_next_begins(chronic: Result, drug_class: str) -> None:
    taken = by_person(chronic, "medication_request", drug_class=drug_class)
    assert taken
    for orders in taken.values():
        for order, following in itertools.pairwise(sorted(orders, key=lambda row: row["authored"])):
            supplied = order["days_supply"] * (order["refills"] + 1)
            assert abs((following["authored"] - order["authored"]).days - supplied) <= 32


def test_prediabetes_does_not_pass_by_itself(checked: Result) -> None:
    assert {row["clinical_status"] for row in rows(checked, "condition") if row["code"] == "R73.03"} == {"active"}


def test_screening_is_by_age_and_sex(checked: Result) -> None:
    people = {row["person_id"]: row for row in checked.tables["core.person"].to_pylist()}
    mammograms = [people[row["person_id"]] for row in rows(checked, "referral") if row["specialty"] == "radiology"]
    zoster = [people[row["person_id"]] for row in rows(checked, "procedure") if row["code"] == "187"]
    assert mammograms
    assert zoster
    assert all(person["sex"] == "F" and 40 <= person["age"] <= 74 for person in mammograms)
    assert all(person["age"] >= 50 for person in zoster)


def test_prediabetes_is_found_from_an_a1c_of_5_7_and_below_6_5(checked: Result) -> None:
    values = {person: found[0]["value"] for person, found in a1c_values(checked).items()}
    found = by_person(checked, "condition", code="R73.03")
    assert found
    assert all(5.7 <= values[person] < 6.5 for person in found)


def test_influenza_is_vaccinated_against_from_september_to_january(checked: Result) -> None:
    given = [event["time"].month for event in checked.timeline.to_pylist() if event["node"] == "influenza"]
    assert len(given) > 100 and set(given) <= {9, 10, 11, 12, 1}
