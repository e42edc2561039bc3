"""Fills and their reversals: submitted, adjudicated, written; and what the fills say of adherence."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Field, Text, text, whole_years
from rxmembersim import decisions, dispensing, reading
from rxmembersim.adjudication import Claims, Shared, adjudicate
from rxmembersim.benefits import benefits
from rxmembersim.courses import MISREAD
from rxmembersim.formulary import EXCLUDED, formulary
from rxmembersim.handlers.adherence import gaps, possession
from rxmembersim.handlers.cardholders import keyed
from rxmembersim.handlers.prescriptions import beyond_law, held, prescriber
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
    submitted = _submitted(events.where(events.type.isin(reading.FILLED)))
    fills = submitted.events
    back = events.where(events.type == "reversal")
    undoes = text.positions(fills.id, back.parameters.array("undoes_fill_id"))
    claimed = (undoes >= 0) & ~np.append(submitted.cash, True)[undoes]
    back, undoes = back.where(claimed), undoes[claimed]
    shared = adjudicate(_claims(submitted), fills.time, undoes, back.time)
    looks, late = (events.where(events.type == name) for name in ("mpr_threshold", "adherence_gap"))
    return {
        "rxmembersim.fill": _fill_columns(submitted, shared),
        "rxmembersim.reversal": _reversal_columns(back, undoes, submitted, shared),
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


def _submitted(fills: Events) -> Submitted:
    people = fills.people
    drug = formulary().find(reading.text(fills, "ndc"), reading.text(fills, "drug_class"))
    benefit = benefits().find(people["coverage_type"], people["plan"])
    prescription, own = reading.prescriptions(fills)
    misread = reading.text(fills, "circumstance") == MISREAD
    card = keyed(people["member_number"], misread)
    return Submitted(
        events=fills,
        prescription=prescription,
        own=own,
        drug=drug,
        benefit=benefit,
        card=card.only(benefit >= 0),
        prices=prices(fills.run, drug, reading.quantity(fills), benefit, people["county_fips"]),
    )


def _claims(submitted: Submitted) -> Claims:
    fills, benefit = submitted.events, submitted.benefit
    age = whole_years(fills.people["birth_date"], fills.date)
    return Claims(
        row=fills.row,
        year=fills.date.astype("datetime64[Y]").astype(np.int64) + 1970,
        supply=reading.days_supply(fills),
        drug=submitted.drug,
        benefit=benefit,
        dispensed=reading.dispensed(fills),
        allowed=submitted.prices.allowed,
        exempt=(age < benefits().exempt_below_age[benefit]) & (benefit >= 0),
    )


def _fill_columns(submitted: Submitted, shared: Shared) -> Columns:
    fills, amounts, cash = submitted.events, submitted.prices, submitted.cash
    paid, decided = reading.dispensed(fills), fills.parameters
    allowed = np.where(paid, np.where(cash, amounts.usual_and_customary, amounts.allowed), 0)
    refused_tier = formulary().is_excluded(submitted.drug, fills.people["coverage_type"])
    tier = np.where(cash, -1, np.where(refused_tier, 0, formulary().tier[submitted.drug]))
    status = np.where(paid, np.where(decided.array("reversed"), 2, 1), 0) + np.where(cash, 3, 0)
    columns = {
        "fill_id": fills.id,
        "prescription_id": submitted.prescription,
        "person_id": fills.person,
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
        "usual_and_customary": amounts.usual_and_customary,
        **_money(amounts, allowed, shared, slice(None), 1, cash),
        "deductible_to_date": shared.to_date[0],
        "out_of_pocket_to_date": shared.to_date[1],
        "status": Text(status, _STATUSES),
        "reject_code": decided.text("reject_code").only(~cash),
        **decided.select([field.name for field in decisions.REVIEW]),
        "authorization_number": _authorization(fills.run.namespace.outward(fills.id), paid & ~cash),
    }
    return Columns(columns, len(fills))


def _reversal_columns(reversals: Events, undoes: Ints, submitted: Submitted, shared: Shared) -> Columns:
    fills = submitted.events
    columns = {
        "fill_id": fills.id[undoes],
        "reversal_id": reversals.id,
        "prescription_id": submitted.prescription[undoes],
        "person_id": reversals.person,
        "fill_number": _number(fills)[undoes],
        "reversal_date": reversals.date,
        "reason": reading.text(reversals, "reason"),
        **_money(submitted.prices, submitted.prices.allowed, shared, undoes, -1),
        "deductible_to_date": shared.to_date_after[0],
        "out_of_pocket_to_date": shared.to_date_after[1],
    }
    return Columns(columns, len(reversals))


def _money(
    amounts: Prices,
    allowed: Ints,
    shared: Shared,
    rows: slice | Ints,
    sign: int,
    cash: NDArray[np.bool_] | bool = False,
) -> dict[str, Ints]:
    patient = np.where(cash, allowed, shared.deductible + shared.copay)
    columns = {
        "ingredient_cost": amounts.ingredient_cost, "dispensing_fee": amounts.dispensing_fee,
        "gross_amount_due": amounts.gross_amount_due,
        "allowed": allowed, "deductible": shared.deductible, "copay": shared.copay, "patient_pay": patient,
        "plan_paid": allowed - patient,
    }  # fmt: skip
    return {name: sign * column[rows] for name, column in columns.items()}


def _number(fills: Events) -> Ints:
    return reading.number(fills, "fill_number_dispensed", 0).astype(np.int64)


def _authorization(ids: Ints, paid: NDArray[np.bool_]) -> Text:
    number = Text.distinct(pc.utf8_lpad(pc.cast(pa.array(ids), pa.string()), width=19, padding="0"))
    return number.only(paid)
