"""What each resource says, in the words of the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from healthsim_core import places
from patientsim.formats.fhir.elements import CODES, PREFIX, SYSTEMS
from patientsim.formats.fhir.encounter import UNNAMED
from patientsim.formats.readback import Gathered

Json = dict[str, Any]
_WORDS = {uri: name for name, uri in SYSTEMS.items()}


def _own_id(resource: Json) -> str:
    number: str = resource["id"].removeprefix(PREFIX)
    return number


def _target(resource: Json, name: str) -> str | None:
    """The id that a reference to a table's row holds."""
    reference = resource.get(name, {}).get("reference")
    return None if reference is None else reference.rpartition("/")[2].removeprefix(PREFIX)


def _npi(reference: Json | None) -> str | None:
    """The NPI in a reference to a clinician or an organization; None for the fallback."""
    if not reference:
        return None
    if "identifier" in reference:
        number: str = reference["identifier"]["value"]
        return number
    name, _, number = reference["reference"].rpartition("/")[2].partition("-")
    return number if name == "npi" else None


_KIND = {code: kind for kind, (code, _) in CODES["payment"].items()}  # of coverage, by the code of its payer


def _code(concept: Json, *systems: str) -> str | None:
    wanted = {SYSTEMS[name] for name in systems}
    return next((coding["code"] for coding in concept.get("coding", ()) if coding["system"] in wanted), None)


def _value(quantity: Json | None, name: str = "value") -> Any:
    return None if quantity is None else quantity.get(name)


def _first(resource: Json, name: str) -> Json:
    return (resource.get(name) or [{}])[0]


def _local(resource: Json, found: Gathered, time: str | None) -> str | None:
    """The local civil time of a dateTime."""
    return found.local(_target(resource, "subject"), time)


@functools.cache
def _counties() -> dict[tuple[str, str], str]:
    return {(county.state, county.name): county.fips for county in places.counties().values()}


def _common(resource: Json, subject: str = "subject") -> dict[str, Any]:
    return {"person_id": _target(resource, subject), "encounter_id": _target(resource, "encounter")}


def patient(resource: Json, found: Gathered) -> None:
    """Patient: core.person and patientsim.patient."""
    name, address = resource["name"][0], resource["address"][0]
    numbers = {identifier["system"]: identifier["value"] for identifier in resource["identifier"]}
    telecom = {contact["system"]: contact["value"] for contact in resource["telecom"]}
    sex = next(extension["valueCode"] for extension in resource["extension"] if extension["url"].endswith("birthsex"))
    if {"F": "female", "M": "male"}.get(sex) != resource["gender"]:
        found.problem(f"Patient/{resource['id']}: gender {resource['gender']}, birth sex {sex}")
    found.add(
        "core.person", person_id=_own_id(resource), first_name=name["given"][0], last_name=name["family"], sex=sex,
        birth_date=resource["birthDate"], address=address["line"][0], city=address["city"], state=address["state"],
        county_fips=_counties()[address["state"], address["district"]],
        zip=address["postalCode"], phone=telecom["phone"], email=telecom["email"], ssn=numbers.get(SYSTEMS["ssn"]),
    )  # fmt: skip
    practitioner = _first(resource, "generalPractitioner")
    found.add(
        "patientsim.patient", person_id=_own_id(resource), mrn=numbers[SYSTEMS["mrn"]], deceased_date=resource.get("deceasedDateTime"),
        general_practitioner_npi=_npi(practitioner), managing_organization_npi=_npi(resource.get("managingOrganization")),
    )  # fmt: skip


def coverage(resource: Json, found: Gathered) -> None:
    """Coverage: membersim.coverage."""
    classes = {_code(each["type"], "coverage_class"): each["value"] for each in resource.get("class", ())}
    found.add(
        "membersim.coverage", coverage_id=_own_id(resource), person_id=_target(resource, "beneficiary"),
        coverage_type=_KIND.get(_code(resource["type"], "payment") or ""), member_number=resource["subscriberId"],
        plan=classes.get("plan"), start_date=resource["period"]["start"], end_date=resource["period"].get("end"),
    )  # fmt: skip


def encounter(resource: Json, found: Gathered) -> None:
    """Encounter: patientsim.encounter and patientsim.transfer."""
    person, number, period = _target(resource, "subject"), _own_id(resource), resource["period"]
    disposition = resource.get("hospitalization", {}).get("dischargeDisposition", {})
    kind = _code(resource["type"][0], "role") or resource["class"]["code"]
    found.add(
        "patientsim.encounter", **{"class": kind}, encounter_id=number, person_id=person, status=resource["status"],
        start=_local(resource, found, period["start"]), end=_local(resource, found, period.get("end")), **_diagnosed(resource),
        provider_npi=_npi(_first(resource, "participant").get("individual")), facility_npi=_npi(resource.get("serviceProvider")),
        discharge_disposition=_code(disposition, "ub_disposition"),
    )  # fmt: skip
    for place in (place for place in resource.get("location", ()) if "id" in place):
        found.add(
            "patientsim.transfer", transfer_id=_own_id(place), person_id=person, encounter_id=number,
            time=_local(resource, found, place["period"]["start"]),
            unit=None if place["location"]["display"] == UNNAMED else place["location"]["display"],
        )  # fmt: skip


def _diagnosed(resource: Json) -> dict[str, str | None]:
    """What an encounter was for: of a stay that is over, its discharge's diagnoses, which may be references to Conditions."""
    reasons = [*(_code(reason, "ICD-10-CM") for reason in resource.get("reasonCode", ())), None, None]
    own = {f"#{each['id']}": _code(each["code"], "ICD-10-CM") for each in resource.get("contained", ())}
    told: dict[str, list[str | None]] = {"AD": [], "DD": []}
    for diagnosis in resource.get("diagnosis", ()):
        target = diagnosis["condition"]["reference"]
        told[diagnosis["use"]["coding"][0]["code"]].append(own.get(target) or target)
    final = [*told["DD"], None, None] if told["DD"] else reasons
    return {"reason_code": final[0], "secondary_code": final[1], "admitting_code": next(iter(told["AD"]), None)}


def condition(resource: Json, found: Gathered) -> None:
    """Condition: patientsim.condition."""
    found.add(
        "patientsim.condition", condition_id=_own_id(resource), **_common(resource), code=_code(resource["code"], "ICD-10-CM"),
        severity=resource.get("severity", {}).get("text"), clinical_status=_code(resource["clinicalStatus"], "clinical_status"),
        category=_code(resource["category"][0], "condition_category"), onset_date=resource.get("onsetDateTime"),
        recorded_date=resource["recordedDate"],
    )  # fmt: skip


def observation(resource: Json, found: Gathered) -> None:
    """Observation: patientsim.observation; the components of a panel are its two values."""
    components = resource.get("component", [])
    main, second = components if components else (resource, {})
    limits, quantity = _first(resource, "referenceRange"), main.get("valueQuantity")
    category = _code(resource["category"][0], "observation_category")
    interpretation = _code(_first(resource, "interpretation"), "interpretation")
    found.add(
        "patientsim.observation", observation_id=_own_id(resource), **_common(resource),
        lab_order_id=_target({"order": _first(resource, "basedOn")}, "order"), category=category,
        loinc=_code(main["code"], "LOINC"), value=_value(quantity), unit=_value(quantity, "unit"),
        second_loinc=_code(second.get("code", {}), "LOINC"), second_value=_value(second.get("valueQuantity")),
        low=_value(limits.get("low")), high=_value(limits.get("high")), interpretation=interpretation,
        effective=_local(resource, found, resource["effectiveDateTime"]), issued=_local(resource, found, resource["issued"]),
    )  # fmt: skip


def procedure(resource: Json, found: Gathered) -> None:
    """Procedure and Immunization: patientsim.procedure."""
    coding = (resource.get("code") or resource["vaccineCode"])["coding"][0]
    common = _common(resource, "subject" if "subject" in resource else "patient")
    performed = found.local(common["person_id"], resource.get("performedDateTime") or resource.get("occurrenceDateTime"))
    found.add(
        "patientsim.procedure", procedure_id=_own_id(resource), **common, code=coding["code"],
        system=_WORDS[coding["system"]], performed=performed,
    )  # fmt: skip


def medication_request(resource: Json, found: Gathered) -> None:
    """MedicationRequest: patientsim.medication_request."""
    drug, dosage, supply = resource["medicationCodeableConcept"], _first(resource, "dosageInstruction"), resource.get("dispenseRequest", {})
    dose = _first(dosage, "doseAndRate").get("doseQuantity")
    found.add(
        "patientsim.medication_request", medication_request_id=_own_id(resource), **_common(resource), status=resource["status"],
        rxnorm=_code(drug, "RxNorm"), ndc=_code(drug, "NDC"), description=drug["text"], sig=dosage.get("text"), dose=_value(dose),
        days_supply=_value(supply.get("expectedSupplyDuration")), quantity=_value(supply.get("quantity")),
        refills=supply.get("numberOfRepeatsAllowed"), authored=_local(resource, found, resource["authoredOn"]),
    )  # fmt: skip


def service_request(resource: Json, found: Gathered) -> None:
    """ServiceRequest: patientsim.lab_order or patientsim.referral."""
    loinc, authored = _code(resource["code"], "LOINC"), _local(resource, found, resource["authoredOn"])
    if loinc is not None:
        found.add("patientsim.lab_order", lab_order_id=_own_id(resource), **_common(resource), loinc=loinc, authored=authored)
    else:
        reason = _code(_first(resource, "reasonCode"), "ICD-10-CM")
        found.add("patientsim.referral", referral_id=_own_id(resource), **_common(resource), reason_code=reason, authored=authored)


def care_plan(resource: Json, found: Gathered) -> None:
    """CarePlan: patientsim.care_plan."""
    words, created = resource.get("description"), _local(resource, found, resource["created"])
    found.add("patientsim.care_plan", care_plan_id=_own_id(resource), **_common(resource), description=words, created=created)


TELL: Mapping[str, Callable[[Json, Gathered], None]] = {
    "Patient": patient,
    "Coverage": coverage,
    "Encounter": encounter,
    "Condition": condition,
    "Observation": observation,
    "Procedure": procedure,
    "Immunization": procedure,
    "MedicationRequest": medication_request,
    "ServiceRequest": service_request,
    "CarePlan": care_plan,
}
