"""The journeys, run for real: what a clinician sees who reads the timelines."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from healthsim_core import Result, generate

AS_OF = np.datetime64("2026-01-01")


def run(profile: Any, journey: str, count: int) -> Result:
    return generate(profile=profile, journey=journey, count=count, products=["patientsim"])


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


@functools.cache
def rows(result: Result, table: str) -> list[dict[str, Any]]:
    return result.tables[f"patientsim.{table}"].to_pylist()


def by_person(result: Result, table: str, **wanted: Any) -> dict[int, list[dict[str, Any]]]:
    """A table's rows by person, those of which all of `wanted` holds, in the order of the table."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows(result, table):
        if all(row[name] == value for name, value in wanted.items()):
            found.setdefault(row["person_id"], []).append(row)
    return found


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


# Pregnancy


def stays(result: Result, kind: str) -> dict[int, dict[str, Any]]:
    return {person: found[0] for person, found in by_person(result, "encounter", type=kind).items()}


def mothers(result: Result) -> dict[int, int]:
    """Mother by child."""
    people = result.tables["core.person"].select(["person_id", "household_id", "role"]).to_pylist()
    by_household = {row["household_id"]: row["person_id"] for row in people if row["role"] != "newborn"}
    return {row["person_id"]: by_household[row["household_id"]] for row in people if row["role"] == "newborn"}


def test_every_woman_gives_birth_once_and_in_hospital(pregnancies: Result) -> None:
    deliveries = by_person(pregnancies, "encounter", type="Delivery")
    assert len(deliveries) == len(mothers(pregnancies)) == 1000
    assert all(len(found) == 1 and found[0]["class"] == "IMP" and found[0]["end"] for found in deliveries.values())


def test_about_68_in_100_births_are_vaginal(pregnancies: Result) -> None:
    groups = [stay["drg"] for stay in stays(pregnancies, "Delivery").values()]
    bound = 4 * np.sqrt(0.68 * 0.32 / len(groups))
    assert set(groups) == {"807", "788"}
    assert abs(groups.count("807") / len(groups) - 0.68) < bound


def test_drg_procedure_and_newborn_agree_on_the_way_of_birth(pregnancies: Result) -> None:
    delivered = {
        p: [row["code"] for row in found]
        for p, found in by_person(pregnancies, "procedure", system="ICD-10-PCS").items()
    }
    births = stays(pregnancies, "Birth")
    expected = {"807": ("10E0XZZ", "Z38.00"), "788": ("10D00Z1", "Z38.01")}
    deliveries = stays(pregnancies, "Delivery")
    for child, mother in mothers(pregnancies).items():
        procedure, liveborn = expected[deliveries[mother]["drg"]]
        assert delivered[mother].count(procedure) == 1
        assert not {"10E0XZZ", "10D00Z1"} - {procedure} & set(delivered[mother])
        assert (births[child]["reason_code"], births[child]["drg"], births[child]["admission_type"]) == (
            liveborn,
            "795",
            "4",
        )


def test_a_newborn_lies_in_after_the_delivery_began_and_goes_home_the_day_its_mother_does(pregnancies: Result) -> None:
    deliveries, births = stays(pregnancies, "Delivery"), stays(pregnancies, "Birth")
    for child, mother in mothers(pregnancies).items():
        assert deliveries[mother]["start"] < births[child]["start"] < births[child]["end"]
        assert births[child]["end"].date() == deliveries[mother]["end"].date()


def test_nobody_but_newborns_is_a_newborn(pregnancies: Result) -> None:
    children = mothers(pregnancies).keys()
    assert {row["person_id"] for row in rows(pregnancies, "condition") if row["code"].startswith("Z38")} == set(
        children
    )
    assert not {
        row["person_id"] for row in rows(pregnancies, "condition") if row["code"].startswith(("O", "Z34", "Z3A"))
    } & set(children)


def prenatal(result: Result) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    for person, visits in by_person(result, "encounter").items():
        found = [
            visit
            for visit in visits
            if visit["type"] in ("Initial prenatal visit", "Prenatal visit") and visit["secondary_code"]
        ]
        if found:
            yield person, found


def test_week_codes_of_visits_agree_with_the_calendar(pregnancies: Result) -> None:
    for _, visits in prenatal(pregnancies):
        weeks = [int(visit["secondary_code"][4:]) for visit in visits]
        days = [(visit["start"].date() - visits[0]["start"].date()).days for visit in visits]
        assert weeks[0] in (8, 9)
        assert all(abs(days[i] / 7 - (weeks[i] - weeks[0])) < 1 for i in range(len(visits)))


def test_prenatal_visits_keep_the_usual_spacing_and_end_before_birth(pregnancies: Result) -> None:
    planned, deliveries = [8, 12, 16, 20, 24, 28, 30, 32, 34, 36, 37, 38, 39], stays(pregnancies, "Delivery")
    for person, visits in prenatal(pregnancies):
        weeks = [int(visit["secondary_code"][4:]) for visit in visits]
        shift = weeks[0] - planned[0]
        assert [week - shift for week in weeks] == planned
        assert visits[-1]["start"] < deliveries[person]["start"]


def test_glucose_is_screened_at_24_to_28_weeks_and_anatomy_at_18_to_22(pregnancies: Result) -> None:
    week_of = {
        visit["encounter_id"]: int(visit["secondary_code"][4:])
        for _, visits in prenatal(pregnancies)
        for visit in visits
    }
    screens = [week_of[row["encounter_id"]] for row in rows(pregnancies, "lab_order") if row["loinc"] == "1504-0"]
    scans = [week_of[row["encounter_id"]] for row in rows(pregnancies, "procedure") if row["code"] == "BY4CZZZ"]
    assert len(screens) == len(scans) == 1000
    assert set(screens) <= set(range(24, 29))
    assert set(scans) <= set(range(18, 23))


def test_gestational_diabetes_is_diagnosed_by_a_test_and_changes_what_follows(pregnancies: Result) -> None:
    screens = {
        person: found[0]["value"] for person, found in by_person(pregnancies, "observation", loinc="1504-0").items()
    }
    limits = {"1558-6": 95, "1501-6": 180, "1514-9": 155, "1530-5": 140}
    tests = {code: by_person(pregnancies, "observation", loinc=code) for code in limits}
    found = by_person(pregnancies, "condition", code="O24.410")
    deliveries = stays(pregnancies, "Delivery")
    assert 0.03 < len(found) / len(screens) < 0.12
    for person, value in screens.items():
        high = sum(tests[code][person][0]["value"] >= limit for code, limit in limits.items() if person in tests[code])
        assert (person in tests["1530-5"]) == (value >= 140)
        assert (person in found) == (high >= 2)
        if person in found and deliveries[person]["drg"] == "807":
            assert deliveries[person]["reason_code"] == "O24.420"


def test_postpartum_visits_are_three_and_twelve_weeks_after_birth(pregnancies: Result) -> None:
    births = stays(pregnancies, "Birth")
    born = {mother: births[child]["start"] for child, mother in mothers(pregnancies).items()}
    for person, visits in by_person(pregnancies, "encounter", type="Postpartum visit").items():
        weeks = [(visit["start"].date() - born[person].date()).days / 7 for visit in visits]
        assert 2.5 <= weeks[0] <= 3.5
        assert 11 <= weeks[1] <= 12.5


def test_weight_rises_in_pregnancy_and_a_newborn_loses_then_gains(pregnancies: Result) -> None:
    series = by_person(pregnancies, "observation", loinc="29463-7")
    births = {
        person: found[0]["value"] / 1000
        for person, found in by_person(pregnancies, "observation", loinc="8339-4").items()
    }
    gains = [series[mother][12]["value"] - series[mother][0]["value"] for mother in mothers(pregnancies).values()]
    assert 10 < np.mean(gains) < 15
    assert np.mean([series[child][0]["value"] - births[child] for child in births]) < 0
    assert all(series[child][2]["value"] > births[child] for child in births)


def test_men_children_and_women_past_childbearing_have_no_pregnancy() -> None:
    for demographics in ({"sex": "M", "age": 30}, {"sex": "F", "age": 9}, {"sex": "F", "age": 60}):
        result = generate(
            profile={"demographics": demographics}, journey="pregnancy_journey", count=5, products=["patientsim"]
        )
        assert rows(result, "encounter") == []


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
