"""Who cares for whom."""

import numpy as np
import pytest
from networksim.assignment import event_columns, organization_npi, person_columns, provider_specialty
from networksim.network import network

from healthsim_core.testing import make_events, make_people, make_run

COUNTIES = ("06073", "48201")


@pytest.fixture(scope="module")
def people():
    rows = 400
    county = ["48201" if row % 3 else "06073" for row in range(rows)]
    household = np.arange(rows, dtype=np.int64) // 2 * 32 + 16
    bare = make_people(
        rows, make_run(counties=COUNTIES), age=np.arange(rows) % 90, county_fips=county, household_id=household
    )
    return type(bare)(bare.run, bare.columns.assign(**person_columns(bare)))


@pytest.fixture(scope="module")
def staff():
    found = network(COUNTIES)
    provider = {row["npi"]: row for row in found.provider.to_pylist()}
    facility = {row["npi"]: row for row in found.facility.to_pylist()}
    return provider, facility, {row["npi"]: row for row in found.pharmacy.to_pylist()}


def assigned(people, event_type="encounter", **parameters):
    rows = np.arange(len(people))
    events = make_events(
        event_type,
        people,
        row=rows,
        time=["2025-03-01T09:00:00"] * len(rows),
        parameters={"specialty": None, "class": None, **parameters},
    )
    found = event_columns(events)
    return found["provider_npi"].to_pylist(), found["facility_npi"].to_pylist()


@pytest.mark.parametrize(("name", "index"), [("pcp_npi", 0), ("hospital_npi", 1), ("pharmacy_npi", 2)])
def test_everybody_has_somebody_of_the_own_county(people, staff, name, index):
    assert people["county_fips"].to_pylist() == [staff[index][npi]["county_fips"] for npi in people[name].to_pylist()]


def test_children_have_a_pediatrician_and_adults_do_not(people, staff):
    specialties = np.array([staff[0][npi]["specialty"] for npi in people["pcp_npi"].to_pylist()])
    child = people["age"] < 18

    assert {"pediatrics"} == set(specialties[child])
    assert {"family_medicine", "internal_medicine"} == set(specialties[~child])


def test_a_household_shares_its_pharmacy_and_its_hospital():
    household = np.repeat(np.arange(50, dtype=np.int64) * 16 + 16, 3)
    found = person_columns(make_people(150, household_id=household))

    assert max(len(set(found["pharmacy_npi"].to_pylist()[3 * unit : 3 * unit + 3])) for unit in range(50)) == 1
    assert max(len(set(found["hospital_npi"].to_pylist()[3 * unit : 3 * unit + 3])) for unit in range(50)) == 1
    assert len(set(found["pharmacy_npi"].to_pylist())) > 20


def test_an_event_that_names_no_specialty_is_with_the_primary_care_provider_at_the_practice(people, staff):
    provider, facility = assigned(people)

    assert people["pcp_npi"].to_pylist() == provider
    assert [staff[0][npi]["organization_npi"] for npi in provider] == facility


@pytest.mark.parametrize("specialty", ["primary_care", "family_medicine", "internal_medicine", "astrology"])
def test_primary_care_and_unknown_specialties_are_with_the_primary_care_provider(people, specialty):
    assert people["pcp_npi"].to_pylist() == assigned(people, specialty=specialty)[0]


@pytest.mark.parametrize(
    "specialty", ["cardiology", "obstetrics_gynecology", "endocrinology", "dietetics", "emergency_medicine"]
)
def test_a_specialist_is_of_the_specialty_and_of_the_own_county(people, staff, specialty):
    provider, _ = assigned(people, specialty=specialty)

    assert {specialty} == {staff[0][npi]["specialty"] for npi in provider}
    assert people["county_fips"].to_pylist() == [staff[0][npi]["county_fips"] for npi in provider]


def test_a_person_keeps_the_specialist_over_events_of_all_types(people):
    assert assigned(people, specialty="nephrology") == assigned(people, "procedure", specialty="nephrology")


def test_a_referral_is_made_by_the_primary_care_provider_not_by_whom_it_names(people):
    assert people["pcp_npi"].to_pylist() == assigned(people, "referral", specialty="nephrology")[0]


def test_a_referral_in_a_visit_is_left_to_the_visits_clinician(people):
    events = make_events(
        "referral", people, parameters={"specialty": "nephrology", "class": None}, cause=np.array([5, 0])
    )
    found = event_columns(events)

    assert [npi is None for npi in found["provider_npi"].to_pylist()] == [True, False]
    assert [npi is None for npi in found["facility_npi"].to_pylist()] == [True, False]


@pytest.mark.parametrize(
    ("event_type", "given"),
    [("encounter", "EMER"), ("encounter", "IMP"), ("encounter", "OBSENC"), ("encounter", "SS"), ("admission", None)],
)
def test_stays_and_emergencies_are_at_the_persons_hospital(people, event_type, given):
    assert people["hospital_npi"].to_pylist() == assigned(people, event_type, **{"class": given})[1]


def test_an_emergency_is_seen_by_an_emergency_physician_of_that_hospital(people, staff):
    provider, facility = assigned(people, **{"class": "EMER"})

    assert {"emergency_medicine"} == {staff[0][npi]["specialty"] for npi in provider}
    assert facility == [staff[0][npi]["organization_npi"] for npi in provider]


def test_a_laboratory_test_is_at_a_laboratory(people, staff):
    _, facility = assigned(people, "lab_order")

    assert {"laboratory"} == {staff[1][npi]["kind"] for npi in facility}


def test_who_is_assigned_does_not_depend_on_the_chunk(people):
    half = type(people)(people.run, people.columns.take(np.arange(200, 400)))
    whole_provider, whole_facility = assigned(people, specialty="cardiology")

    assert (whole_provider[200:], whole_facility[200:]) == assigned(half, specialty="cardiology")
    assert people["pcp_npi"].to_pylist()[200:] == person_columns(half)["pcp_npi"].to_pylist()


def test_no_people_have_nobody():
    assert person_columns(make_people(0)).rows == 0


def test_an_npi_tells_specialty_and_organization(people, staff):
    npis = people["pcp_npi"]

    assert [staff[0][npi]["specialty"] for npi in npis.to_pylist()] == provider_specialty(npis).to_pylist()
    assert [staff[0][npi]["organization_npi"] for npi in npis.to_pylist()] == organization_npi(npis).to_pylist()
