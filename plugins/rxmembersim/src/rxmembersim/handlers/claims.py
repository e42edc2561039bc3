"""Fills and their reversals: submitted, adjudicated, written; and what the fills say of adherence."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Field, Text, text, whole_years
from rxmembersim import adjudication, controlled, dur, reading
from rxmembersim.adjudication import CLAIM, COVERAGE_BEGINS, COVERAGE_ENDS, REVERSAL, Claims, Undone, adjudicate
from rxmembersim.benefits import benefits
from rxmembersim.courses import MISREAD, UNAUTHORIZED
from rxmembersim.coverage import CoverageChanges, coverage_changes
from rxmembersim.formulary import EXCLUDED, formulary
from rxmembersim.handlers.adherence import gaps, possession
from rxmembersim.handlers.cardholders import keyed
from rxmembersim.handlers.prescriptions import beyond_law, held, prescriber
from rxmembersim.pricing import Prices, prices

EVENT_TYPES = ("fill", "refill", "reversal", "new_enrollment", "termination", "mpr_threshold", "adherence_gap")
AFTER = {"reversal": ("fill", "refill")}
PARAMETERS = (
    *reading.FILL_PARAMETERS,
    Field("reason", "category", "Why.", nullable=True),
    Field("mpr", "number", "Medication possession ratio, where the fills do not tell it.", nullable=True, least=0),
    Field("threshold", "number", "The ratio that counts as adherent.", nullable=True, least=0, most=1),
)

_STATUSES = ["rejected", "paid", "reversed", "refused", "cash", "returned"]

Ints = NDArray[np.int64]


@attrs.frozen(eq=False)
class Submitted:
    """The fills of a chunk as the pharmacy submits them.

    Attributes:
        events: The fills' events.
        prescription: Prescription ids.
        own: Boolean array: fills that bring their own prescription.
        drug: Row of the formulary.
        benefit: The benefit, -1 for none.
        card: Card number as keyed; null where cash is paid.
        prices: The amounts.
    """

    events: Events
    prescription: Ints
    own: NDArray[np.bool_]
    drug: Ints
    benefit: Ints
    card: Text
    prices: Prices

    @property
    def cash(self) -> NDArray[np.bool_]:
        """Whether each is a sale for cash, of which no claim is made."""
        return self.benefit < 0


def claims(events: Events) -> dict[str, Columns]:
    """Pharmacy claims of all fills, their reversals, and what they say of adherence."""
    filled = events.type.isin(("fill", "refill"))
    back = events.where(events.type == "reversal")
    submitted = _submitted(events.where(filled))
    adjudicated = _claims(submitted)
    undone = _adjudicated(submitted.events, back, _undone_by(events, filled), coverage_changes(events), adjudicated)
    looks, late = (events.where(events.type == name) for name in ("mpr_threshold", "adherence_gap"))
    return {
        "rxmembersim.fill": _fill_columns(submitted, adjudicated),
        "rxmembersim.reversal": _reversal_columns(back, undone, submitted, adjudicated),
        "rxmembersim.prescription": held(submitted.events.where(submitted.own)),
        "rxmembersim.therapy": possession(looks, submitted.events, submitted.drug, adjudicated),
        "rxmembersim.adherence_gap": gaps(late, submitted.events, adjudicated),
    }


def unlawful(events: Events, written: Mapping[str, Columns]) -> dict[str, int]:
    """How many refills the law did not allow, of those that a journey has of its own."""
    fill = written["rxmembersim.fill"]
    own = events.where(np.isin(events.id, written["rxmembersim.prescription"].array("prescription_id")))
    refused = int(np.sum((fill["reject_code"] == adjudication.NO_REFILL) | (fill["status"] == "refused")))
    return {**beyond_law(own, written), "refills of controlled drugs that the law does not allow, refused": refused}


def _adjudicated(fills: Events, back: Events, undoes: Ints, changes: CoverageChanges, adjudicated: Claims) -> Undone:
    """Put claims, reversals and changes of coverage in order of person and time, and adjudicate; by row of `back`."""
    turns = np.where(changes.begins, COVERAGE_BEGINS, COVERAGE_ENDS)
    kind = np.concatenate([np.full(len(fills), CLAIM), np.full(len(back), REVERSAL), turns])
    row = np.concatenate([fills.row, back.row, changes.row])
    time = np.concatenate([fills.time, back.time, changes.time])
    claim = np.concatenate([np.arange(len(fills)), undoes, np.full(len(changes.row), -1)])
    order = np.lexsort((kind, time, row))
    place, row = np.empty(len(order), np.int64), row[order]
    place[order] = np.arange(len(order))
    person = np.cumsum(np.diff(row, prepend=row[:1]) != 0)  # numbered in order of their rows
    adjudicated.person = person[place[: len(fills)]]
    prescriptions = int(adjudicated.prescription.max(initial=-1)) + 1
    undone = adjudicate(kind[order], person, claim[order], adjudicated, int(person.max(initial=-1)) + 1, prescriptions)
    back_at = place[len(fills) : len(fills) + len(back)]
    return Undone(undone.claim[back_at], undone.deductible_to_date[back_at], undone.out_of_pocket_to_date[back_at])


def _submitted(fills: Events) -> Submitted:
    people = fills.people
    drug = formulary().find(reading.text(fills, "ndc"), reading.text(fills, "drug_class"))
    benefit = benefits().find(people["coverage_type"], people["plan"])
    held_under = fills.ancestor("new_rx").array("id")
    misread = reading.text(fills, "circumstance") == MISREAD
    card = keyed(people["member_number"], misread)
    return Submitted(
        events=fills,
        prescription=np.where(held_under > 0, held_under, fills.id),
        own=held_under == 0,
        drug=drug,
        benefit=benefit,
        card=card.only(benefit >= 0),
        prices=prices(fills.run, drug, reading.quantity(fills), benefit, people["county_fips"]),
    )


def _claims(submitted: Submitted) -> Claims:
    fills = submitted.events
    ndc = reading.text(fills, "ndc")
    prescription = pa.array(submitted.prescription).dictionary_encode().indices.to_numpy()
    age = whole_years(fills.people["birth_date"], fills.date)
    drug_class = formulary().drug_class[submitted.drug]
    schedule = controlled.schedules(fills)
    most, refill = controlled.most_refills(schedule), submitted.own & (fills.type == "refill")
    exempt = age < benefits().exempt_below_age[submitted.benefit]
    return Claims(
        person=np.zeros(len(fills), np.int64),
        prescription=prescription.astype(np.int64),
        day=fills.date.astype(np.int64),
        year=fills.date.astype("datetime64[Y]").astype(np.int64) + 1970,
        supply=reading.days_supply(fills),
        number=np.where(submitted.own, reading.number(fills, "fill_number"), np.nan),
        most=np.where(refill & (most == 0), -1, most),
        last=controlled.last_day(schedule, controlled.written(fills)),
        drug=submitted.drug,
        product=np.where(ndc.is_null(), -1 - submitted.drug, reading.codes(ndc)),
        benefit=submitted.benefit,
        allowed=submitted.prices.allowed,
        exempt=exempt & (submitted.benefit >= 0),
        reject=_refused(submitted),
        age_conflict=dur.rules().age_conflict(drug_class, age),
        sex_conflict=dur.rules().sex_conflict(drug_class, fills.people["sex"]),
    )


def _refused(submitted: Submitted) -> Ints:
    """Reasons to refuse a claim that lie in itself, the weightiest first."""
    fills = submitted.events
    circumstance = reading.text(fills, "circumstance")
    reasons = (
        (adjudication.UNMATCHED, ~reading.same(submitted.card, fills.people["member_number"])),
        (adjudication.NO_PRODUCT, reading.text(fills, "ndc").is_null()),
        (adjudication.NOT_COVERED, formulary().is_excluded(submitted.drug, fills.people["coverage_type"])),
        (adjudication.NO_AUTHORIZATION, formulary().authorization[submitted.drug] & (circumstance == UNAUTHORIZED)),
    )
    codes = [adjudication.CODES.index(code) for code, _ in reasons]
    return np.where(submitted.cash, 0, np.select([holds for _, holds in reasons], codes, 0)).astype(np.int64)


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


def _fill_columns(submitted: Submitted, claims: Claims) -> Columns:
    fills, amounts, paid = submitted.events, submitted.prices, claims.paid
    cash = submitted.cash
    allowed = np.where(paid, np.where(cash, amounts.usual_and_customary, amounts.allowed), 0)
    refused_tier = formulary().is_excluded(submitted.drug, fills.people["coverage_type"])
    tier = np.where(cash, -1, np.where(refused_tier, 0, formulary().tier[submitted.drug]))
    status = np.where(paid, np.where(claims.reversed, 2, 1), 0) + np.where(cash, 3, 0)
    columns = {
        "fill_id": fills.id,
        "prescription_id": submitted.prescription,
        "person_id": fills.person,
        "cardholder_id": submitted.card,
        "fill_number": claims.number.astype(np.int64),
        "ndc": reading.text(fills, "ndc"),
        "description": reading.text(fills, "description"),
        "drug_class": formulary().class_names(submitted.drug, reading.text(fills, "drug_class")),
        "days_supply": claims.supply,
        "quantity": reading.quantity(fills),
        "fill_date": fills.date,
        "pharmacy_npi": fills.people["pharmacy_npi"],
        "prescriber_npi": prescriber(fills),
        "tier": Text(tier, [EXCLUDED, "1", "2", "3", "4", "5"]),
        "usual_and_customary": amounts.usual_and_customary,
        **_money(amounts, allowed, claims, slice(None), 1, cash),
        "deductible_to_date": claims.deductible_to_date,
        "out_of_pocket_to_date": claims.out_of_pocket_to_date,
        "status": Text(status, _STATUSES),
        "reject_code": Text(np.where(cash, 0, claims.reject) - 1, adjudication.CODES[1:]),
        "dur_code": Text(claims.conflict - 1, dur.CODES[1:]),
        "dur_severity": Text(claims.conflict_severity - 1, dur.SEVERITIES[1:]),
        "dur_with": Text(claims.conflict_class, list(formulary().classes)),
        "authorization_number": _authorization(fills.run.namespace.outward(fills.id), paid & ~cash),
    }
    return Columns(columns, len(fills))


def _reversal_columns(events: Events, undone: Undone, submitted: Submitted, claims: Claims) -> Columns:
    claimed = (undone.claim >= 0) & ~np.append(submitted.cash, True)[undone.claim]
    back = np.flatnonzero(claimed)
    reversals, claim = events.where(claimed), undone.claim[back]
    fills = submitted.events
    columns = {
        "fill_id": fills.id[claim],
        "reversal_id": reversals.id,
        "prescription_id": submitted.prescription[claim],
        "person_id": reversals.person,
        "fill_number": claims.number[claim].astype(np.int64),
        "reversal_date": reversals.date,
        "reason": reading.text(reversals, "reason"),
        **_money(submitted.prices, submitted.prices.allowed, claims, claim, -1),
        "deductible_to_date": undone.deductible_to_date[back],
        "out_of_pocket_to_date": undone.out_of_pocket_to_date[back],
    }
    return Columns(columns, len(back))


def _money(
    amounts: Prices,
    allowed: Ints,
    claims: Claims,
    rows: slice | Ints,
    sign: int,
    cash: NDArray[np.bool_] | bool = False,
) -> dict[str, Ints]:
    patient = np.where(cash, allowed, claims.deductible + claims.copay)
    columns = {
        "ingredient_cost": amounts.ingredient_cost, "dispensing_fee": amounts.dispensing_fee,
        "gross_amount_due": amounts.gross_amount_due,
        "allowed": allowed, "deductible": claims.deductible, "copay": claims.copay, "patient_pay": patient,
        "plan_paid": allowed - patient,
    }  # fmt: skip
    return {name: sign * column[rows] for name, column in columns.items()}


def _authorization(ids: Ints, paid: NDArray[np.bool_]) -> Text:
    number = Text.distinct(pc.utf8_lpad(pc.cast(pa.array(ids), pa.string()), width=19, padding="0"))
    return number.only(paid)
