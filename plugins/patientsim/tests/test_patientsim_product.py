"""PatientSim as a product: its templates, and generating with it alone."""

from typing import Any

import pytest
from patientsim import generate as generate_patients
from patientsim.generation import (
    JOURNEYS,
    PATIENT_PROFILE_TEMPLATES,
    PROFILES,
    PatientProfileExecutor,
    create_patient_profile,
)

from healthsim_core import JourneySpecification, ProfileSpecification, generate


@pytest.mark.parametrize("offer", JOURNEYS, ids=lambda offer: offer.name)
def test_every_journey_parses_and_says_what_it_is(offer: Any) -> None:
    journey = JourneySpecification.read(offer.specification)
    assert journey.name
    assert journey.description


@pytest.mark.parametrize("offer", PROFILES, ids=lambda offer: offer.name)
def test_every_profile_names_its_sources_and_a_journey(offer: Any) -> None:
    profile = ProfileSpecification.read(offer.specification)
    assert profile.journeys
    assert any(source in profile.description for source in ("CMS", "NCHS", "Census"))


def test_generate_makes_patients_by_default() -> None:
    result = generate_patients(count=3)
    assert result.tables["patientsim.patient"].num_rows == 3
    assert not [name for name in result.tables if name.startswith("membersim.c")]


def test_the_executor_makes_charts_without_a_journey() -> None:
    result = PatientProfileExecutor(PATIENT_PROFILE_TEMPLATES["diabetic-senior"], count=5).execute()
    assert result.tables["patientsim.patient"].num_rows == 5
    assert set(result.tables["patientsim.condition"]["category"].to_pylist()) == {"problem-list-item"}


def test_a_profile_in_a_few_words() -> None:
    profile = create_patient_profile(["I10"], primary="E11", severity="uncontrolled", age=70, sex="F")
    person = PatientProfileExecutor(profile, count=1).execute().entities.to_pylist()[0]
    assert (person["age"], person["sex"], person["conditions"], person["severity"]) == (
        70,
        "F",
        "E11.65 I10",
        "uncontrolled",
    )


def test_two_journeys_of_one_person_agree_on_the_body() -> None:
    result = generate(
        profile="adult-hypertension",
        journey=["chronic-management", "annual-wellness"],
        count=30,
        products=["patientsim"],
    )
    heights: dict[int, list[float]] = {}
    for row in result.tables["patientsim.observation"].to_pylist():
        if row["loinc"] == "8302-2":
            heights.setdefault(row["person_id"], []).append(row["value"])
    assert any(len(found) == 2 for found in heights.values())
    assert all(len(set(found)) == 1 for found in heights.values())
