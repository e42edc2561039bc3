"""Who cares for whom: a person keeps a primary care provider, a household its hospital and its pharmacy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Draws, Events, People, Text
from networksim import numbers
from networksim.roster import (
    HOSPITAL,
    LABORATORY,
    PHARMACY,
    PROVIDER,
    PROVIDERS_A_SPECIALTY,
    Ints,
    roster,
    specialties,
    specialty_number,
)

PRIMARY = ("family_medicine", "internal_medicine", "primary_care", "general_practice")
ADULT_PRIMARY = ("family_medicine", "internal_medicine")
ADULT_AGE = 18
HOSPITAL_CLASSES = ("IMP", "ACUTE", "NONAC", "SS", "OBSENC", "PRENC", "EMER")
HOSPITAL_TYPES = ("admission", "transfer", "discharge")
LABORATORY_TYPES = ("lab_order", "lab_result")
EMERGENCY = "emergency_medicine"
REFERRAL = "referral"


def person_columns(people: People) -> Columns:
    """pcp_npi (a pediatrician below 18), hospital_npi and pharmacy_npi of everybody."""
    county = roster().counties(people["county_fips"])
    household = people.household_draw("networksim.household")
    return Columns(
        {
            "pcp_npi": numbers.npi_text(county, _primary_care(people, county)),
            "hospital_npi": numbers.npi_text(
                county, HOSPITAL + _one_of(household, "hospital", roster().hospitals[county])
            ),
            "pharmacy_npi": numbers.npi_text(
                county, PHARMACY + _one_of(household, "pharmacy", roster().pharmacies[county])
            ),
        },
        len(people),
    )


def event_columns(events: Events) -> Columns:
    """provider_npi and facility_npi: see `docs/explanation/event-vocabulary.md` for what chooses them."""
    county, provider = numbers.text_slots(events.people["pcp_npi"])
    _, hospital = numbers.text_slots(events.people["hospital_npi"])
    known = (provider >= 0) & (hospital >= 0)
    county, provider = np.where(known, county, 0), np.where(known, provider, PROVIDER)
    wanted = _wanted(events)
    for number in np.unique(wanted[wanted >= 0]):
        mine = np.flatnonzero(wanted == number)
        provider[mine] = _specialist(events, mine, int(number), county[mine], hospital[mine])
    facility = roster().organization(county, provider)
    facility = np.where(_at_hospital(events), hospital, facility)
    at_laboratory = events.type.isin(LABORATORY_TYPES) & (wanted < 0)
    facility = np.where(at_laboratory, _laboratory(events, county), facility)
    # who refers is who saw the patient, not whom the patient is sent to
    inherits = (events.type == REFERRAL) & (events.cause != 0)
    county = np.where(known & ~inherits, county, -1)
    return Columns(
        {"provider_npi": numbers.npi_text(county, provider), "facility_npi": numbers.npi_text(county, facility)},
        len(events),
    )


def provider_specialty(npis: Text) -> Text:
    """The specialty of each clinician of the network."""
    _, position = numbers.text_slots(npis)
    codes = np.where(position < 0, -1, (position - PROVIDER) // PROVIDERS_A_SPECIALTY)
    return Text(codes, [specialty.name for specialty in specialties()])


def organization_npi(npis: Text) -> Text:
    """The organization of each clinician of the network."""
    county, position = numbers.text_slots(npis)
    known = county >= 0
    return numbers.npi_text(
        county, roster().organization(np.where(known, county, 0), np.where(known, position, PROVIDER))
    )


def _primary_care(people: People, county: Ints) -> Ints:
    draw = people.draw("networksim.pcp")
    family, internal = (specialty_number(name) for name in ADULT_PRIMARY)
    counts = roster().providers
    ordinal = _one_of(draw, "adult", counts[county, family] + counts[county, internal])
    of_family = ordinal < counts[county, family]
    adult = np.where(of_family, _position(family, ordinal), _position(internal, ordinal - counts[county, family]))
    pediatrics = specialty_number("pediatrics")
    child = _position(pediatrics, _one_of(draw, "child", counts[county, pediatrics]))
    return np.where(np.asarray(people["age"]) < ADULT_AGE, child, adult)


def _wanted(events: Events) -> Ints:
    specialty = events.parameters.text("specialty")
    wanted = specialty.map(lambda name: -1 if name in PRIMARY else specialty_number(name), np.int64, -1)
    emergency = (events.parameters.text("class") == "EMER") & specialty.is_null()
    wanted = np.where(emergency, specialty_number(EMERGENCY), wanted)
    wanted = np.where(events.type == REFERRAL, -1, wanted)
    child = np.asarray(events.people["age"]) < ADULT_AGE
    return np.where(child & (wanted == specialty_number("pediatrics")), -1, wanted)


def _specialist(events: Events, rows: NDArray[np.intp], number: int, county: Ints, hospital: Ints) -> Ints:
    draw = events.run.draws(f"networksim.{specialties()[number].name}", events.person[rows])
    total, hospitals = roster().providers[county, number], roster().hospitals[county]
    if roster().group[number] >= 0:
        return _position(number, _one_of(draw, "specialist", total))
    at_hospital = (total - (hospital - HOSPITAL) + hospitals - 1) // hospitals  # those of the person's own hospital
    own = (hospital - HOSPITAL) + hospitals * _one_of(draw, "specialist", np.maximum(at_hospital, 1))
    return _position(number, np.where(at_hospital > 0, own, _one_of(draw, "elsewhere", total)))


def _at_hospital(events: Events) -> NDArray[np.bool_]:
    return events.parameters.text("class").isin(HOSPITAL_CLASSES) | events.type.isin(HOSPITAL_TYPES)


def _laboratory(events: Events, county: Ints) -> Ints:
    draw = events.run.draws("networksim.laboratory", np.asarray(events.people["household_id"]))
    return LABORATORY + _one_of(draw, "laboratory", roster().laboratories[county])


def _one_of(draw: Draws, name: str, count: Ints) -> Ints:
    return draw.integers(name, 0, count)


def _position(specialty: int, ordinal: Any) -> Ints:
    return PROVIDER + specialty * PROVIDERS_A_SPECIALTY + np.asarray(ordinal, np.int64)
