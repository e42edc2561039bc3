"""Pregnancies, from the first visit to the child: what an obstetrician sees who reads the timelines."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from journey_runs import by_person, rows, run

from healthsim_core import Result, generate


def stays(result: Result, kind: str) -> dict[int, dict[str, Any]]:
    return {person: found[0] for person, found in by_person(result, "encounter", type=kind).items()}


def mothers(result: Result) -> dict[int, int]:
    """Mother by child."""
    people = result.tables["core.person"].select(["person_id", "household_id", "role"]).to_pylist()
    by_household = {row["household_id"]: row["person_id"] for row in people if row["role"] != "newborn"}
    return {row["person_id"]: by_household[row["household_id"]] for row in people if row["role"] == "newborn"}


def prenatal(result: Result) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    for person, visits in by_person(result, "encounter").items():
        found = [
            visit
            for visit in visits
            if visit["type"] in ("Initial prenatal visit", "Prenatal visit") and visit["secondary_code"]
        ]
        if found:
            yield person, found


@pytest.fixture(scope="module")
def pregnancies() -> Result:
    return run("expectant-mother", "pregnancy_journey", 1000)


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
