"""Visits, and stays: admission and discharge make one row, each transfer one of its own."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Text, latest_of, next_of, text
from patientsim.facts import document
from patientsim.tables import ENCOUNTER, TRANSFER

_REASON = ("reason_code", "reason_description", "secondary_code", "secondary_description")
_ADMITTING = ("admitting_code", "admitting_description", "admitting_secondary_code", "admitting_secondary_description")
WORDS = (
    "class", "encounter_type", *_REASON, "specialty", "place_of_service", "service_code", "admission_type", "unit",
    "drg", "procedure_code", "procedure_description", "discharge_disposition",
)  # fmt: skip
ADMITTED, DIED = "09", "20"  # UB-04 patient status
_MINUTE, _LAST_MINUTE = np.timedelta64(1, "m"), np.timedelta64(24 * 60 - 1, "m")
_NEVER = np.datetime64("NaT", "s")

Times = NDArray[np.datetime64]


@attrs.frozen(eq=False)
class _Ends:
    """When visits and stays end, and what of it nobody has said.

    Attributes:
        time: NaT while it goes on.
        disposition: UB-04 patient status of what an admission or a death has ended.
    """

    time: Times
    disposition: Text


def encounters(events: Events) -> dict[str, Columns]:
    """One row for each visit, one for each stay from its admission and discharge, and one for each transfer."""
    begins = events.where(events.type.isin(["encounter", "admission"]))
    rows, given = len(begins), begins.parameters
    stay = np.asarray(begins.type == "admission")
    kind = given.text("class").or_else(Text(stay.astype(np.int32), ["AMB", "IMP"]))
    left = _discharges(events, begins)
    ends = _ends(begins, stay, kind, left.array("time"))
    over = ends.time <= _now(events)
    columns = {
        "encounter_id": begins.id,
        "person_id": begins.person,
        "class": kind,
        "type": given["encounter_type"],
        "status": Text((~over).astype(np.int32), ["finished", "in-progress"]),
        "start": begins.time,
        "end": np.where(over, ends.time, _NEVER),
        **{name: _principal(given, left, name) for name in _REASON},
        **{ours: given.text(name).only(stay) for ours, name in zip(_ADMITTING, _REASON, strict=True)},
        "specialty": given["specialty"],
        "provider_npi": begins.provider_npi,
        "facility_npi": begins.facility_npi,
        "place_of_service": given.text("place_of_service").or_else(
            kind.recode(document("encounters")["place_of_service"].get)
        ),
        "admission_type": given.text("admission_type").only(stay),
        "discharge_disposition": left.text("discharge_disposition").or_else(ends.disposition).only(over),
        "drg": left["drg"],
    }
    return {ENCOUNTER.name: Columns(columns, rows), TRANSFER.name: _transfers(events, begins, ends.time)}


def _discharges(events: Events, begins: Events) -> Columns:
    """Time and parameters of each stay's discharge; null for stays without one, and for visits."""
    discharges = events.where(events.type == "discharge")
    stay = _stay_row(discharges, begins)
    last = np.full(len(begins), -1)
    known = stay >= 0
    last[stay[known]] = np.flatnonzero(known)  # in order of time, so the last one stays
    time = np.append(discharges.time, _NEVER)[last]
    words = {name: discharges.parameters.text(name).take_or_null(last) for name in WORDS}
    return Columns({"time": time, **words}, len(begins))


def _transfers(events: Events, begins: Events, end: Times) -> Columns:
    """Transfers in order of person and time; a stay that is over has none any more."""
    transfers = events.where(events.type == "transfer")
    stay = _stay_row(transfers, begins)
    inside = (stay >= 0) & ~(transfers.time > end[stay])
    transfers, stay = transfers.where(inside), stay[inside]
    order = np.argsort(stay, kind="stable")
    before = np.full(len(transfers), -1)
    follows = np.diff(stay[order], prepend=-1) == 0
    before[order[follows]] = order[np.flatnonzero(follows) - 1]
    unit, first = transfers.parameters.text("unit"), begins.parameters.text("unit")[stay]
    columns = {
        "transfer_id": transfers.id,
        "person_id": transfers.person,
        "encounter_id": begins.id[stay],
        "time": transfers.time,
        "unit": unit,
        "from_unit": unit.take_or_null(before).or_else(first.only(before < 0)),
    }
    return Columns(columns, len(transfers))


def _stay_row(events: Events, begins: Events) -> NDArray[np.intp]:
    """Row in `begins` of the admission that each event belongs to: the one that led to it, else the person's latest."""
    admissions = np.flatnonzero(begins.type == "admission")
    if not len(admissions):
        return np.full(len(events), -1)
    at = text.positions(begins.id[admissions], events.ancestor("admission").array("id"))
    caused = np.where((at >= 0) & (begins.row[admissions[at]] == events.row), admissions[at], -1)
    latest = latest_of(begins.row[admissions], begins.time[admissions], events.row, events.time)
    return np.where(caused >= 0, caused, np.append(admissions, -1)[latest])


def _principal(given: Columns, left: Columns, name: str) -> Text:
    """What the discharge says; where it names no principal diagnosis, what the admission said."""
    coded = ~left.text("reason_code").is_null()
    return given.text(name).only(~coded).or_else(left.text(name).only(coded))


def _ends(begins: Events, stay: NDArray[np.bool_], kind: Text, discharged: Times) -> _Ends:
    """A stay ends with its discharge, a visit in its own time or as the person is admitted,
    and everything with death."""
    holds = kind.isin(document("encounters")["holds_until_admission"])
    admitted, caused = _admissions(begins)
    own = np.where(stay, discharged, _visit_ends(begins, kind))
    moved = ~stay & ((caused & holds) | (~np.isnat(admitted) & (admitted < own)))
    end = np.where(moved, admitted, own)
    death = np.asarray(begins.people["death_time"])
    died = (begins.time <= death) & (np.isnat(end) | (end > death))
    status = np.where(died & (stay | holds), 1, np.where(moved & holds, 0, -1))
    return _Ends(np.where(died, death, end), Text(status.astype(np.int32), [ADMITTED, DIED]))


def _admissions(begins: Events) -> tuple[Times, NDArray[np.bool_]]:
    """When the person of each visit is next admitted (NaT for never),
    and whether the visit led to it within a day or so."""
    at = np.flatnonzero(begins.type == "admission")
    caused = np.zeros(len(begins), bool)
    admitted = np.append(begins.time[at], _NEVER)[next_of(begins.row[at], begins.time[at], begins.row, begins.time)]
    cause = begins.ancestor("encounter").array("id")[at]
    longest = np.timedelta64(document("encounters")["boarding_hours"], "h")
    visit = text.positions(begins.id, cause)
    led = (visit >= 0) & (begins.time[at] - begins.time[visit] <= longest)
    visit, admission = visit[led][::-1], at[led][::-1]  # of several the first counts
    admitted[visit], caused[visit] = begins.time[admission], True
    return admitted, caused


def _visit_ends(begins: Events, kind: Text) -> Times:
    lengths = document("encounters")["visit_minutes"]
    shortest = kind.map(lambda name: lengths.get(name, lengths["AMB"])[0])
    longest = kind.map(lambda name: lengths.get(name, lengths["AMB"])[1])
    return np.asarray(begins.time + begins.draw.integers("visit_minutes", shortest, longest + 1) * _MINUTE)


def _now(events: Events) -> np.datetime64:
    midnight: np.datetime64 = events.run.as_of.astype("datetime64[D]").astype("datetime64[s]")
    return midnight + _LAST_MINUTE
