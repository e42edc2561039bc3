"""Condition, Procedure and Immunization."""

from __future__ import annotations

from healthsim_core import text
from patientsim.formats.fhir.elements import coding, concept, identifier, members, meta, optional_reference, reference
from patientsim.formats.fhir.participants import to_clinician
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import once, rendered

ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
PROBLEM = "problem-list-item"


def condition(rows: Rows) -> Pieces:
    """US Core Condition: problems and health concerns, or an encounter's diagnosis."""
    recorded = text.dates(rows["recorded_date"])
    asserted = text.joined(f',"extension":[{{"url":"{ASSERTED}","valueDateTime":"', recorded, '"}]')
    return [
        rendered(
            _diagnosis,
            rows["category"],
            *rows.said("ICD-10-CM", "code", "description"),
            rows["severity"],
            rows["clinical_status"],
        ),
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
def _diagnosis(
    category: str, code: str, display: str | None, words: str | None, severity: str | None, status: str
) -> str:
    profile = (
        "us-core-condition-problems-health-concerns" if category == PROBLEM else "us-core-condition-encounter-diagnosis"
    )
    return members(
        meta=meta(profile),
        clinicalStatus=concept(coding("clinical_status", status)),
        verificationStatus=concept(coding("verification", "confirmed")),
        category=[concept(coding("condition_category", category))],
        severity=concept(words=severity),
        code=concept(coding("ICD-10-CM", code, display), words=words),
    )


def procedure(rows: Rows) -> Pieces:
    """US Core Procedure: rows whose system is not CVX."""
    return [
        rendered(_performed, rows["system"], *rows.said(rows["system"], "code", "description")),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"performedDateTime":"', rows["performed"]),
        to_clinician(',"performer":[{"actor":', rows.records.directory, rows["provider_npi"], "}]"),
    ]


@once
def _performed(system: str, code: str, display: str | None, words: str | None) -> str:
    return members(
        meta=meta("us-core-procedure"), status="completed", code=concept(coding(system, code, display), words=words)
    )


def immunization(rows: Rows) -> Pieces:
    """US Core Immunization: procedures whose system is CVX."""
    return [
        rendered(_vaccine, *rows.said("CVX", "code", "description")),
        *identifier(rows.ids),
        *reference("patient", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"occurrenceDateTime":"', rows["performed"]),
        ',"primarySource":true',
        to_clinician(',"performer":[{"actor":', rows.records.directory, rows["provider_npi"], "}]"),
    ]


@once
def _vaccine(code: str, display: str | None, words: str | None) -> str:
    return members(
        meta=meta("us-core-immunization"),
        status="completed",
        vaccineCode=concept(coding("CVX", code, display), words=words),
    )
