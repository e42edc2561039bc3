"""Fills and their reversals: submitted, adjudicated, written; and what the fills say of adherence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Field, PricedLines, Reversals, Settled, Spending, Text, text
from rxmembersim import decisions, dispensing, reading
from rxmembersim.courses import MISREAD
from rxmembersim.formulary import EXCLUDED, formulary
from rxmembersim.handlers.adherence import gaps, possession
from rxmembersim.handlers.cardholders import keyed
from rxmembersim.handlers.prescriptions import beyond_law, held, prescriber
from rxmembersim.handlers.secondary import Secondary, deductibles, secondary_columns, sent_on
from rxmembersim.payers import payers
from rxmembersim.pricing import Prices, prices

EVENT_TYPES = (*reading.FILLED, "reversal", "mpr_threshold", "adherence_gap")
AFTER = {"reversal": reading.FILLED}
PARAMETERS = (
    *reading.FILL_PARAMETERS,
    *decisions.GIVES,
    reading.REASON,
    Field("mpr", "number", "Medication possession ratio, where the fills do not tell it.", nullable=True, least=0),
    Field("threshold", "number", "The ratio that counts as adherent.", nullable=True, least=0, most=1),
)

_STATUSES = ["rejected", "paid", "reversed", "refused", "cash", "returned"]
_SHARES = ("allowed", "deductible", "copay", "coinsurance", "not_covered")

Ints = NDArray[np.int64]
Amounts = dict[str, NDArray[Any]]


@attrs.frozen(eq=False)
class Submitted:
    """The fills of a chunk as the pharmacy submits them, and the reversals of those of which a claim was made.

    Attributes:
        events: The fills' events.
        prescription: Prescription ids.
        own: Boolean array: fills that bring their own prescription.
        drug: Row of the formulary.
        span: The coverage that is billed, -1 for none: a sale for cash, of which no claim is made.
        card: Card number as keyed; null where cash is paid.
        prices: The amounts.
        back: The reversals' events.
        undoes: Row of the fill that each reversal undoes.
        adjudicated: Rows of the fills that a plan pays for.
        secondary: The claims that go on to further coverages.
    """

    events: Events
    prescription: Ints
    own: NDArray[np.bool_]
    drug: Ints
    span: Ints
    card: Text
    prices: Prices
    back: Events
    undoes: Ints
    adjudicated: Ints
    secondary: Secondary

    @property
    def cash(self) -> NDArray[np.bool_]:
        """Whether each is a sale for cash."""
        return self.span < 0


def spends(events: Events) -> Spending:
    """What dispensed fills spend of the plans of their day, and what reversals give back."""
    made = _submitted(events)
    first, second, fills = made.adjudicated, made.secondary, made.events
    rows = np.concatenate([first, second.fill])
    lines = PricedLines(
        claim=np.concatenate([fills.id[first], second.id]),
        number=np.ones(len(rows), np.int64),
        row=fills.row[rows],
        coverage=np.concatenate([made.span[first], second.span]),
        service=fills.date[rows],
        moment=fills.time[rows],
        kind=formulary().benefit[made.drug[rows]],
        network=np.zeros(len(rows), np.int64),
        allowed=made.prices.allowed[rows],
        tier=formulary().tier[made.drug[rows]],
        units=reading.months(fills)[rows],
        after=np.concatenate([np.full(len(first), -1), second.before]),
    )
    return Spending(lines, _reversals(made), made, "fill")


def claims(events: Events, settled: Settled) -> dict[str, Columns]:
    """Pharmacy claims of all fills, their reversals, and what they say of adherence."""
    submitted: Submitted = settled.made
    fills, shared = submitted.events, _shared(submitted, settled)
    looks, late = (events.where(events.type == name) for name in ("mpr_threshold", "adherence_gap"))
    return {
        "rxmembersim.fill": _fill_columns(submitted, shared),
        "rxmembersim.reversal": _reversal_columns(submitted, shared, settled),
        "rxmembersim.secondary_claim": _secondary_columns(submitted, settled),
        "rxmembersim.prescription": held(fills.where(submitted.own)),
        "rxmembersim.therapy": possession(looks, fills, submitted.drug),
        "rxmembersim.adherence_gap": gaps(late, fills),
    }


def unlawful(events: Events, written: Mapping[str, Columns]) -> dict[str, int]:
    """How many refills the law did not allow, of those that a journey has of its own."""
    fill = written["rxmembersim.fill"]
    own = events.where(np.isin(events.id, written["rxmembersim.prescription"].array("prescription_id")))
    refused = int(np.sum((fill["reject_code"] == dispensing.NO_REFILL) | (fill["status"] == "refused")))
    return {**beyond_law(own, written), "refills of controlled drugs that the law does not allow, refused": refused}


def _submitted(events: Events) -> Submitted:
    fills, back = events.where(events.type.isin(reading.FILLED)), events.where(events.type == "reversal")
    coverages, people = fills.coverages, fills.people
    drug = formulary().find(reading.text(fills, "ndc"), reading.text(fills, "drug_class"))
    span = text.positions(coverages.coverage_id, fills.parameters.array("fill_coverage_id"))
    payer = payers().find(reading.coverage_type(fills, span), coverages.plan_name.take_or_null(span))
    prescription, own = reading.prescriptions(fills)
    card = keyed(people["member_number"], reading.text(fills, "circumstance") == MISREAD)
    undoes = text.positions(fills.id, back.parameters.array("undoes_fill_id"))
    claimed = (undoes >= 0) & (np.append(span, -1)[undoes] >= 0)
    adjudicated = np.flatnonzero(reading.dispensed(fills) & (span >= 0))
    return Submitted(
        events=fills,
        prescription=prescription,
        own=own,
        drug=drug,
        span=span,
        card=card.only(span >= 0),
        prices=prices(fills.run, drug, reading.quantity(fills), payer, people["county_fips"]),
        back=back.where(claimed),
        undoes=undoes[claimed],
        adjudicated=adjudicated,
        secondary=sent_on(fills, drug, adjudicated, span),
    )


def _reversals(made: Submitted) -> Reversals:
    """A reversal gives back all claims of its fill."""
    at = text.positions(made.events.id[made.undoes], made.events.id[made.secondary.fill])
    later = np.flatnonzero(at >= 0)
    back = np.concatenate([np.arange(len(made.undoes)), at[later]])
    claim = np.concatenate([made.events.id[made.undoes], made.secondary.id[later]])
    return Reversals(id=made.back.id[back], claim=claim, moment=made.back.time[back])


def _shared(submitted: Submitted, settled: Settled) -> Amounts:
    """How each fill is shared, whatever became of it: a sale is all the patient's, what is refused is nothing."""
    fills, prices, shares = submitted.events, submitted.prices, settled.shares
    sold, rows = submitted.cash & reading.dispensed(fills), submitted.adjudicated
    price = np.where(sold, prices.usual_and_customary, 0)
    amounts = {name: np.zeros(len(fills), np.int64) for name in _SHARES} | {
        "allowed": price,
        "not_covered": price.copy(),
    }
    to_date = {name: np.full(len(fills), np.nan) for name in ("deductible_to_date", "out_of_pocket_to_date")}
    for name, column in (amounts | to_date).items():
        column[rows] = getattr(shares, name)[: len(rows)]
    fee = np.zeros(len(fills), np.int64)
    fee[rows] = prices.fee_paid[rows]
    for name, met in deductibles(shares[: len(rows)]).items():
        to_date[name] = np.full(len(fills), np.nan)
        to_date[name][rows] = met
    return _with_sums(amounts) | to_date | {"dispensing_fee_paid": fee}


def _fill_columns(submitted: Submitted, shared: Amounts) -> Columns:
    fills, cash, decided = submitted.events, submitted.cash, submitted.events.parameters
    paid = reading.dispensed(fills)
    refused_tier = formulary().is_excluded(submitted.drug, reading.coverage_type(fills, submitted.span))
    tier = np.where(cash, -1, np.where(refused_tier, 0, formulary().tier[submitted.drug]))
    status = np.where(paid, np.where(decided.array("reversed"), 2, 1), 0) + np.where(cash, 3, 0)
    columns = {
        "fill_id": fills.id,
        "prescription_id": submitted.prescription,
        "person_id": fills.person,
        "coverage_id": decided["fill_coverage_id"],
        "cardholder_id": submitted.card,
        "fill_number": _number(fills),
        "ndc": reading.text(fills, "ndc"),
        "description": reading.text(fills, "description"),
        "drug_class": formulary().class_names(submitted.drug, reading.text(fills, "drug_class")),
        "days_supply": reading.days_supply(fills),
        "quantity": reading.quantity(fills),
        "fill_date": fills.date,
        "pharmacy_npi": fills.people["pharmacy_npi"],
        "prescriber_npi": prescriber(fills),
        "tier": Text(tier, [EXCLUDED, "1", "2", "3", "4", "5"]),
        "usual_and_customary": submitted.prices.usual_and_customary,
        **_asked(submitted.prices),
        **shared,
        "status": Text(status, _STATUSES),
        "reject_code": decided.text("reject_code").only(~cash),
        **decided.select([field.name for field in decisions.REVIEW]),
        "authorization_number": _authorization(fills.run.namespace.outward(fills.id), paid & ~cash),
    }
    return Columns(columns, len(fills))


def _reversal_columns(submitted: Submitted, shared: Amounts, settled: Settled) -> Columns:
    fills, reversals, undoes = submitted.events, submitted.back, submitted.undoes
    given = {**_asked(submitted.prices), **{name: shared[name] for name in (*_SHARES, "patient_pay", "plan_paid")}}
    columns = {
        "fill_id": fills.id[undoes],
        "reversal_id": reversals.id,
        "prescription_id": submitted.prescription[undoes],
        "person_id": reversals.person,
        "fill_number": _number(fills)[undoes],
        "reversal_date": reversals.date,
        "reason": reading.text(reversals, "reason"),
        **{name: -amounts[undoes] for name, amounts in given.items()},
        "deductible_to_date": settled.deductible_to_date[: len(reversals)],
        "out_of_pocket_to_date": settled.out_of_pocket_to_date[: len(reversals)],
    }
    return Columns(columns, len(reversals))


def _secondary_columns(submitted: Submitted, settled: Settled) -> Columns:
    fills, claims = submitted.events, submitted.secondary
    shares = settled.shares[len(submitted.adjudicated) :]
    paid_before = submitted.prices.allowed[claims.fill] - shares.allowed
    numbers = _authorization(fills.run.namespace.outward(claims.id), np.ones(len(claims), bool))
    return secondary_columns(fills, claims, shares, paid_before, numbers)


def _asked(prices: Prices) -> Amounts:
    return {name: getattr(prices, name) for name in ("ingredient_cost", "dispensing_fee", "gross_amount_due")}


def _with_sums(amounts: Amounts) -> Amounts:
    patient = amounts["deductible"] + amounts["copay"] + amounts["coinsurance"] + amounts["not_covered"]
    return {**amounts, "patient_pay": patient, "plan_paid": amounts["allowed"] - patient}


def _number(fills: Events) -> Ints:
    return reading.number(fills, "fill_number_dispensed", 0).astype(np.int64)


def _authorization(ids: Ints, paid: NDArray[np.bool_]) -> Text:
    number = Text.distinct(pc.utf8_lpad(pc.cast(pa.array(ids), pa.string()), width=19, padding="0"))
    return number.only(paid)
