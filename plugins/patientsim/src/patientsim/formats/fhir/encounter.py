"""Encounter: visits, and stays with what they were admitted for and discharged with, from unit to unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, display_of, text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir.elements import (
    CODES,
    PREFIX,
    coding,
    concept,
    encoded,
    identifier,
    inner,
    members,
    meta,
    pruned,
    reference,
)
from patientsim.formats.fhir.participants import facility_reference, location_reference, to_clinician
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import once, rendered

ATTENDING = members(type=[concept(coding("participation", "ATND", "attender"))]).removeprefix(",")
UNNAMED = "another unit"
_REASON = ("reason_code", "reason_description", "secondary_code", "secondary_description")
_ADMITTING = tuple(name.replace("reason", "admitting").replace("secondary", "admitting_secondary") for name in _REASON)
_USE = {"AD": "Admission diagnosis", "DD": "Discharge diagnosis"}
_ROLES = (  # of a stay: name of the contained Condition, its columns, its role, its rank
    ("admitting", "admitting_code", "admitting_description", "AD", None),
    ("discharge", "reason_code", "reason_description", "DD", 1),
    ("discharge-2", "secondary_code", "secondary_description", "DD", 2),
)


def encounter(rows: Rows) -> Pieces:
    """US Core Encounter."""
    directory = rows.records.directory
    return [
        rendered(_visit, rows["class"], rows["type"], rows["status"], rows["specialty"]),
        *_contained(rows),
        *identifier(rows.ids),
        *reference("subject", "Patient", rows.person_ids),
        to_clinician(f',"participant":[{{{ATTENDING},"individual":', directory, rows["provider_npi"], "}]"),
        *rows.moment(',"period":{"start":"', rows["start"]),
        rows.optional_moment(',"end":"', rows["end"]),
        "}",
        rendered(_reasons, *_displayed(_why(rows))),
        _diagnoses(rows),
        rendered(_disposition, rows["discharge_disposition"]),
        *_places(rows, directory),
        rendered(directory.once(_service_provider), rows["facility_npi"]),
    ]


@once
def _visit(kind: str, words: str | None, status: str, specialty: str | None) -> str:
    code, display, default = CODES["class"][kind]
    service = None if specialty is None else concept(words=specialty.replace("_", " "))
    place = CODES["type_of_class"].get(kind)
    return members(
        meta=meta("us-core-encounter"),
        status=status,
        class_=coding("class", code, display),
        type=[concept(coding("role", kind, place) if place else None, words=words or default)],
        serviceType=service,
    )


def _service_provider(directory: Directory, number: str | None) -> str:
    return members(serviceProvider=facility_reference(directory, number))


def _why(rows: Rows) -> list[Text]:
    """Why it takes place: of a stay what its admission says (Encounter.reasonCode may be a coded admission
    diagnosis)."""
    stay = ~rows["admitting_code"].is_null()
    texts = (
        (rows.columns.text(ours), rows.columns.text(other)) for ours, other in zip(_ADMITTING, _REASON, strict=True)
    )
    return [ours.only(stay).or_else(other.only(~stay)) for ours, other in texts]


def _displayed(why: list[Text]) -> list[Text]:
    """Two codes, each with what its list calls it and with its words."""
    code, words, second, second_words = why
    return [code, display_of("ICD-10-CM", code), words, second, display_of("ICD-10-CM", second), second_words]


@once
def _reasons(*said: str | None) -> str:
    told = [(said[at], said[at + 1], said[at + 2]) for at in (0, 3)]
    return members(reasonCode=[concept(coding("ICD-10-CM", icd, display), words=words) for icd, display, words in told])


def _roles(rows: Rows) -> list[tuple[str, Text, Text, str, NDArray[np.int64]]]:
    """The diagnoses of stays: contained name, code, words, use and rank,
    and the Condition of the stay that has the code (0: none)."""
    stay = ~rows["admission_type"].is_null() | ~rows["admitting_code"].is_null()
    over = {"AD": stay, "DD": stay & ~np.isnat(rows["end"])}
    roles = []
    for name, code, words, use, rank in _ROLES:
        told = rows.columns.text(code).only(over[use])
        element = encoded(pruned({"use": concept(coding("diagnosis_role", use, _USE[use])), "rank": rank}))[1:]
        roles.append((name, told, rows[words], element, _condition_of(rows, told)))
    return roles


def _condition_of(rows: Rows, code: Text) -> NDArray[np.int64]:
    """Id of the first condition of that code that was diagnosed in each encounter; 0 where there is none."""
    made = rows.records["patientsim.condition"]
    condition = np.zeros(rows.columns.rows, np.int64)
    if not len(condition):
        return condition
    visit = text.positions(np.asarray(rows["encounter_id"]), np.asarray(made["encounter_id"]))
    at = np.flatnonzero((visit >= 0) & (made["code"] == code[visit]))[::-1]  # of several the first counts
    condition[visit[at]] = made.array("condition_id")[at]
    return condition


def _contained(rows: Rows) -> Pieces:
    """Conditions that only the stay itself knows: an admitting diagnosis that nobody has put on the list."""
    parts: list[tuple[NDArray[np.bool_], Any]] = []
    for name, code, words, _, known in _roles(rows):
        body = rendered(_condition, code.or_else(""), display_of("ICD-10-CM", code), words)
        opening = f'{{"resourceType":"Condition","id":"{name}"'
        subject = reference("subject", "Patient", rows.person_ids)
        parts.append((~code.is_null() & (known == 0), text.joined(opening, body, *subject, "}")))
    return [_listed("contained", parts)]


@once
def _condition(code: str, display: str | None, words: str | None) -> str:
    category = [concept(coding("condition_category", "encounter-diagnosis"))]
    return members(category=category, code=concept(coding("ICD-10-CM", code, display), words=words))


def _diagnoses(rows: Rows) -> text.Piece:
    """Encounter.diagnosis of stays: the admission's (AD) and, when it is over, the discharge's (DD)."""
    parts: list[tuple[NDArray[np.bool_], Any]] = []
    for name, code, _, element, known in _roles(rows):
        own = text.joined(f"Condition/{PREFIX}", text.ids(known))
        target = text.choose(known == 0, f"#{name}", own)
        parts.append((~code.is_null(), text.joined('{"condition":{"reference":"', target, '"},', element)))
    return _listed("diagnosis", parts)


def _listed(name: str, parts: list[tuple[NDArray[np.bool_], Any]]) -> Any:
    """`,"name":[...]` of those elements that are there; nothing where none is."""
    some, pieces = np.zeros(len(parts[0][0]), bool), list[text.Piece]()
    for there, element in parts:
        pieces += [
            text.choose(there & some, ",", text.choose(there, f',"{name}":[', "")),
            text.choose(there, element, ""),
        ]
        some = some | there
    return text.joined(*pieces, text.choose(some, "]", ""))


@once
def _disposition(code: str | None) -> str:
    if code is None:
        return ""
    known = coding("disposition", CODES["disposition"].get(code, "oth"))
    return members(hospitalization={"dischargeDisposition": concept(known, coding("ub_disposition", code))})


def _places(rows: Rows, directory: Directory) -> Pieces:
    """The facility, and each unit that the patient was transferred to, from when to when."""
    moved = rows.records["patientsim.transfer"]
    owner = text.positions(np.asarray(rows["encounter_id"]), np.asarray(moved["encounter_id"]))
    order = np.lexsort((moved.array("time"), owner))
    moved, owner = moved.take(order), owner[order]
    units = text.grouped(_units(rows, moved, owner), owner, rows.columns.rows)
    some = np.bincount(owner, minlength=rows.columns.rows) > 0
    facility = rendered(directory.once(_facility), rows["facility_npi"])
    there = facility != ""
    start, end = text.choose(there | some, ',"location":[', ""), text.choose(there | some, "]", "")
    return [start, facility, text.choose(there & some, ",", ""), units, end]


def _facility(directory: Directory, number: str | None) -> str:
    location = pruned({"location": location_reference(directory, number)})
    return "" if location is None else encoded(location)


def _units(rows: Rows, moved: Columns, owner: NDArray[np.intp]) -> Any:
    """An element each, with a comma before all but a stay's first; its id is the transfer's."""
    following = np.append(owner[1:], -1) == owner
    time = moved.array("time")
    until = np.where(following, np.append(time[1:], np.datetime64("NaT")), np.asarray(rows["end"])[owner])
    unit = moved.text("unit").or_else(UNNAMED)
    first = np.diff(owner, prepend=-1) != 0
    there = Rows(moved, rows.person[owner], rows.records, text.whole(moved["transfer_id"]))
    return text.lines(
        text.choose(first, "", ","), f'{{"id":"{PREFIX}', there.ids, '","location":{"display":"', inner(unit), '"}',
        *there.moment(',"period":{"start":"', time), there.optional_moment(',"end":"', until), "}}",
    )  # fmt: skip
