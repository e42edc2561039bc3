"""When laboratories report: in a hospital within hours, elsewhere after days;
what was taken together is reported together."""

import pytest

from healthsim_core import generate

TROPONIN, POTASSIUM, BLOOD_CULTURE = "10839-9", "2823-3", "600-7"


def event(name, kind, after=None, wait=None, **parameters):
    said = {"event_id": name, "event_type": kind, "parameters": parameters}
    return {**said, **({"depends_on": after} if after else {}), **({"delay": wait} if wait else {})}


def order(name, after, loinc=POTASSIUM, **wait):
    return event(
        name, "lab_order", after, wait or {"minutes": 20}, loinc=loinc, description="A test", value=4, unit="mmol/L"
    )


PLACES = [
    event("office", "encounter", reason_code="R07.9"),
    event("online", "encounter", **{"class": "VR", "reason_code": "R07.9"}),
    event("emergency", "encounter", "office", {"days": 2, "at": "20:00"}, **{"class": "EMER", "reason_code": "R07.9"}),
    event("observed", "encounter", "office", {"days": 4}, **{"class": "OBSENC", "reason_code": "R07.9"}),
    event("stay", "admission", "emergency", {"hours": 3}, reason_code="R07.9"),
    event("found", "diagnosis", "stay", {"hours": 2}, code="I21.4"),
    event("home", "discharge", "stay", {"days": 3}, reason_code="I21.4", drg="282", discharge_disposition="01"),
    event("nursing", "admission", "home", {"hours": 2}, **{"class": "SNF", "reason_code": "I25.2"}),
    event("again", "encounter", "home", {"days": 20}, reason_code="I25.2"),
]
ORDERS = [
    order("at_the_office", "office"), order("online_asked", "online"),
    order("emergency_troponin", "emergency", TROPONIN),
    order("emergency_potassium", "emergency"), order("while_observed", "observed"),
    order("in_the_stay", "stay", TROPONIN, hours=30),
    order("on_a_diagnosis", "found", TROPONIN), order("culture_of_the_stay", "stay", BLOOD_CULTURE),
    order("after_the_stay", "home", days=9), order("in_a_nursing_facility", "nursing"),
    order("at_the_next_visit", "again"),
    order("of_no_visit", None),
]  # fmt: skip
HOSPITAL = {"emergency_troponin", "emergency_potassium", "while_observed", "in_the_stay", "on_a_diagnosis"}


@pytest.fixture(scope="module")
def waits():
    """Seconds from order to result, by the order's name."""
    journey = {"journey_id": "places", "duration_days": 60, "events": [*PLACES, *ORDERS]}
    people = {"id": "some", "generation": {"count": 60, "seed": 4}, "demographics": {"age": 60}}
    timeline = generate(profile=people, journey=journey, products=["patientsim"]).timeline.to_pylist()
    orders = {row["event_id"]: row for row in timeline if row["event_type"] == "lab_order"}
    found = {}
    for row in timeline:
        if row["event_type"] == "lab_result":
            ordered = orders[row["cause_id"]]
            found.setdefault(ordered["node"], []).append(row["time"] - ordered["time"])
    return {name: [wait.total_seconds() for wait in each] for name, each in found.items()}


@pytest.mark.parametrize("name", sorted(HOSPITAL))
def test_a_hospital_knows_within_two_hours(waits, name):
    assert len(waits[name]) == 60 and min(waits[name]) >= 30 * 60 and max(waits[name]) <= 120 * 60


@pytest.mark.parametrize("name", sorted({each["event_id"] for each in ORDERS} - HOSPITAL))
def test_outpatients_and_cultures_wait_until_another_day(waits, name):
    assert len(waits[name]) == 60 and min(waits[name]) > 120 * 60 and max(waits[name]) < 6 * 24 * 3600


def test_what_an_emergency_took_together_is_reported_together(waits):
    assert waits["emergency_troponin"] == waits["emergency_potassium"]
