"""Segments of ADT messages about visits: each says what is known at the moment of its message."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, display_of, rank_within, ranks_of, text
from patientsim.formats.directory import Directory
from patientsim.formats.fragments import once, rendered
from patientsim.formats.hl7v2.fields import AUTHORITY, CODES, escape, moments, short
from patientsim.formats.hl7v2.messages import positions, stated, stays
from patientsim.formats.hl7v2.segments import FALLBACK, local_moments
from patientsim.formats.records import Records

NPI_AUTHORITY = "NPI&2.16.840.1.113883.4.6&ISO"


def visit(message: Columns, encounter: Columns, part: Records) -> Any:
    """PV1 of messages about a visit."""
    leaving = message.array("leaving")
    left = encounter.text("discharge_disposition").only(leaving)
    gone = np.where(leaving, encounter.array("end"), np.datetime64("NaT"))
    unit, before = _places(message, part)
    said = [encounter.text(name) for name in ("class", "specialty", "facility_npi", "admission_type")]
    opening = rendered(_opening, *said, unit, before, message.text("trigger"))
    kind = rendered(lambda name: CODES["class"][name].get("type", ""), encounter.text("class"))
    return text.joined(
        opening, rendered(part.directory.once(_attending), encounter.text("provider_npi")), "|||",
        rendered(short, encounter.text("specialty")), "||||||||", kind, "|",
        text.whole(encounter["encounter_id"]), f"^^^{AUTHORITY}^VN|||||||||||||||||", left, "||||||||",
        *local_moments(part, message, encounter["start"]),
        text.choose(leaving, text.joined("|", *local_moments(part, message, gone), "\r"), "\r"),
    )  # fmt: skip


def _places(message: Columns, part: Records) -> tuple[Text, Text]:
    """The unit where the patient is at the time of each message, and the one that a transfer is from.

    Until the first transfer it is the unit that this is from; a visit begins before any transfer of the same minute.
    """
    moved, told, visit = part["patientsim.transfer"], message.array("moved"), message.array("visit")
    order, first, stop = _known(message, part, "patientsim.transfer", "time")
    stop = np.where(message.text("trigger").isin(["A01", "A04"]), first, stop)
    last = np.where(stop > first, np.append(order, -1)[np.maximum(stop - 1, -1)], -1)
    row, following = np.where(told >= 0, told, last), np.append(order, -1)[stop]
    owner = np.append(positions(part["patientsim.encounter"].array("encounter_id"), moved.array("encounter_id")), -1)
    leaves = np.where((row < 0) & (visit >= 0) & (owner[following] == visit), following, -1)
    unit, before = moved.text("unit"), moved.text("from_unit")
    return unit.take_or_null(row).or_else(before.take_or_null(leaves)), before.take_or_null(told)


@once
def _opening(
    kind: str,
    specialty: str | None,
    facility: str | None,
    admission: str | None,
    unit: str | None,
    before: str | None,
    trigger: str,
) -> str:
    organization = facility or FALLBACK["code"]
    prior = f"{short(before or specialty)}^^^{organization}" if trigger == "A02" else ""
    place = f"{short(unit or specialty)}^^^{organization}"
    return f"PV1|1|{CODES['class'][kind]['class']}|{place}|{CODES['admission_type'].get(admission, '')}||{prior}|"


def _attending(directory: Directory, number: str | None) -> str:
    if number is None:
        return ""
    row = directory.providers.get(number) or {"last_name": "", "first_name": "", "credential": ""}
    name = f"{escape(row['last_name'])}^{escape(row['first_name'])}^^^^{short(row['credential'])}"
    return f"{number}^{name}^^{NPI_AUTHORITY}^L^^^NPI"


def diagnoses(message: Columns, encounter: Columns, part: Records) -> Any:
    """DG1 of what the visit is said to be for and of the diagnoses made until then; DRG at discharge.
    A02 has neither."""
    leaving = message.array("leaving")
    admitting = stays(encounter) & ~leaving
    codes = stated(encounter, admitting)
    beside = zip(codes, stated(encounter, admitting, "description"), strict=True)
    words = [display_of("ICD-10-CM", code).or_else(own) for code, own in beside]
    silent = np.asarray(message["trigger"] == "A02")
    pairs = [column.only(~silent) for pair in zip(codes, words, strict=True) for column in pair]
    over = Text.constant("F", len(leaving)).only(leaving)
    said = rendered(_stated, *pairs, encounter.text("class"), over)
    group = encounter.text("drg").only(leaving)
    return text.joined(said, _further(message, encounter, part, codes, silent), text.optional("DRG|", group, "\r"))


@once
def _stated(
    code: str | None, words: str | None, second: str | None, second_words: str | None, kind: str, final: str | None
) -> str:
    told = [(icd, name) for icd, name in ((code, words), (second, second_words)) if icd]
    return "".join(
        _line(row, icd, name, final or CODES["class"][kind]["diagnosis"]) for row, (icd, name) in enumerate(told, 1)
    )


def _line(row: int, code: str, words: str | None, stage: str) -> str:
    return f"DG1|{row}||{_named(code, words)}|||{stage}\r"


@once
def _named(code: str, words: str | None) -> str:
    return f"{code}^{escape(words or '')}^I10C"


def _further(
    message: Columns, encounter: Columns, part: Records, codes: tuple[Text, Text], silent: NDArray[np.bool_]
) -> Any:
    """The diagnoses made during each visit up to the message, but for those that it is said to be for."""
    made = part["patientsim.condition"]
    order, first, stop = _known(message, part, "patientsim.condition", "recorded_time")
    sizes = np.where(silent, 0, stop - first)
    owner = np.repeat(np.arange(message.rows), sizes)
    row = order[ranks_of(sizes) + np.repeat(first, sizes)]
    told = message.array("made")[owner]
    new = (told < 0) | (row <= told)  # of one moment, those before it
    for code in codes:
        new &= ~(made.text("code")[row] == code[owner])
    owner, row = owner[new], row[new]
    before = np.sum([~code.is_null() for code in codes], axis=0)[owner]
    number = rank_within(owner) + before + 1
    stage = np.where(message.array("leaving")[owner], 1, 0)
    column = Text(np.arange(number.max(initial=0)), [str(place + 1) for place in range(number.max(initial=0))])[
        number - 1
    ]
    icd = made.text("code")[row]
    named = rendered(_named, icd, display_of("ICD-10-CM", icd).or_else(made.text("description")[row]))
    recorded = made.array("recorded_time")[row]
    time = moments(recorded, part.offsets(recorded, message.array("person")[owner]))
    lines = text.lines("DG1|", column, "||", named, "||", *time, "|", Text(stage.astype(np.int32), ["W", "F"]), "\r")
    return text.grouped(lines, owner, message.rows)


def _known(
    message: Columns, part: Records, table: str, time: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The table's rows by visit and time, and of each message the first of its visit and one past the last up to it."""
    rows = part[table]
    visit = positions(part["patientsim.encounter"].array("encounter_id"), rows.array("encounter_id"))
    moment = np.asarray(rows[time]).astype("datetime64[s]")
    there = np.flatnonzero((visit >= 0) & ~np.isnat(moment))
    key = _key(visit[there], moment[there])
    order = np.argsort(key, kind="stable")
    asked = message.array("visit")
    told = message.array("time").astype("datetime64[s]")
    first = np.searchsorted(key[order], _key(asked, np.full(len(asked), np.datetime64("0001-01-01", "s"))))
    return there[order], first, np.searchsorted(key[order], _key(asked, told), side="right")


def _key(visit: NDArray[np.intp], moment: NDArray[Any]) -> NDArray[np.int64]:
    return visit.astype(np.int64) * (1 << 40) + moment.astype(np.int64) + (1 << 37)
