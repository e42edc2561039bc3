"""Which messages a part's people give: what happened, when, and what of the visit it tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, text
from patientsim.formats.fragments import rendered
from patientsim.formats.hl7v2.fields import CODES
from patientsim.formats.records import COVERAGE, Records

DAY = np.timedelta64(86_400, "s")


def messages(part: Records) -> Columns:
    """A row a message, in order of person and time.

    Returns:
        Columns `person` and `visit` (rows in the part's people and encounters; -1 for a message about no visit),
        `time`, `trigger`, `control` (the id of what happened) and `suffix` (a letter that, with it, is the control id),
        `leaving` (whether the discharge is told), `code`, `description` (a diagnosis added to the visit's own).
    """
    found = Columns.concat([*_visits(part), _transfers(part), _diagnoses(part), _coverage_ends(part), _deaths(part)])
    order = np.lexsort((found["rank"], found["time"], found["person"]))
    return found.take(order)


def _rows(trigger: Text | str, suffix: str, rank: int, **columns: Any) -> Columns:
    rest = {"leaving": False, "code": None, "description": None, "visit": -1}
    return Columns({"trigger": trigger, "suffix": suffix, "rank": rank, **rest, **columns}, len(columns["person"]))


def _visits(part: Records) -> Iterator[Columns]:
    """A01 or A04 where a stay or visit begins, A03 where a stay or emergency visit ends."""
    visit, kinds = part["patientsim.encounter"], CODES["class"]
    kind: Any = visit["class"]
    person, rows = part.rows_of(np.asarray(visit["person_id"])), np.arange(visit.rows)
    begins = rendered(lambda value: kinds[value]["begin"], kind)
    common = {"person": person, "visit": rows, "control": np.asarray(visit["encounter_id"])}
    yield _rows(begins, "B", 0, time=np.asarray(visit["start"]), **common)
    ends = kind.isin(name for name, told in kinds.items() if told["end"]) & ~np.isnat(visit["end"])
    over = {name: column[ends] for name, column in common.items()}
    yield _rows("A03", "E", 3, time=np.asarray(visit["end"])[ends], leaving=True, **over)


def _transfers(part: Records) -> Columns:
    """A02: the patient is moved to another unit."""
    visit = part["patientsim.encounter"]
    rows = np.flatnonzero(~np.isnat(visit["transfer_time"]))
    moved = visit.take(rows)
    person, time = part.rows_of(np.asarray(moved["person_id"])), np.asarray(moved["transfer_time"])
    return _rows("A02", "T", 1, person=person, visit=rows, time=time, control=np.asarray(moved["encounter_id"]))


def _diagnoses(part: Records) -> Columns:
    """A08: a diagnosis is made during a visit that is not what the visit was for."""
    visit, condition = part["patientsim.encounter"], part["patientsim.condition"]
    row = positions(np.asarray(visit["encounter_id"]), np.asarray(condition["encounter_id"]))
    made, row = condition.where(row >= 0), row[row >= 0]
    other = np.ones(len(row), bool)
    for name in ("reason_code", "secondary_code"):
        other &= ~(made["code"] == visit[name][row])
    made, row = made.where(other), row[other]
    begin, end = np.asarray(visit["start"])[row], np.asarray(visit["end"])[row]
    time = np.maximum(np.asarray(made["recorded_date"]).astype("datetime64[s]"), begin)
    time = np.where(end.astype("datetime64[D]") == np.asarray(made["recorded_date"]), end, time)
    return _rows(
        "A08", "D", 2, person=part.rows_of(np.asarray(made["person_id"])), visit=row, time=time, control=np.asarray(made["condition_id"]),
        code=made["code"], description=made["description"],
    )  # fmt: skip


def _coverage_ends(part: Records) -> Columns:
    """A08: coverage has ended, told at midnight after its last day."""
    coverage = part.tables.get(COVERAGE)
    if coverage is None:
        return _nothing()
    told = np.asarray(coverage["end_date"]).astype("datetime64[s]") + DAY
    rows = np.flatnonzero(told <= part.run.as_of.astype("datetime64[s]"))  # NaT is not
    ended = coverage.take(rows)
    person = part.rows_of(np.asarray(ended["person_id"]))
    return _rows("A08", "C", 4, person=person, time=told[rows], control=np.asarray(ended["coverage_id"]))


def _deaths(part: Records) -> Columns:
    """A08: the patient has died, told at the end of the day."""
    patient = part["patientsim.patient"]
    died = np.asarray(patient["deceased_date"])
    rows = np.flatnonzero(~np.isnat(died))
    gone = patient.take(rows)
    time = died[rows].astype("datetime64[s]") + DAY - np.timedelta64(1, "s")
    return _rows("A08", "X", 5, person=part.rows_of(np.asarray(gone["person_id"])), time=time, control=np.asarray(gone["person_id"]))


def _nothing() -> Columns:
    nobody = np.zeros(0, np.int64)
    return _rows("A08", "C", 4, person=nobody, time=np.zeros(0, "datetime64[s]"), control=nobody)


def positions(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Row in `keys` of each of `wanted`; -1 where it is not there, and for 0, which is null."""
    return np.where(wanted == 0, -1, text.positions(keys, wanted))
