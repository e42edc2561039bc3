"""Encounter, Condition, Procedure and Immunization."""

from __future__ import annotations

import numpy as np

from healthsim_core import text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir.elements import (
    CODES,
    coding,
    concept,
    identifier,
    members,
    meta,
    optional_reference,
    reference,
)
from patientsim.formats.fhir.participants import facility_reference, location_reference, to_clinician
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import once, rendered

ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
ATTENDING = members(type=[concept(coding("participation", "ATND", "attender"))]).removeprefix(",")
PROBLEM = "problem-list-item"


def encounter(rows: Rows) -> Pieces:
    """US Core Encounter."""
    directory = rows.records.directory
    return [
        rendered(_visit, rows["class"], rows["type"], rows["status"], rows["specialty"]),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        to_clinician(f',"participant":[{{{ATTENDING},"individual":', directory, rows["provider_npi"], "}]"),
        *rows.moment(',"period":{"start":"', rows["start"]),
        rows.optional_moment(',"end":"', rows["end"]),
        "}",
        rendered(_reasons, rows["reason_code"], rows["reason_description"], rows["secondary_code"], rows["secondary_description"]),
        rendered(_disposition, rows["discharge_disposition"]),
        *_places(rows, directory),
        rendered(directory.once(_service_provider), rows["facility_npi"]),
    ]


@once
def _visit(kind: str, words: str | None, status: str, specialty: str | None) -> str:
    display, default = CODES["class"].get(kind, (None, kind))
    service = None if specialty is None else concept(words=specialty.replace("_", " "))
    return members(
        meta=meta("us-core-encounter"),
        status=status,
        class_=coding("class", kind, display),
        type=[concept(words=words or default)],
        serviceType=service,
    )


def _service_provider(directory: Directory, number: str | None) -> str:
    return members(serviceProvider=facility_reference(directory, number))


@once
def _reasons(code: str | None, words: str | None, second: str | None, second_words: str | None) -> str:
    pairs = ((code, words), (second, second_words))
    return members(reasonCode=[concept(coding("ICD-10-CM", icd, text_), words=text_) for icd, text_ in pairs])


@once
def _disposition(code: str | None) -> str:
    if code is None:
        return ""
    known = coding("disposition", CODES["disposition"].get(code, "oth"))
    return members(hospitalization={"dischargeDisposition": concept(known, coding("ub_disposition", code))})


def _places(rows: Rows, directory: Directory) -> Pieces:
    """The facility, and the unit that the patient was transferred to, since when."""
    unit, time = rows["transfer_unit"], rows["transfer_time"]
    since = text.choose(np.isnat(time), "}]", rows.optional_moment(',"period":{"start":"', time, '"}}]'))
    return [
        rendered(directory.once(_locations), rows["facility_npi"], unit),
        text.choose(unit.is_null(), "", since),
    ]


def _locations(directory: Directory, number: str | None, unit: str | None) -> str:
    """The whole element, or, where there is a unit, all but its end."""
    facility = {"location": location_reference(directory, number)}
    whole = members(location=[facility, {"location": {"display": unit}}])
    return whole if unit is None else whole.removesuffix("}]")


def condition(rows: Rows) -> Pieces:
    """US Core Condition: problems and health concerns, or an encounter's diagnosis."""
    recorded = text.dates(rows["recorded_date"])
    asserted = text.joined(f',"extension":[{{"url":"{ASSERTED}","valueDateTime":"', recorded, '"}]')
    return [
        rendered(_diagnosis, rows["category"], rows["code"], rows["description"], rows["severity"], rows["clinical_status"]),
        text.choose(rows["category"] == PROBLEM, asserted, ""),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        text.optional(',"onsetDateTime":"', text.dates(rows["onset_date"]), '"'),
        ',"recordedDate":"',
        recorded,
        '"',
    ]


@once
def _diagnosis(category: str, code: str, words: str | None, severity: str | None, status: str) -> str:
    profile = "us-core-condition-problems-health-concerns" if category == PROBLEM else "us-core-condition-encounter-diagnosis"
    return members(
        meta=meta(profile),
        clinicalStatus=concept(coding("clinical_status", status)),
        verificationStatus=concept(coding("verification", "confirmed")),
        category=[concept(coding("condition_category", category))],
        severity=concept(words=severity),
        code=concept(coding("ICD-10-CM", code, words), words=words),
    )


def procedure(rows: Rows) -> Pieces:
    """US Core Procedure: rows whose system is not CVX."""
    return [
        rendered(_performed, rows["system"], rows["code"], rows["description"]),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"performedDateTime":"', rows["performed"]),
        to_clinician(',"performer":[{"actor":', rows.records.directory, rows["provider_npi"], "}]"),
    ]


@once
def _performed(system: str, code: str, words: str | None) -> str:
    return members(meta=meta("us-core-procedure"), status="completed", code=concept(coding(system, code, words), words=words))


def immunization(rows: Rows) -> Pieces:
    """US Core Immunization: procedures whose system is CVX."""
    return [
        rendered(_vaccine, rows["code"], rows["description"]),
        *identifier(rows.ids),
        *reference("patient", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"occurrenceDateTime":"', rows["performed"]),
        ',"primarySource":true',
        to_clinician(',"performer":[{"actor":', rows.records.directory, rows["provider_npi"], "}]"),
    ]


@once
def _vaccine(code: str, words: str | None) -> str:
    return members(meta=meta("us-core-immunization"), status="completed", vaccineCode=concept(coding("CVX", code, words), words=words))
