"""Segments of ADT messages about people, each for all messages at once;
every one begins with its name and ends with CR."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Text, latest_of, text
from patientsim.facts import document
from patientsim.formats.directory import Directory
from patientsim.formats.fragments import once, rendered
from patientsim.formats.hl7v2.fields import AUTHORITY, CODES, ENCODING, coded, day, escape, moments, safe, short
from patientsim.formats.records import COVERAGE, Records

FALLBACK = document("organization")


def header(part: Records, message: Columns, facility: Text) -> Any:
    """MSH and EVN."""
    time, trigger = local_moments(part, message, message["time"]), message.text("trigger")
    receiver = "|".join(CODES["receiver"])
    opening = rendered(lambda name: f"MSH|{ENCODING}|{CODES['application']}|{name}|{receiver}|", facility)
    kind = rendered(lambda event: f"||ADT^{event}^{CODES['structure'][event]}|", trigger)
    rest = f"|{CODES['processing']}|2.5.1|||||USA|UNICODE UTF-8\rEVN|"
    return text.joined(
        opening, *time, kind, text.whole(message["control"]), message["suffix"], rest, trigger, "|", *time, "\r"
    )


def local_moments(part: Records, message: Columns, times: Any) -> list[text.Piece]:
    """Times of messages with the offsets of their people's counties."""
    return moments(times, part.offsets(times, message.array("person")))


def patient(part: Records) -> pa.Array:
    """PID, a row a person, up to PID-22; its end is `ending`."""
    who = part.people
    chart = part["patientsim.patient"].take(charts(part))
    phone = who.text("phone").to_arrow()
    place = rendered(_place, *(who.text(name) for name in ("city", "state", "zip", "county_fips")))
    return text.lines(
        "PID|1||", safe(chart.text("mrn")), f"^^^{AUTHORITY}^MR||",
        safe(who.text("last_name")), "^", safe(who.text("first_name")), "^^^^^L||",
        day(who["birth_date"]), "|", who["sex"], "||", rendered(_race, who.text("race")), "|",
        safe(who.text("address")), "^^",
        place, "||^PRN^PH^^1^", pc.utf8_slice_codeunits(phone, 0, 3),
        "^", pc.utf8_slice_codeunits(phone, 3), "~^NET^Internet^", safe(who.text("email")), "||",
        rendered(_language, who.text("language")), "||||", who["ssn"], "|||",
        rendered(_ethnicity, who.text("ethnicity")),
    )  # fmt: skip


def charts(part: Records) -> NDArray[np.int64]:
    """Row in patientsim.patient of each of the part's people."""
    return text.positions(part["patientsim.patient"].array("person_id"), part.people.array("person_id"))


def ending(message: Columns, died: NDArray[Any]) -> Any:
    """PID-29 and PID-30 from the moment of death on, and the segment's end."""
    dead = message.array("time") >= died  # NaT is not
    return text.choose(dead, text.joined("|||||||", day(died), "|Y\r"), "\r")


def _race(race: str) -> str:
    return coded(CODES["race"].get(race, CODES["race"]["other"]), "HL70005")


def _ethnicity(ethnicity: str) -> str:
    return coded(CODES["ethnicity"].get(ethnicity, ["U", "Unknown"]), "HL70189")


def _language(language: str) -> str:
    return coded([language, CODES["language"].get(language, language)], "ISO639")


@once
def _place(city: str, state: str, zip_code: str, county: str) -> str:
    return f"{escape(city)}^{state}^{zip_code}^USA^H^^{county}"


def insurance(part: Records, message: Columns) -> Any:
    """IN1 of the coverage that pays first on the day, or of the one whose end is told; A02 has none."""
    coverage = part.tables.get(COVERAGE)
    if coverage is None or not coverage.rows:
        return ""
    row = _covering(part, message, coverage)
    told = message["suffix"] == "C"  # nobody knows before that it will end
    whose = np.where(message["trigger"] == "A02", -1, row)
    return text.choose(
        told,
        Text(whose, _insured(part, coverage, coverage["end_date"])),
        Text(whose, _insured(part, coverage, None)),
    )


def _covering(part: Records, message: Columns, coverage: Columns) -> NDArray[np.int64]:
    person, rank = part.rows_of(coverage.array("person_id")), coverage.array("rank")
    day, holds = message.array("time").astype("datetime64[D]"), np.full(message.rows, -1)
    for at_rank in range(1, int(rank.max(initial=0)) + 1):
        mine, left = np.flatnonzero(rank == at_rank), np.flatnonzero(holds < 0)
        latest = latest_of(person[mine], coverage.array("start_date")[mine], message.array("person")[left], day[left])
        row = np.append(mine, -1)[latest]
        over = day[left] > np.append(coverage.array("end_date"), np.datetime64("NaT"))[row]
        holds[left] = np.where(over, -1, row)
    ended = text.positions(coverage.array("coverage_id"), message.array("control"))
    return np.where(message["suffix"] == "C", ended, holds)


def _insured(part: Records, coverage: Columns, end: Any) -> pa.Array:
    holder = text.positions(part.people.array("person_id"), coverage.array("subscriber_id"))
    name = text.lines(safe(part.people.text("last_name")), "^", safe(part.people.text("first_name")), "^^^^^L")
    group = coverage.text("group_number") if "group_number" in coverage else Text.constant(None, coverage.rows)
    return text.lines(
        rendered(lambda plan: f"IN1|1|{escape(plan or 'UNKNOWN')}|", coverage.text("plan")),
        rendered(part.directory.once(_payer), coverage.text("payer_id")), "|", safe(group), "||||",
        day(coverage["start_date"]), "|", "" if end is None else day(end), "||",
        rendered(short, coverage.text("coverage_type")), "|", Text(holder, name), "|",
        rendered(_relationship, coverage.text("relationship")), "|||||||||||||||||||",
        safe(coverage.text("member_number")), "\r",
    )  # fmt: skip


def _payer(directory: Directory, payer: str) -> str:
    """IN1-3 to IN1-7."""
    row = directory.payers.get(payer)
    start = f"{escape(payer)}^^^{AUTHORITY}"
    if row is None:
        return f"{start}||||"
    address = f"{escape(row['address'])}^^{escape(row['city'])}^{row['state']}^{row['zip']}^USA"
    return f"{start}|{escape(row['name'])}|{address}||^WPN^PH^^1^{row['phone'][:3]}^{row['phone'][3:]}"


def _relationship(relationship: str) -> str:
    return coded(CODES["relationship"].get(relationship, ["OTH", "Other"]), "HL70063")
