"""References to clinicians and organizations: resolved where the network's tables tell them, else by their NPI alone."""

from __future__ import annotations

from typing import Any

from patientsim.formats.data import load
from patientsim.formats.directory import Directory
from patientsim.formats.fhir.elements import SYSTEMS, encoded, npi, pruned

FALLBACK = load("organization")


def provider_name(row: dict[str, Any]) -> str:
    """A clinician's name in words."""
    return " ".join(part for part in (row["first_name"], row["last_name"]) if part)


def provider_reference(directory: Directory, number: str | None) -> dict[str, Any] | None:
    """To a Practitioner; to nobody where there is no NPI."""
    row = directory.providers.get(number)
    if row is None:
        return None if number is None else {"type": "Practitioner", "identifier": npi(number)}
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


def requester(directory: Directory, number: str | None) -> str:
    """`,"requester":Reference` to a clinician."""
    return around(',"requester":', directory, number)


def author(directory: Directory, number: str | None) -> str:
    """`,"author":Reference` to a clinician."""
    return around(',"author":', directory, number)


def performer(directory: Directory, number: str | None) -> str:
    """`,"performer":[Reference]` to a clinician."""
    return around(',"performer":[', directory, number, "]")


def performing_actor(directory: Directory, number: str | None) -> str:
    """`,"performer":[{"actor":Reference}]` to a clinician."""
    return around(',"performer":[{"actor":', directory, number, "}]")


def around(before: str, directory: Directory, number: str | None, after: str = "") -> str:
    """A reference to a clinician between two texts; nothing where there is nobody."""
    reference = directory.once(_provider)(number)
    return f"{before}{reference}{after}" if reference else ""


def _provider(directory: Directory, number: str | None) -> str:
    reference = provider_reference(directory, number)
    return "" if reference is None else encoded(pruned(reference))
