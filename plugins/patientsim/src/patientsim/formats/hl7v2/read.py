"""Read hl7v2_adt back: people and visits, and what the messages themselves have wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from healthsim_core import ReadBack
from patientsim.formats.hl7v2.adt import FILE
from patientsim.formats.hl7v2.fields import unescape
from patientsim.formats.readback import Gathered

Message = dict[str, list[list[str]]]


def read_adt(folder: Path) -> ReadBack:
    """The folder of hl7v2_adt. Every encounter must be there; people without one are not."""
    found, people, controls, open_visits = Gathered(), set[str](), set[str](), set[str]()
    for message in _messages(folder / FILE):
        header, event = message["MSH"][0], message["EVN"][0]
        trigger = header[7].split("^")[1]
        if event[0] != trigger:
            found.problem(f"message {header[8]}: MSH-9 says {trigger}, EVN-1 {event[0]}")
        if header[8] in controls:
            found.problem(f"message {header[8]}: the control id is there twice")
        controls.add(header[8])
        _person(message, people, found)
        found.local(message["PID"][0][2].split("^")[0], _moment(header[5]))
        _visit(message, trigger, open_visits, found)
    return found.told({"patientsim.encounter": "encounter_id"})


def _messages(path: Path) -> Iterator[Message]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            message: Message = {}
            for segment in line.rstrip("\n").split("\r")[:-1]:
                name, *fields = segment.split("|")
                message.setdefault(name, []).append(fields)
            yield message


def _person(message: Message, people: set[str], found: Gathered) -> None:
    pid = message["PID"][0]
    mrn = pid[2].split("^")[0]
    if mrn in people:
        return
    people.add(mrn)
    last, first = (unescape(part) for part in pid[4].split("^")[:2])
    street, _, city, state, zip_code, _, _, _, county = pid[10].split("^")[:9]
    found.add(
        "core.person", person_id=mrn, last_name=last, first_name=first, birth_date=_date(pid[6]), sex=pid[7],
        address=unescape(street), city=unescape(city), state=state, zip=zip_code, county_fips=county, ssn=pid[18] or None,
    )  # fmt: skip
    found.add("patientsim.patient", person_id=mrn, mrn=mrn)


def _visit(message: Message, trigger: str, open_visits: set[str], found: Gathered) -> None:
    pv1 = message["PV1"][0]
    if len(pv1) < 19:
        return
    visit, person = pv1[18].split("^")[0], message["PID"][0][2].split("^")[0]
    if trigger in ("A01", "A04"):
        open_visits.add(visit)
        reason = message["DG1"][0][2].split("^")[0] if "DG1" in message else None
        provider = pv1[6].split("^")[0] or None
        start = found.local(person, _moment(pv1[43]))
        found.add("patientsim.encounter", encounter_id=visit, person_id=person, start=start, reason_code=reason, provider_npi=provider)
    elif visit not in open_visits:
        found.problem(f"message {message['MSH'][0][8]}: {trigger} of the visit {visit}, which has not begun")


def _date(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}"


def _moment(value: str) -> str:
    return f"{_date(value)}T{value[8:10]}:{value[10:12]}:{value[12:14]}{value[14:17]}:{value[17:19]}"
