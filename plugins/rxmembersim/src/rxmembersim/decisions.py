"""Whether a fill is dispensed and what a reversal undoes, decided on the timeline: no money decides it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, EventDecision, Events, Field, Text, text, whole_years
from rxmembersim import controlled, dispensing, dur, reading
from rxmembersim.courses import MISREAD, UNAUTHORIZED
from rxmembersim.coverage import Billed, billed
from rxmembersim.dispensing import Fills
from rxmembersim.formulary import formulary

Ints = NDArray[np.int64]

COVERAGE = Field("fill_coverage_id", "id", "The coverage that the pharmacy bills; none for cash.", nullable=True)
REJECT_CODE = Field("reject_code", "category", "Why a fill is not dispensed, NCPDP field 511-FB.", nullable=True)
FILL_NUMBER = Field("fill_number_dispensed", "integer", "0 is the first fill of the prescription.", nullable=True)
DUR_CODE = Field("dur_code", "category", "Conflict found in the drug utilization review.", nullable=True)
DUR_SEVERITY = Field("dur_severity", "category", "How grave the conflict is.", nullable=True)
DUR_WITH = Field("dur_with", "category", "The class that the conflict is with.", nullable=True)
PRIOR = Field("prior_fill_id", "id", "The person's fill of the same class that stood before.", nullable=True)
REVERSED = Field("reversed", "boolean", "Whether a reversal undoes the fill.", nullable=True)
UNDOES = Field("undoes_fill_id", "id", "The fill that a reversal undoes; none where nothing is left to.", nullable=True)
REVIEW = (DUR_CODE, DUR_SEVERITY, DUR_WITH)
GIVES = (COVERAGE, REJECT_CODE, FILL_NUMBER, *REVIEW, PRIOR, REVERSED, UNDOES)


def dispensed(events: Events) -> Columns:
    """What becomes of fills, refills and their reversals."""
    filled = events.type.isin(reading.FILLED)
    asked, back = events.where(filled), events.where(events.type == "reversal")
    bill = billed(asked)
    fills = _fills(asked, bill)
    undone = _in_turn(asked, back, _undone_by(events, filled), fills)
    ids, coverage_id = np.append(asked.id, 0), np.append(events.coverages.coverage_id, 0)
    at, of_reversal = (_places(mask) for mask in (filled, events.type == "reversal"))
    columns = {
        "fill_coverage_id": np.append(coverage_id[bill.span], 0)[at],
        "reject_code": Text(fills.reject - 1, dispensing.CODES[1:]).take_or_null(at),
        "fill_number_dispensed": np.append(fills.number, np.nan)[at],
        "dur_code": Text(fills.conflict - 1, dur.CODES[1:]).take_or_null(at),
        "dur_severity": Text(fills.conflict_severity - 1, dur.SEVERITIES[1:]).take_or_null(at),
        "dur_with": Text(fills.conflict_class, list(formulary().classes)).take_or_null(at),
        "prior_fill_id": np.append(ids[fills.prior], 0)[at],
        "reversed": np.append(fills.reversed, False)[at],
        "undoes_fill_id": np.append(ids[undone], 0)[of_reversal],
    }
    return Columns(columns, len(events))


DISPENSING = EventDecision((*reading.FILLED, "reversal"), GIVES, dispensed, reading.DECIDING)


def _places(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The number of each row among those of `mask`, -1 for others."""
    return np.where(mask, np.cumsum(mask) - 1, -1)


def _in_turn(asked: Events, back: Events, undoes: Ints, fills: Fills) -> Ints:
    """Put fills and reversals in order of person and time, and dispense; what each reversal undoes."""
    reverses = np.arange(len(asked) + len(back)) >= len(asked)
    row, moment = np.concatenate([asked.row, back.row]), np.concatenate([asked.time, back.time]).astype(np.int64)
    moment -= moment.min(initial=0)
    order = np.argsort((row * (moment.max(initial=0) + 1) + moment) * 2 + reverses, kind="stable")  # two sorted runs
    row, place = row[order], np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    person = np.cumsum(np.diff(row, prepend=row[:1]) != 0)  # numbered in order of their rows
    fills.person = person[place[: len(asked)]]
    fill = np.concatenate([np.arange(len(asked)), undoes])[order]
    prescriptions = int(fills.prescription.max(initial=-1)) + 1
    undone = dispensing.dispense(person, fill, reverses[order], fills, prescriptions)
    return undone[place[len(asked) :]]


def _fills(asked: Events, bill: Billed) -> Fills:
    ndc = reading.text(asked, "ndc")
    drug = formulary().find(ndc, reading.text(asked, "drug_class"))
    held, own = reading.prescriptions(asked)
    age, drug_class = whole_years(asked.people["birth_date"], asked.date), formulary().drug_class[drug]
    schedule = controlled.schedules(asked)
    most, refill = controlled.most_refills(schedule), own & (asked.type == "refill")
    cash, coverage_type = bill.span < 0, reading.coverage_type(asked, bill.span)
    barred = np.where(
        bill.begun, dispensing.CODES.index(dispensing.TERMINATED), dispensing.CODES.index(dispensing.NOT_YET)
    )
    return Fills(
        person=np.zeros(len(asked), np.int64),
        prescription=pa.array(held).dictionary_encode().indices.to_numpy().astype(np.int64),
        day=asked.date.astype(np.int64),
        supply=reading.days_supply(asked),
        number=np.where(own, reading.number(asked, "fill_number"), np.nan),
        most=np.where(refill & (most == 0), -1, most),
        last=controlled.last_day(schedule, controlled.written(asked)),
        drug=drug,
        product=np.where(ndc.is_null(), -1 - drug, reading.codes(ndc)),
        cash=cash,
        barred=np.where(cash | bill.in_force, 0, barred),
        reject=np.where(cash, 0, _refused(asked, drug, coverage_type)).astype(np.int64),
        age_conflict=dur.rules().age_conflict(drug_class, age),
        sex_conflict=dur.rules().sex_conflict(drug_class, asked.people["sex"]),
    )


def _refused(asked: Events, drug: Ints, coverage_type: Text) -> Ints:
    """Reasons to refuse a fill that lie in itself, the weightiest first."""
    circumstance = reading.text(asked, "circumstance")
    reasons = (
        (dispensing.UNMATCHED, circumstance == MISREAD),
        (dispensing.NO_PRODUCT, reading.text(asked, "ndc").is_null()),
        (dispensing.NOT_COVERED, formulary().is_excluded(drug, coverage_type)),
        (dispensing.NO_AUTHORIZATION, formulary().authorization[drug] & (circumstance == UNAUTHORIZED)),
    )
    codes = [dispensing.CODES.index(code) for code, _ in reasons]
    return np.select([holds for _, holds in reasons], codes, 0)


def _undone_by(events: Events, filled: NDArray[np.bool_]) -> Ints:
    """Row among the fills that each reversal undoes: the one it follows, else the person's latest; -1 for none."""
    reversals = events.where(events.type == "reversal")
    refill, first = reversals.ancestor("refill").array("id"), reversals.ancestor("fill").array("id")
    claim = text.positions(events.id[filled], np.where(refill > 0, refill, first))
    if (claim >= 0).all():
        return claim
    return np.where(claim >= 0, claim, _latest(events, filled)[events.type == "reversal"])


def _latest(events: Events, filled: NDArray[np.bool_]) -> Ints:
    """Row of the person's latest fill up to each event; of the same product, where the event names one."""
    ndc = reading.text(events, "ndc")
    named = reading.codes(ndc)
    latest = np.full(len(events), -1)
    for product in (-1, *np.unique(named[named >= 0])):
        mine = filled if product < 0 else filled & (named == product)
        last = np.maximum.accumulate(np.where(mine, np.arange(len(events)), -1))
        same = (last >= 0) & (events.row[last] == events.row) & (named == product)
        latest = np.where(same, (np.cumsum(filled) - 1)[last], latest)
    return latest
