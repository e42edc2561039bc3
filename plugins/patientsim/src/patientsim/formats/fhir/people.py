"""Patient and Coverage."""

from __future__ import annotations

from typing import Any

from healthsim_core import Text, places, text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir.elements import CODES, EXTENSION, SYSTEMS, coding, concept, inner, members, meta, reference
from patientsim.formats.fhir.participants import facility_reference, payer_reference, to_clinician
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import once, rendered

UNINSURED = "uninsured"  # the coverage type of those who have no card


def patient(rows: Rows) -> Pieces:
    """US Core Patient: of patientsim.patient, with the names and the rest from core.person."""
    who, directory = rows.of_person(), rows.records.directory
    return [
        rendered(_demographics, who.text("sex"), who.text("race"), who.text("ethnicity"), who.text("language")),
        *_identifiers(rows, who),
        ',"active":true',
        ',"name":[{"use":"official","family":"',
        inner(who.text("last_name")),
        '","given":["',
        inner(who.text("first_name")),
        '"]}]',
        *_contact(who),
        ',"birthDate":"',
        text.dates(who["birth_date"]),
        '"',
        text.optional(',"deceasedDateTime":"', text.dates(rows["deceased_date"]), '"'),
        to_clinician(',"generalPractitioner":[', directory, rows["general_practitioner_npi"], "]"),
        rendered(directory.once(_managing_organization), rows["managing_organization_npi"]),
    ]


@once
def _demographics(sex: str, race: str, ethnicity: str, language: str) -> str:
    return members(
        meta=meta("us-core-patient"),
        extension=[
            _omb("us-core-race", *CODES["race"].get(race, (None, race))),
            _omb("us-core-ethnicity", *CODES["ethnicity"].get(ethnicity, (None, ethnicity))),
            {"url": f"{EXTENSION}us-core-birthsex", "valueCode": sex},
        ],
        gender=CODES["gender"][sex],
        communication=[
            {"language": concept(coding("language", language, CODES["language"].get(language))), "preferred": True}
        ],
    )


def _omb(name: str, code: str | None, words: str) -> dict[str, Any]:
    category = None if code is None else {"url": "ombCategory", "valueCoding": coding("race", code, words)}
    return {"url": EXTENSION + name, "extension": [category, {"url": "text", "valueString": words}]}


def _identifiers(rows: Rows, who: Any) -> Pieces:
    card = text.joined(",", _identifier("MB", "member"), inner(who["member_number"]), '"}')
    return [
        ',"identifier":[',
        _identifier("MR", "mrn"),
        inner(rows["mrn"]),
        '"}',
        text.choose(who["coverage_type"] != UNINSURED, card, ""),
        text.optional("," + _identifier("SS", "ssn"), who["ssn"], '"}'),
        "]",
    ]


def _identifier(kind: str, system: str) -> str:
    """An identifier, up to its value."""
    coding = f'{{"system":"{SYSTEMS["identifier_type"]}","code":"{kind}"}}'
    return f'{{"type":{{"coding":[{coding}]}},"system":"{SYSTEMS[system]}","value":"'


def _managing_organization(directory: Directory, number: str | None) -> str:
    return members(managingOrganization=facility_reference(directory, number))


def _payor(directory: Directory, payer: str) -> str:
    return members(payor=[payer_reference(directory, payer)])


def _contact(who: Any) -> Pieces:
    return [
        ',"telecom":[{"system":"phone","value":"',
        who["phone"],
        '","use":"home"},{"system":"email","value":"',
        inner(who["email"]),
        '"}],"address":[{"use":"home","line":["',
        inner(who["address"]),
        '"]',
        rendered(_place, who["city"], who["county_fips"], who["state"], who["zip"]),
        "}]",
    ]


@once
def _place(city: str, county: str, state: str, zip_code: str) -> str:
    return members(city=city, district=places.county(county).name, state=state, postalCode=zip_code, country="US")


def coverage(rows: Rows) -> Pieces:
    """US Core Coverage: of membersim.coverage."""
    directory, subscriber, person, end = (
        rows.records.directory,
        rows["subscriber_id"],
        rows["person_id"],
        rows["end_date"],
    )
    ended = Text(end < rows.records.run.as_of, ["active", "cancelled"])
    number = inner(rows["member_number"])
    return [
        rendered(_kind, rows["coverage_type"], rows["relationship"], ended),
        ',"identifier":[',
        _identifier("MB", "member"),
        number,
        '"}],"subscriberId":"',
        number,
        '"',
        text.choose(subscriber == person, text.joined(*reference("subscriber", "Patient", rows.person_ids)), ""),
        *reference("beneficiary", "Patient", rows.person_ids),
        ',"period":{"start":"',
        text.dates(rows["start_date"]),
        '"',
        text.optional(',"end":"', text.dates(end), '"'),
        "}",
        rendered(directory.once(_payor), rows["payer_id"]),
        rendered(_classes, rows["plan"], rows.told("group_number")),
        ',"order":',
        text.whole(rows["rank"]),
    ]


@once
def _kind(coverage_type: str | None, relationship: str, status: str) -> str:
    code, words = CODES["payment"].get(coverage_type, (None, coverage_type))
    return members(
        meta=meta("us-core-coverage"),
        status=status,
        type=concept(coding("payment", code, words), words=words),
        relationship=concept(coding("relationship", CODES["relationship"].get(relationship, "other"))),
    )


@once
def _classes(plan: str | None, group: str | None) -> str:
    values = {"plan": plan, "group": group}
    return members(
        class_=[
            {"type": concept(coding("coverage_class", kind)), "value": value} for kind, value in values.items() if value
        ]
    )
