"""Billing and reversal requests from the tables, as columns of text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Destination, Run, Text, text
from rxmembersim.facts import document
from rxmembersim.formats.ncpdp_d0 import layout, response
from rxmembersim.formats.ncpdp_d0.claims import Chunk, claims_of, only
from rxmembersim.formats.ncpdp_d0.layout import END, GROUP, STX, field, segment
from rxmembersim.formulary import formulary

B1, B2, B1_RESPONSE, B2_RESPONSE = "b1.ncpdp", "b2.ncpdp", "b1_response.ncpdp", "b2_response.ncpdp"
SALES = ("cash", "returned", "refused")  # statuses of fills of which no claim is made
_GENDERS = {"M": "1", "F": "2"}  # 305-C5

Pieces = list["pa.Array | str"]


class ClaimWriter:
    """Writes `b1.ncpdp` and `b2.ncpdp`, and beside them what the payers respond."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self._billing, self._reversal = destination.open(B1), destination.open(B2)
        self._billed, self._reversed = destination.open(B1_RESPONSE), destination.open(B2_RESPONSE)

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take one chunk's tables."""
        claims = claims_of(tables, SALES)
        if len(claims) and claims.rows:
            chunk = Chunk.of(tables, claims)
            self._billing.write(text.lines(*_billing(chunk)))
            self._billed.write(text.lines(*response.billed(chunk)))
        undone = tables["rxmembersim.reversal"]["fill_id"].to_numpy()
        if len(undone):
            chunk = Chunk.of(tables, _undone(claims, undone))
            self._reversal.write(text.lines(*_reversal(chunk)))
            self._reversed.write(text.lines(*response.reversed_(chunk)))

    def close(self) -> None:
        """Finish the files."""


def _undone(claims: Columns, undone: NDArray[np.int64]) -> Columns:
    """The claims of fills that are undone: who was asked last is told first."""
    place = text.positions(undone, claims.array("fill_id"))
    rows = np.flatnonzero(place >= 0)
    return claims.take(rows[np.lexsort((-claims.array("turn")[rows], place[rows]))])


def _billing(chunk: Chunk) -> Pieces:
    group = [
        GROUP,
        *_claim(chunk),
        *_pricing(chunk.fill),
        *_prescriber(chunk),
        *_other_payers(chunk),
        *_review(chunk.fill),
        *_narrative(chunk.fill),
    ]
    return [STX, *_header("B1", chunk), *_insurance(chunk), *_patient(chunk.person), *group, END]


def _reversal(chunk: Chunk) -> Pieces:
    group = [GROUP, *_claim(chunk, short=True), *_other_payers(chunk, short=True)]
    return [STX, *_header("B2", chunk), *_insurance(chunk, short=True), *group, END]


def _header(transaction: str, chunk: Chunk) -> Pieces:
    fallback = document("pharmacies")["fallback"]["pharmacy_npi"]
    pharmacy = chunk.fill.text("pharmacy_npi").or_else(fallback)
    route = [layout.fixed(chunk.card["bin"], 6), f"D0{transaction}", layout.fixed(chunk.card["pcn"], 10)]
    return [*route, "101", layout.fixed(pharmacy, 15), layout.dates(chunk.fill["fill_date"]), "HEALTHSIM "]


def _insurance(chunk: Chunk, short: bool = False) -> Pieces:
    card = chunk.card
    fields = [
        field("C2", layout.alphanumeric(chunk.fill["cardholder_id"], 20)),
        field("C1", layout.alphanumeric(card["group_id"], 15)),
    ]
    if not short:
        fields += [field("C3", card["person_code"]), field("C6", card["relationship_code"])]
    return segment("04", *fields)


def _patient(person: Columns) -> Pieces:
    sex = person.text("sex")
    return segment(
        "01",
        field("C4", layout.dates(person["birth_date"])),
        field("C5", sex.recode(lambda value: _GENDERS.get(value, "0")).or_else("0")),
        field("CA", layout.alphanumeric(person["first_name"], 12)),
        field("CB", layout.alphanumeric(person["last_name"], 15)),
        field("CM", layout.alphanumeric(person["address"], 30)),
        field("CN", layout.alphanumeric(person["city"], 20)),
        field("CO", person["state"]),
        field("CP", person["zip"]),
        field("CQ", person["phone"]),
        field("C7", "01"),
    )


def _claim(chunk: Chunk, short: bool = False) -> Pieces:
    fill, prescription = chunk.fill, chunk.prescription
    fields = [
        field("EM", "1"),
        field("D2", prescription["prescription_number"]),
        field("E1", "03"),
        field("D7", fill.text("ndc").or_else(layout.NO_PRODUCT)),
    ]
    other = field("C8", _others(fill))
    number = field("D3", layout.number_text(fill.array("fill_number"), 2))
    if short:
        return segment("07", *fields, number, other)
    return segment(
        "07",
        *fields,
        field("E7", layout.quantity(fill.array("quantity"))),
        number,
        field("D5", text.whole(fill.array("days_supply"))),
        field("D6", "1"),
        field("D8", "0"),
        field("DE", layout.dates(prescription["written_date"])),
        field("DF", layout.number_text(np.minimum(prescription.array("refills"), 99), 2)),
        field("DJ", "3"),
        other,
        field("28", _unit(fill)),
    )


def _others(claims: Columns) -> Text:
    """308-C8: of claims that are sent on, whether others have paid something."""
    turn, paid = claims.array("turn"), claims.array("other_payer_paid")
    return Text(np.where(turn == 0, -1, np.where(paid > 0, 0, 1)), ["2", "4"])


def _pricing(fill: Columns) -> Pieces:
    names = {"D9": "ingredient_cost", "DC": "dispensing_fee", "DQ": "usual_and_customary", "DU": "gross_amount_due"}
    return segment(
        "11", *(field(code, layout.money(fill.array(name))) for code, name in names.items()), field("DN", "05")
    )


def _prescriber(chunk: Chunk) -> Pieces:
    fallback = document("pharmacies")["fallback"]
    npi = chunk.fill.text("prescriber_npi")
    unknown = npi.is_null()
    last, first = Text.constant(None, len(npi)), Text.constant(None, len(npi))
    if chunk.provider is not None:
        at = _provider_rows(chunk.provider, npi)
        last, first = (chunk.provider.text(name).take_or_null(at) for name in ("last_name", "first_name"))
    last = _where(unknown, fallback["prescriber_last_name"], last)
    first = _where(unknown, fallback["prescriber_first_name"], first)
    return segment(
        "03",
        field("EZ", "01"),
        field("DB", npi.or_else(fallback["prescriber_npi"])),
        field("DR", layout.alphanumeric(last, 15)),
        field("2J", layout.alphanumeric(first, 12)),
    )


def _other_payers(chunk: Chunk, short: bool = False) -> Pieces:
    """The payers that were asked before, of claims that are sent on; they tell the claims of a fill apart."""
    turn = chunk.fill.array("turn")
    later = np.flatnonzero(turn)
    if not len(later):
        return []
    said = [text.lines(*segment("05", field("4C", text.whole(turn[later]))))]
    for before in range(int(turn.max())):
        rows = np.flatnonzero(turn[later] > before)
        claim = later[rows]
        # those of one fill follow on each other
        paid = [] if short else _payment(chunk, claim - turn[claim] + before)
        which = field("5C", Text.constant(f"0{before + 1}", len(rows)))
        said.append(only(rows, len(later), text.lines(which, *paid)))
    return [only(later, len(turn), text.lines(*said))]


def _payment(chunk: Chunk, claim: NDArray[np.int64]) -> Pieces:
    """Who has paid how much of some claims."""
    routed, day = layout.alphanumeric(chunk.card["bin"], 6)[claim], chunk.fill.array("fill_date")[claim]
    paid = layout.money(chunk.fill.array("plan_paid")[claim])
    who = [field("6C", "03"), field("7C", routed), field("E8", layout.dates(day))]
    return [*who, field("HB", "1"), field("HC", "07"), field("DV", paid)]


def _review(fill: Columns) -> Pieces:
    """The conflict that the pharmacist has cleared with the prescriber; a claim refused for one was not cleared."""
    override = document("dur")["override"]
    cleared = fill.text("dur_code").only(fill.text("status") != "rejected")
    before = "".join([*segment("08"), field("7E", "1"), field("E4", "")])
    after = "".join([field("E5", override["service"]), field("E6", override["result"])])
    return [text.optional(before, cleared, after)]


def _narrative(fill: Columns) -> Pieces:
    first = Text(np.minimum(fill.array("turn"), 1), ["FILL ", "CLAIM "])
    return segment("16", text.lines(layout.FIELD, "BM", first, text.whole(fill.array("claim_id"))))


def _unit(fill: Columns) -> Text:
    drugs = formulary()
    return Text.of(list(drugs.unit))[drugs.find(fill.text("ndc"), fill.text("drug_class"))]


def _provider_rows(provider: Columns, npi: Text) -> NDArray[np.int64]:
    numbers = provider.text("npi").map(int, np.int64, 0)
    return text.positions(numbers, npi.map(int, np.int64, -1))


def _where(mask: NDArray[np.bool_], value: str, otherwise: Text) -> Text:
    return Text.constant(value, len(mask)).only(mask).or_else(otherwise)
