"""MedicationRequest, ServiceRequest (laboratory orders and referrals) and CarePlan."""

from __future__ import annotations

from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Text
from patientsim.formats.fhir.elements import (
    SYSTEMS,
    coding,
    concept,
    identifier,
    members,
    meta,
    optional_reference,
    reference,
)
from patientsim.formats.fhir.participants import to_clinician
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import numbers, once, rendered


def medication_request(rows: Rows) -> Pieces:
    """US Core MedicationRequest."""
    return [
        rendered(_drug, rows["status"], rows["ndc"], *rows.said("RxNorm", "rxnorm", "description")),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"authoredOn":"', rows["authored"]),
        to_clinician(',"requester":', rows.records.directory, rows["provider_npi"]),
        rendered(_dosage, rows["sig"], numbers(rows["dose"]), rows["dose_unit"]),
        rendered(_supply, numbers(rows["refills"]), numbers(rows["quantity"]), numbers(rows["days_supply"])),
    ]


@once
def _drug(status: str, ndc: str | None, rxnorm: str | None, display: str | None, words: str) -> str:
    return members(
        meta=meta("us-core-medicationrequest"),
        status=status,
        intent="order",
        category=[concept(coding("medication_category", "community", "Community"))],
        reportedBoolean=False,
        medicationCodeableConcept=concept(coding("RxNorm", rxnorm, display), coding("NDC", ndc), words=words),
    )


@once
def _dosage(sig: str | None, dose: str | None, unit: str | None) -> str:
    quantity = None if dose is None else {"value": number_of(dose), "unit": unit, **_ucum(unit)}
    return members(dosageInstruction=[{"text": sig, "doseAndRate": [{"doseQuantity": quantity}]}])


@once
def _supply(refills: str | None, quantity: str | None, days: str | None) -> str:
    lasts = None if days is None else {"value": number_of(days), "unit": "day", **_ucum("d")}
    return members(
        dispenseRequest={
            "numberOfRepeatsAllowed": number_of(refills),
            "quantity": {"value": number_of(quantity)},
            "expectedSupplyDuration": lasts,
        }
    )


def number_of(decimal: str | None) -> float | int | None:
    """A JSON number from a decimal."""
    return None if decimal is None else int(decimal) if decimal.lstrip("-").isdecimal() else float(decimal)


def _ucum(unit: str | None) -> dict[str, str]:
    return {} if unit is None else {"system": SYSTEMS["UCUM"], "code": unit}


def lab_order(rows: Rows) -> Pieces:
    """US Core ServiceRequest for a laboratory test; completed where its result is there."""
    resulted = pc.is_in(
        pa.array(rows["lab_order_id"]), pa.array(rows.records["patientsim.observation"]["lab_order_id"])
    )
    status = Text(np.asarray(resulted), ["active", "completed"])
    what = rendered(_test, status, *rows.said("LOINC", "loinc", "description"))
    return [what, *identifier(rows.ids), *_request(rows), *rows.moment(',"occurrenceDateTime":"', rows["authored"])]


@once
def _test(status: str, loinc: str, display: str | None, words: str | None) -> str:
    return members(
        meta=meta("us-core-servicerequest"),
        status=status,
        intent="order",
        category=[concept(words="Laboratory procedure")],
        code=concept(coding("LOINC", loinc, display), words=words),
    )


def referral(rows: Rows) -> Pieces:
    """US Core ServiceRequest for a referral; completed where the visit that it led to has begun."""
    what = rendered(
        _consultation, rows["status"], rows["specialty"], *rows.said("ICD-10-CM", "reason_code", "description")
    )
    return [what, *identifier(rows.ids), *_request(rows)]


@once
def _consultation(
    status: str, specialty: str | None, reason: str | None, display: str | None, words: str | None
) -> str:
    where = "a specialist" if specialty is None else specialty.replace("_", " ")
    return members(
        meta=meta("us-core-servicerequest"),
        status=status,
        intent="order",
        category=[concept(words="Patient referral")],
        code=concept(words=f"Referral to {where}"),
        reasonCode=[concept(coding("ICD-10-CM", reason, display), words=words)],
    )


def _request(rows: Rows) -> Pieces:
    return [
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"authoredOn":"', rows["authored"]),
        to_clinician(',"requester":', rows.records.directory, rows["provider_npi"]),
    ]


def care_plan(rows: Rows) -> Pieces:
    """US Core CarePlan: what was agreed is its narrative."""
    return [
        rendered(_plan, rows["description"]),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"created":"', rows["created"]),
        to_clinician(',"author":', rows.records.directory, rows["provider_npi"]),
    ]


@once
def _plan(words: str | None) -> str:
    narrative = escape(words or "Care plan").replace("\r\n", "<br/>").replace("\n", "<br/>")
    return members(
        meta=meta("us-core-careplan"),
        text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}</div>'},
        status="active",
        intent="plan",
        category=[concept(coding("care_plan_category", "assess-plan"))],
        description=words,
    )
