"""Visits, and stays: admission, transfers and discharge make one row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Text
from patientsim.handlers.facts import facts
from patientsim.tables import ENCOUNTER

_REASON = ("reason_code", "reason_description", "secondary_code", "secondary_description")
WORDS = (
    "class", "encounter_type", *_REASON, "specialty", "place_of_service", "service_code", "admission_type", "unit",
    "drg", "procedure_code", "procedure_description", "discharge_disposition",
)  # fmt: skip
_MINUTE, _LAST_MINUTE = np.timedelta64(1, "m"), np.timedelta64(24 * 60 - 1, "m")


def encounters(events: Events) -> dict[str, Columns]:
    """One row for each visit, and one for each stay from its admission, transfers and discharge."""
    begins = events.where(events.type.isin(["encounter", "admission"]))
    rows, given = len(begins), begins.parameters
    stay = np.asarray(begins.type == "admission")
    kind = given["class"].or_else(Text(stay.astype(np.int32), ["AMB", "IMP"]))
    left = _last_of(events, begins, "discharge")
    moved = _last_of(events, begins, "transfer")
    end = np.where(stay, left["time"], _visit_ends(begins, kind))
    end = np.where(end <= _now(events), end, np.datetime64("NaT"))
    columns = {
        "encounter_id": begins.id,
        "person_id": begins.person,
        "class": kind,
        "type": given["encounter_type"],
        "status": Text(np.isnat(end).astype(np.int32), ["finished", "in-progress"]),
        "start": begins.time,
        "end": end,
        **{name: _principal(given, left, name) for name in _REASON},
        "specialty": given["specialty"],
        "provider_npi": begins.provider_npi,
        "facility_npi": begins.facility_npi,
        "place_of_service": given["place_of_service"].or_else(kind.recode(facts("encounters")["place_of_service"].get)),
        "admission_type": _only(given["admission_type"], stay),
        "discharge_disposition": left["discharge_disposition"],
        "drg": left["drg"],
        "transfer_time": moved["time"],
        "transfer_unit": moved["unit"],
    }
    return {ENCOUNTER.name: Columns(columns, rows)}


def _last_of(events: Events, begins: Events, event_type: str) -> Columns:
    """Time and parameters of each stay's last event of a type; null for stays without one, and for visits."""
    found = events.where(events.type == event_type)
    stay = _stay_row(found, begins)
    last = np.full(len(begins), -1)
    known = stay >= 0
    last[stay[known]] = np.flatnonzero(known)  # in order of time, so the last one stays
    time = np.append(found.time, np.datetime64("NaT", "s"))[last]
    words = {name: Text(np.append(found.parameters[name].codes, -1)[last], found.parameters[name].values) for name in WORDS}
    return Columns({"time": time, **words}, len(begins))


def _stay_row(found: Events, begins: Events) -> NDArray[np.intp]:
    """Row in `begins` of the admission that each event belongs to: the one that led to it, else the person's latest."""
    admissions = np.flatnonzero(begins.type == "admission")
    if not len(admissions):
        return np.full(len(found), -1)
    ids = begins.id[admissions]
    order = np.argsort(ids)
    cause = np.asarray(found.ancestor("admission")["id"])
    at = order[np.minimum(np.searchsorted(ids, cause, sorter=order), len(ids) - 1)]
    caused = np.where((ids[at] == cause) & (begins.row[admissions[at]] == found.row), admissions[at], -1)
    key = [events.row.astype(np.int64) * 2**40 + events.time.astype(np.int64) for events in (begins, found)]
    latest = admissions[np.maximum(np.searchsorted(key[0][admissions], key[1], side="right") - 1, 0)]
    same = (begins.row[latest] == found.row) & (begins.time[latest] <= found.time)
    return np.where(caused >= 0, caused, np.where(same, latest, -1))


def _principal(given: Columns, left: Columns, name: str) -> Text:
    """What the discharge says; where it names no principal diagnosis, what the admission said."""
    coded = ~left["reason_code"].is_null()
    first, last = given[name], left[name]
    return Text(np.where(coded, -1, first.codes), first.values).or_else(Text(np.where(coded, last.codes, -1), last.values))


def _visit_ends(begins: Events, kind: Text) -> NDArray[Any]:
    lengths = facts("encounters")["visit_minutes"]
    shortest = kind.map(lambda name: lengths.get(name, lengths["AMB"])[0])
    longest = kind.map(lambda name: lengths.get(name, lengths["AMB"])[1])
    return begins.time + begins.draw.integers("visit_minutes", shortest, longest + 1) * _MINUTE


def _now(events: Events) -> np.datetime64:
    return events.run.as_of.astype("datetime64[D]").astype("datetime64[s]") + _LAST_MINUTE


def _only(text: Text, mask: NDArray[np.bool_]) -> Text:
    return Text(np.where(mask, text.codes, -1), text.values)

