"""References to clinicians and organizations: resolved where the network's tables tell them,
else by their NPI alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_core import Text, text
from patientsim.facts import document
from patientsim.formats.directory import Directory
from patientsim.formats.fhir.elements import SYSTEMS, encoded, npi, pruned

FALLBACK = document("organization")


def provider_name(row: Mapping[str, Any]) -> str:
    """A clinician's name in words."""
    return " ".join(part for part in (row["first_name"], row["last_name"]) if part)


def provider_reference(directory: Directory, number: str) -> dict[str, Any]:
    """To a Practitioner."""
    row = directory.providers.get(number)
    if row is None:
        return {"type": "Practitioner", "identifier": npi(number)}
    return {"reference": f"Practitioner/npi-{number}", "display": provider_name(row)}


def facility_reference(directory: Directory, number: str | None) -> dict[str, Any]:
    """To an Organization; to the fallback where there is no NPI."""
    if number is None:
        return {"reference": f"Organization/{FALLBACK['id']}", "display": FALLBACK["name"]}
    row = directory.facilities.get(number)
    if row is None:
        return {"type": "Organization", "identifier": npi(number)}
    return {"reference": f"Organization/npi-{number}", "display": row["name"]}


def location_reference(directory: Directory, number: str | None) -> dict[str, Any] | None:
    """To the facility's Location, where it is known."""
    row = directory.facilities.get(number)
    return None if row is None else {"reference": f"Location/npi-{number}", "display": row["name"]}


def payer_reference(directory: Directory, payer: str) -> dict[str, Any]:
    """To the payer's Organization."""
    row = directory.payers.get(payer)
    if row is None:
        return {"type": "Organization", "identifier": {"system": SYSTEMS["payer"], "value": payer}}
    return {"reference": f"Organization/{payer_id(payer)}", "display": row["name"]}


def payer_id(payer: str) -> str:
    """The logical id of a payer: FHIR ids hold letters, digits, - and . only."""
    return "payer-" + "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in payer)


def to_clinician(before: str, directory: Directory, numbers: Text, after: str = "") -> Text:
    """References to clinicians, between two texts; nothing where there is nobody."""
    return text.optional(before, numbers.recode(directory.once(_provider)), after)


def _provider(directory: Directory, number: str) -> str:
    return encoded(pruned(provider_reference(directory, number)))
