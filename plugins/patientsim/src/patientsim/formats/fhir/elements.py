"""FHIR elements as mappings, and members of a resource as JSON text that begins with a comma."""

from __future__ import annotations

import json
from typing import Any

from healthsim_core import Text, text
from patientsim.facts import document
from patientsim.formats.fragments import escaped

CODES = document("fhir")
SYSTEMS: dict[str, str] = CODES["systems"]
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
PREFIX: str = CODES["id_prefix"]
BASE: str = CODES["base"]
EXTENSION = "http://hl7.org/fhir/us/core/StructureDefinition/"


def members(**elements: Any) -> str:
    """The elements that have a value as `,"name":value`; FHIR allows neither null nor anything empty."""
    there = pruned(elements) or {}
    return "".join([f',"{name.rstrip("_")}":{encoded(value)}' for name, value in there.items()])


def pruned(value: Any) -> Any:
    """The value without null and empty parts; what is left empty is None."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        return {name: part for name, whole in value.items() if (part := pruned(whole)) is not None} or None
    if isinstance(value, list):
        return [part for whole in value if (part := pruned(whole)) is not None] or None
    return value


def encoded(value: Any) -> str:
    """JSON without spaces, letters as they are."""
    return _ENCODER.encode(value)


def inner(column: Text) -> Text:
    """Values escaped for the inside of a JSON string."""
    return escaped(column, r'["\\\x00-\x1f]', lambda value: encoded(value)[1:-1])


def meta(profile: str) -> dict[str, Any]:
    """The `meta` of a resource that claims a US Core profile."""
    return {"profile": [CODES["profile_base"] + profile]}


def coding(system: str, code: str | None, display: str | None = None) -> dict[str, Any] | None:
    """A Coding; None where there is no code."""
    return None if code is None else {"system": SYSTEMS[system], "code": code, "display": display}


def concept(*codings: dict[str, Any] | None, words: str | None = None) -> dict[str, Any]:
    """A CodeableConcept."""
    return {"coding": list(codings), "text": words}


def npi(number: str) -> dict[str, Any]:
    """The identifier of a clinician or an organization."""
    return {"system": SYSTEMS["npi"], "value": number}


def reference(name: str, resource: str, ids: text.Piece) -> list[text.Piece]:
    """`,"name":{"reference":...}` to the resources of ids that are never null."""
    return [f',"{name}":{{"reference":"{resource}/{PREFIX}', ids, '"}']


def optional_reference(name: str, resource: str, numbers: Any, array: bool = False) -> Any:
    """The same where the id is not null (0); in an array, where `array`."""
    opening, closing = ("[", "]") if array else ("", "")
    before, after = f',"{name}":{opening}{{"reference":"{resource}/{PREFIX}', f'"}}{closing}'
    there = numbers != 0
    return text.joined(text.choose(there, before, ""), text.ids(numbers), text.choose(there, after, ""))


def identifier(ids: text.Piece, system: str = "record") -> list[text.Piece]:
    """`,"identifier":[...]`: the table's id."""
    return [f',"identifier":[{{"system":"{SYSTEMS[system]}","value":"', ids, '"}]']
