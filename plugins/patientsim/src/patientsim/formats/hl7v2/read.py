"""Read hl7v2_adt back: people and visits, and what the messages themselves have wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from healthsim_core import ReadBack, outward_id
from patientsim.formats.hl7v2.adt import FILE
from patientsim.formats.hl7v2.fields import CODES, unescape
from patientsim.formats.readback import UNTOLD, Gathered

Message = dict[str, list[list[str]]]
_WITHOUT_END = {(told["class"], told.get("type", "")) for told in CODES["class"].values() if not told["end"]}  # PV1-2 and PV1-18


def read_adt(folder: Path) -> ReadBack:
    """The folder of hl7v2_adt. Every encounter and transfer must be there; people without one are not."""
    found, people, controls, visits = Gathered(), set[str](), set[str](), dict[str, dict[str, Any]]()
    for message in _messages(folder / FILE):
        header, event = message["MSH"][0], message["EVN"][0]
        trigger = header[7].split("^")[1]
        if event[0] != trigger:
            found.problem(f"message {header[8]}: MSH-9 says {trigger}, EVN-1 {event[0]}")
        if header[8] in controls:
            found.problem(f"message {header[8]}: the control id is there twice")
        controls.add(header[8])
        _person(message, people, found)
        found.local(_who(message), _moment(header[5]))
        _visit(message, trigger, visits, found)
    for visit in visits.values():
        found.add("patientsim.encounter", **visit)
    return found.told({"patientsim.encounter": "encounter_id", "patientsim.transfer": "transfer_id"})


def _messages(path: Path) -> Iterator[Message]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            message: Message = {}
            for segment in line.rstrip("\n").split("\r")[:-1]:
                name, *fields = segment.split("|")
                message.setdefault(name, []).append(fields)
            yield message


def _who(message: Message) -> str:
    """The person's id, of the number of the chart."""
    return str(outward_id(message["PID"][0][2].split("^")[0]))


def _person(message: Message, people: set[str], found: Gathered) -> None:
    pid = message["PID"][0]
    mrn, person = pid[2].split("^")[0], _who(message)
    if person in people:
        return
    people.add(person)
    last, first = (unescape(part) for part in pid[4].split("^")[:2])
    street, _, city, state, zip_code, _, _, _, county = pid[10].split("^")[:9]
    found.add(
        "core.person", person_id=person, last_name=last, first_name=first, birth_date=_date(pid[6]), sex=pid[7],
        address=unescape(street), city=unescape(city), state=state, zip=zip_code, county_fips=county, ssn=pid[18] or None,
    )  # fmt: skip
    found.add("patientsim.patient", person_id=person, mrn=mrn)


def _visit(message: Message, trigger: str, visits: dict[str, dict[str, Any]], found: Gathered) -> None:
    pv1, control = message["PV1"][0], message["MSH"][0][8]
    if len(pv1) < 19:
        return
    visit, person = pv1[18].split("^")[0], _who(message)
    time = found.local(person, _moment(message["EVN"][0][1]))
    if trigger in ("A01", "A04"):
        visits[visit] = _begun(message, pv1, visit, person, found)
        if visits[visit]["start"] != time:
            found.problem(f"message {control}: {trigger} at {time} of a visit that begins at {visits[visit]['start']}")
    elif visit not in visits:
        found.problem(f"message {control}: {trigger} of the visit {visit}, which has not begun")
    elif trigger == "A03":
        _ended(message, pv1, visits[visit], found)
    elif trigger == "A02":
        found.add("patientsim.transfer", transfer_id=control[:-1], person_id=person, encounter_id=visit, time=time)
    elif control.endswith("D"):
        code = message["DG1"][-1][2].split("^")[0]
        found.add("patientsim.condition", condition_id=control[:-1], person_id=person, encounter_id=visit, code=code, recorded_time=time)


def _begun(message: Message, pv1: list[str], visit: str, person: str, found: Gathered) -> dict[str, Any]:
    """An encounter as far as its first message knows it: what a stay is for is its admitting diagnosis until it ends."""
    stated = _stated(message)
    admitting = stated if pv1[1] == "I" else [None, None]
    end = UNTOLD if (pv1[1], pv1[17]) in _WITHOUT_END else None
    return {
        "encounter_id": visit, "person_id": person, "start": found.local(person, _moment(pv1[43])), "end": end,
        "provider_npi": pv1[6].split("^")[0] or None, "admitting_code": admitting[0], "reason_code": stated[0],
        "discharge_disposition": None, "drg": None,
    }  # fmt: skip


def _ended(message: Message, pv1: list[str], visit: dict[str, Any], found: Gathered) -> None:
    visit["end"], visit["discharge_disposition"] = found.local(visit["person_id"], _moment(pv1[44])), pv1[35] or None
    visit["reason_code"] = _stated(message)[0]
    visit["drg"] = message["DRG"][0][0] if "DRG" in message else None


def _stated(message: Message) -> list[str | None]:
    """What the visit is for: the diagnoses that have no time of their own."""
    return [*(segment[2].split("^")[0] for segment in message.get("DG1", ()) if not segment[4]), None, None]


def _date(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}"


def _moment(value: str) -> str:
    return f"{_date(value)}T{value[8:10]}:{value[10:12]}:{value[12:14]}{value[14:17]}:{value[17:19]}"
