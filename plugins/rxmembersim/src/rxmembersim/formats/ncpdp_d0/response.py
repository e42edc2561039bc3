"""What payers respond to billing and reversal requests: paid, rejected or approved (implementation guide, chapters on
responses), one response for each request, in the same order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Text, text
from rxmembersim.facts import document
from rxmembersim.formats.ncpdp_d0 import layout
from rxmembersim.formats.ncpdp_d0.claims import Chunk, only
from rxmembersim.formats.ncpdp_d0.layout import END, GROUP, STX, field, segment

Pieces = list["pa.Array | str"]
# 522-FM by what the allowed amount is: as submitted, the cash price, or the rate of the payer's contract
_BASES = ["1", "4", "8"]
# 528-FS; a contraindication is the gravest there is
_SIGNIFICANCE = {"contraindicated": "1", "major": "1", "moderate": "2", "minor": "3"}


def billed(chunk: Chunk) -> Pieces:
    """Responses to billing requests."""
    paid = np.asarray(chunk.fill.text("status") != "rejected")
    group = [GROUP, *_status(chunk, Text(np.where(paid, 0, 1), ["P", "R"])), *_claim(chunk)]
    parts = [*group, _pricing(chunk.fill, paid), _review(chunk.fill), _next_payer(chunk)]
    return [STX, *_header("B1", chunk), *_insurance(chunk), *_patient(chunk.person), *parts, END]


def reversed_(chunk: Chunk) -> Pieces:
    """Responses to reversals, which are all approved."""
    group = [GROUP, *_status(chunk, Text.constant("A", chunk.fill.rows)), *_claim(chunk)]
    return [STX, *_header("B2", chunk), *group, END]


def _header(transaction: str, chunk: Chunk) -> Pieces:
    fallback = document("pharmacies")["fallback"]["pharmacy_npi"]
    pharmacy = chunk.fill.text("pharmacy_npi").or_else(fallback)
    return [f"D0{transaction}1A01", layout.fixed(pharmacy, 15), layout.dates(chunk.fill["fill_date"])]


def _insurance(chunk: Chunk) -> Pieces:
    group, number = chunk.card["group_id"], chunk.fill["cardholder_id"]
    return segment("25", field("C1", layout.alphanumeric(group, 15)), field("C2", layout.alphanumeric(number, 20)))


def _patient(person: Columns) -> Pieces:
    return segment(
        "29",
        field("CA", layout.alphanumeric(person["first_name"], 12)),
        field("CB", layout.alphanumeric(person["last_name"], 15)),
        field("C4", layout.dates(person["birth_date"])),
    )


def _status(chunk: Chunk, status: Text) -> Pieces:
    rejected = chunk.fill.text("reject_code")
    some = ~rejected.is_null()
    return segment(
        "21",
        field("AN", status),
        field("F3", chunk.fill["authorization_number"]),
        field("FA", Text.constant("1", len(some)).only(some)),
        field("FB", rejected),
    )


def _claim(chunk: Chunk) -> Pieces:
    return segment("22", field("EM", "1"), field("D2", chunk.prescription["prescription_number"]))


def _pricing(fill: Columns, paid: NDArray[np.bool_]) -> pa.Array:
    """Ingredient cost and fee paid, less what the patient and others pay, is what the plan pays."""
    rows = np.flatnonzero(paid)
    some = fill.take(rows)
    allowed, fee = some.array("allowed"), some.array("dispensing_fee_paid")
    submitted, cash = allowed == some.array("gross_amount_due"), allowed == some.array("usual_and_customary")
    said = segment(
        "23",
        field("F5", layout.money(some.array("patient_pay"))),
        field("F6", layout.money(allowed - fee)),
        field("F7", layout.money(fee)),
        field("J5", _where(some.array("turn") > 0, some.array("other_payer_paid"))),
        field("F9", layout.money(some.array("plan_paid"))),
        field("FM", Text(np.where(submitted, 0, np.where(cash, 1, 2)), _BASES)),
        field("FC", _where(some.array("has_deductible"), some.array("deductible_met"))),
        field("FD", _where(some.array("has_deductible"), some.array("deductible_remaining"))),
        *(field(code, _where(some.array(name) != 0, some.array(name))) for code, name in _PARTS.items()),
    )
    return only(rows, fill.rows, text.lines(*said))


# of what the patient pays: deductible, copay, above what the plan covers, coinsurance
_PARTS = {"FH": "deductible", "FI": "copay", "FK": "not_covered", "4U": "coinsurance"}


def _where(said: NDArray[np.bool_], amounts: NDArray[np.int64]) -> pa.Array:
    return pc.if_else(pa.array(said), layout.money(amounts), pa.scalar(None, pa.string()))


def _review(fill: Columns) -> pa.Array:
    """The conflict that the payer has found in the drug utilization review."""
    rows = np.flatnonzero(~fill.text("dur_code").is_null())
    some = fill.take(rows)
    said = segment(
        "24",
        field("J6", "1"),
        field("E4", some["dur_code"]),
        field("FS", some.text("dur_severity").recode(_SIGNIFICANCE.get)),
        field("FY", layout.alphanumeric(some["dur_with"], 30)),
    )
    return only(rows, fill.rows, text.lines(*said))


def _next_payer(chunk: Chunk) -> pa.Array:
    """The payer that is to be asked next, of what this one leaves."""
    turn = chunk.fill.array("turn")
    rows = np.flatnonzero(np.append(turn[1:], 0) > turn)  # those of one fill follow on each other
    card, number = chunk.card.take(rows + 1), chunk.fill.take(rows + 1)["cardholder_id"]
    said = segment(
        "28",
        field("NT", "1"),
        field("5C", layout.number_text(turn[rows] + 2, 2)),
        field("6C", "03"),
        field("7C", layout.alphanumeric(card["bin"], 10)),
        field("MH", layout.alphanumeric(card["pcn"], 10)),
        field("NU", layout.alphanumeric(number, 20)),
        field("MJ", layout.alphanumeric(card["group_id"], 15)),
        field("UV", card["person_code"]),
    )
    return only(rows, len(turn), text.lines(*said))
