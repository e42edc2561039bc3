"""Practitioner, PractitionerRole, Organization and Location: those that people's resources refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patientsim.formats.directory import Directory
from patientsim.formats.fhir.elements import SYSTEMS, coding, concept, encoded, meta, npi, pruned
from patientsim.formats.fhir.participants import FALLBACK, payer_id, provider_name


def of_provider(directory: Directory, number: str) -> list[dict[str, Any]]:
    """The resources of a clinician; none where the network's tables do not tell them."""
    row = directory.providers.get(number)
    return [] if row is None else [practitioner(row), practitioner_role(row, directory)]


def of_facility(directory: Directory, number: str) -> list[dict[str, Any]]:
    """The resources of an organization; "" stands for the fallback."""
    row = directory.facilities.get(number)
    if row is None:
        return [] if number else [fallback()]
    return [organization(row), location(row)]


def of_payer(directory: Directory, number: str) -> list[dict[str, Any]]:
    """The resource of a payer."""
    row = directory.payers.get(number)
    return [] if row is None else [payer(row)]


def employer(directory: Directory, number: str) -> str | None:
    """The organization of a clinician, where both are known."""
    row = directory.providers.get(number)
    own = None if row is None else row["organization_npi"]
    return own if own in directory.facilities else None


def json_text(resource: dict[str, Any]) -> str:
    """A resource as JSON, without what is null or empty."""
    return encoded(pruned(resource))


def fallback() -> dict[str, Any]:
    """The organization that stands for all where no network is installed."""
    return {
        "resourceType": "Organization",
        "id": FALLBACK["id"],
        "meta": meta("us-core-organization"),
        "identifier": [{"system": SYSTEMS["organization"], "value": FALLBACK["code"]}],
        "active": True,
        "name": FALLBACK["name"],
        "telecom": _telecom(FALLBACK["phone"]),
    }


def payer(row: Mapping[str, Any]) -> dict[str, Any]:
    """US Core Organization of membersim.payer."""
    return {
        "resourceType": "Organization",
        "id": payer_id(row["payer_id"]),
        "meta": meta("us-core-organization"),
        "identifier": [{"system": SYSTEMS["payer"], "value": row["payer_id"]}],
        "active": True,
        "type": [concept(coding("organization_type", "pay", "Payer"))],
        "name": row["name"],
        "telecom": _telecom(row["phone"]),
        "address": [_address(row)],
    }


def organization(row: Mapping[str, Any]) -> dict[str, Any]:
    """US Core Organization of networksim.facility."""
    tax = None if not row.get("tax_id") else {"system": SYSTEMS["tax_id"], "value": row["tax_id"]}
    return {
        "resourceType": "Organization",
        "id": f"npi-{row['npi']}",
        "meta": meta("us-core-organization"),
        "identifier": [npi(row["npi"]), tax],
        "active": True,
        "type": [concept(coding("organization_type", "prov", "Healthcare Provider"), words=row["kind"])],
        "name": row["name"],
        "telecom": _telecom(row["phone"]),
        "address": [_address(row)],
    }


def location(row: Mapping[str, Any]) -> dict[str, Any]:
    """US Core Location of networksim.facility."""
    return {
        "resourceType": "Location",
        "id": f"npi-{row['npi']}",
        "meta": meta("us-core-location"),
        "identifier": [npi(row["npi"])],
        "status": "active",
        "name": row["name"],
        "mode": "instance",
        "type": [concept(words=row["kind"])],
        "telecom": _telecom(row["phone"]),
        "address": _address(row),
        "managingOrganization": {"reference": f"Organization/npi-{row['npi']}", "display": row["name"]},
    }


def practitioner(row: Mapping[str, Any]) -> dict[str, Any]:
    """US Core Practitioner of networksim.provider."""
    name = {"use": "official", "family": row["last_name"], "given": [row["first_name"]], "suffix": [row["credential"]]}
    return {
        "resourceType": "Practitioner",
        "id": f"npi-{row['npi']}",
        "meta": meta("us-core-practitioner"),
        "identifier": [npi(row["npi"])],
        "active": True,
        "name": [name],
        "telecom": _telecom(row["phone"]),
        "address": [_address(row)],
    }


def practitioner_role(row: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """US Core PractitionerRole of networksim.provider: its specialty, and the organization it belongs to."""
    number, organization_npi = row["npi"], employer(directory, row["npi"])
    specialty = (row["specialty"] or "").replace("_", " ")
    return {
        "resourceType": "PractitionerRole",
        "id": f"npi-{number}",
        "meta": meta("us-core-practitionerrole"),
        "active": True,
        "practitioner": {"reference": f"Practitioner/npi-{number}", "display": provider_name(row)},
        "organization": organization_npi and {"reference": f"Organization/npi-{organization_npi}"},
        "specialty": [concept(coding("taxonomy", row["taxonomy"]), words=specialty)],
        "location": organization_npi and [{"reference": f"Location/npi-{organization_npi}"}],
        "telecom": _telecom(row["phone"]),
    }


def _telecom(phone: str | None) -> list[dict[str, Any]] | None:
    return None if not phone else [{"system": "phone", "value": phone, "use": "work"}]


def _address(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line": [row["address"]],
        "city": row["city"],
        "state": row["state"],
        "postalCode": row["zip"],
        "country": "US",
    }
