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
    """A row a message, in order of person and time; of one moment, what is of the earlier visit comes first.

    Returns:
        Columns `person` and `visit` (rows in the part's people and encounters; -1 for a message about no visit),
        `time`, `trigger`, `control` (the id of what happened) and `suffix` (a letter that, with it, is the control id),
        `leaving` (whether the visit has ended, so that its discharge is known), `moved` and `made` (row of the transfer
        or the diagnosis that is told, else -1).
    """
    message = Columns.concat([*_visits(part), _transfers(part), _diagnoses(part), _coverage_ends(part), _deaths(part)])
    begins = np.append(part["patientsim.encounter"].array("start"), np.datetime64("9999-12-31"))  # of no visit: last
    order = np.lexsort(
        (message.array("rank"), begins[message.array("visit")], message.array("time"), message.array("person"))
    )
    return message.take(order)


def _rows(trigger: Text | str, suffix: str, rank: int, **columns: Any) -> Columns:
    rest = {"leaving": False, "visit": -1, "moved": -1, "made": -1}
    return Columns({"trigger": trigger, "suffix": suffix, "rank": rank, **rest, **columns}, len(columns["person"]))


def _visits(part: Records) -> Iterator[Columns]:
    """A01 or A04 where a stay or visit begins, A03 where a stay, an emergency visit or observation ends."""
    visit, kinds = part["patientsim.encounter"], CODES["class"]
    kind = visit.text("class")
    person, rows = part.rows_of(visit.array("person_id")), np.arange(visit.rows)
    begins = rendered(lambda value: kinds[value]["begin"], kind)
    common = {"person": person, "visit": rows, "control": visit.array("encounter_id")}
    yield _rows(begins, "B", 0, time=visit.array("start"), **common)
    ends = _told_to_end(visit)
    over = {name: column[ends] for name, column in common.items()}
    yield _rows("A03", "E", 3, time=visit.array("end")[ends], leaving=True, **over)


def _told_to_end(visit: Columns) -> NDArray[np.bool_]:
    kind = visit.text("class")
    return np.asarray(
        kind.isin(name for name, told in CODES["class"].items() if told["end"]) & ~np.isnat(visit.array("end"))
    )


def _transfers(part: Records) -> Columns:
    """A02: the patient is moved to another unit."""
    moved = part["patientsim.transfer"]
    visit = text.positions(part["patientsim.encounter"].array("encounter_id"), moved.array("encounter_id"))
    return _rows(
        "A02", "T", 1, person=part.rows_of(moved.array("person_id")), visit=visit, time=moved.array("time"),
        control=moved.array("transfer_id"), moved=np.arange(moved.rows),
    )  # fmt: skip


def _diagnoses(part: Records) -> Columns:
    """A08: a diagnosis is made after the visit has begun, of something else than what the visit was said to be for."""
    visit, condition = part["patientsim.encounter"], part["patientsim.condition"]
    row = positions(visit.array("encounter_id"), condition.array("encounter_id"))
    time = condition.array("recorded_time")
    new = (row >= 0) & (time > visit.array("start")[row]) if visit.rows else np.zeros(condition.rows, bool)
    for code in stated(visit, stays(visit)):
        new &= ~(condition["code"] == code[row]) if visit.rows else new
    made, row, time = condition.where(new), row[new], time[new]
    left = _told_to_end(visit)[row] & (time > visit.array("end")[row]) if visit.rows else False
    person = part.rows_of(made.array("person_id"))
    return _rows(
        "A08", "D", 2, person=person, visit=row, time=time, control=made.array("condition_id"),
        made=np.flatnonzero(new), leaving=left
    )  # fmt: skip


def stays(visit: Columns) -> NDArray[np.bool_]:
    """Which of some encounters begin with an admission that has a diagnosis of its own."""
    kind = visit.text("class")
    return np.asarray(kind.isin(name for name, told in CODES["class"].items() if told["diagnosis"] == "A"))


def stated(visit: Columns, admitting: NDArray[np.bool_], what: str = "code") -> tuple[Text, Text]:
    """First and second diagnosis as an encounter tells them: where `admitting`, those of the admission."""
    pairs = (("admitting", "reason"), ("admitting_secondary", "secondary"))
    first, second = (
        visit.text(f"{ours}_{what}").only(admitting).or_else(visit.text(f"{other}_{what}").only(~admitting))
        for ours, other in pairs
    )
    return first, second


def _coverage_ends(part: Records) -> Columns:
    """A08: coverage has ended, told at midnight after its last day."""
    coverage = part.tables.get(COVERAGE)
    if coverage is None:
        return _nothing()
    told = coverage.array("end_date").astype("datetime64[s]") + DAY
    rows = np.flatnonzero(told <= part.run.as_of.astype("datetime64[s]"))  # NaT is not
    ended = coverage.take(rows)
    person = part.rows_of(ended.array("person_id"))
    return _rows("A08", "C", 4, person=person, time=told[rows], control=ended.array("coverage_id"))


def _deaths(part: Records) -> Columns:
    """A08: the patient has died."""
    patient = part["patientsim.patient"]
    died = patient.array("deceased_time")
    rows = np.flatnonzero(~np.isnat(died))
    gone = patient.take(rows)
    person = part.rows_of(gone.array("person_id"))
    return _rows("A08", "X", 5, person=person, time=died[rows], control=gone.array("person_id"))


def _nothing() -> Columns:
    nobody = np.zeros(0, np.int64)
    return _rows("A08", "C", 4, person=nobody, time=np.zeros(0, "datetime64[s]"), control=nobody)


def positions(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Row in `keys` of each of `wanted`; -1 where it is not there, and for 0, which is null."""
    return np.where(wanted == 0, -1, text.positions(keys, wanted))
