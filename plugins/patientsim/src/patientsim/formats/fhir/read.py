"""Read fhir_r4 and fhir_bundle back: every resource's row, and references that do not resolve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from healthsim_core import ReadBack
from patientsim.formats.fhir.bundle import FILE
from patientsim.formats.fhir.elements import BASE, PREFIX
from patientsim.formats.fhir.tell import TELL
from patientsim.formats.readback import Gathered
from patientsim.formats.records import COVERAGE, PERSON
from patientsim.tables import TABLES

COMPLETE = {PERSON: "person_id", COVERAGE: "coverage_id", **{table.name: table.key[0] for table in TABLES}}


def read_ndjson(folder: Path) -> ReadBack:
    """The folder of fhir_r4."""
    found, there, wanted = Gathered(), set[str](), dict[str, str]()
    for path in sorted(folder.glob("*.ndjson")):
        for resource in _lines(path):
            own = f"{resource['resourceType']}/{resource['id']}"
            if own in there:
                found.problem(f"{path.name}: {own} is there twice")
            if resource["resourceType"] != path.stem:
                found.problem(f"{path.name}: holds {own}")
            there.add(own)
            _take(resource, own, found, wanted)
    _unresolved(there, wanted, found)
    _resolve(found)
    return found.told(COMPLETE)


def read_bundles(folder: Path) -> ReadBack:
    """The folder of fhir_bundle; references must resolve within each Bundle."""
    found = Gathered()
    for bundle in _lines(folder / FILE):
        there, wanted = set[str](), dict[str, str]()
        for entry in bundle["entry"]:
            resource = entry["resource"]
            own = f"{resource['resourceType']}/{resource['id']}"
            if entry["fullUrl"] != f"{BASE}/{own}" or entry["request"] != {"method": "PUT", "url": own}:
                found.problem(f"Bundle {bundle['id']}: the entry {entry['fullUrl']} holds {own}")
            if own in there:
                found.problem(f"Bundle {bundle['id']}: {own} is there twice")
            there.add(own)
            _take(resource, own, found, wanted)
        _unresolved(there, wanted, found)
    _resolve(found)
    return found.told(COMPLETE)


def _resolve(found: Gathered) -> None:
    """Put the codes of Conditions where encounters refer to them."""
    codes = {f"Condition/{PREFIX}{row['condition_id']}": row["code"] for row in found.rows.get("patientsim.condition", ())}
    encounters = found.rows.get("patientsim.encounter", [])
    for at, row in enumerate(encounters):
        encounters[at] = {**row, **{name: codes.get(row[name], row[name]) for name in ("reason_code", "secondary_code", "admitting_code")}}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _take(resource: dict[str, Any], own: str, found: Gathered, wanted: dict[str, str]) -> None:
    within = {f"#{each['id']}" for each in resource.get("contained", ())}
    for target in _references(resource, own, found):
        if target not in within:
            wanted.setdefault(target, own)
    tell = TELL.get(resource["resourceType"])
    if tell is not None:
        tell(resource, found)


def _references(value: Any, own: str, found: Gathered) -> Iterator[str]:
    """Every reference below; a null or something empty on the way is a problem."""
    if value is None or value in ("", [], {}):
        found.problem(f"{own}: holds something empty")
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if name == "reference":
            yield part
        else:
            yield from _references(part, own, found)


def _unresolved(there: set[str], wanted: dict[str, str], found: Gathered) -> None:
    for target, source in wanted.items():
        if target not in there:
            found.problem(f"{source}: refers to {target}, which is not there")
