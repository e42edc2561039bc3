"""x12_835: remittance advice (005010X221A1) in 835.edi, for all adjudicated claims, pharmacy claims among them.

A transaction set is a payment: the claims that share a trace number, which are those of one household, payer, payee and
day. A household is never split between chunks, so a payment never is, and its total (BPR02, ahead of its claims) is
known without holding anything back. Payments stand in the order in which their first claims stream by.
Every adjustment stands on its line, so claims balance through their lines. A claim that is taken back stands there
again (CLP02 22), by the payment of that day, with amounts below zero; provider level adjustments (PLB) are balances
that are forwarded, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Destination, Run, Text, from_arrow, text

from .adjustments import adjustments
from .characters import basic
from .claim_text import quantity
from .codes import CODES, FALLBACK
from .envelope import END, Exchange, Interchange, segment
from .parties import Parties, PersonText, address, named, take
from .rows import changes, every_row, of_types, ordered, slices, within
from .taken_back import Forwarded, with_reversals

SLICE = 20_000


class X12Remittances:
    """Writes x12_835."""

    def __init__(self, destination: Destination, run: Run) -> None:
        house, gateway = CODES["clearinghouse"], CODES["plan_administrator"]
        exchange = Exchange("835", "HP", "005010X221A1", 4, gateway["id"], house["id"], convention=False)
        self._file = Interchange(destination, "835.edi", run, exchange)
        self._parties = Parties()

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Write a chunk's payments."""
        self._parties.learn(tables)
        claims = of_types(tables["membersim.claim"], ("P", "I", "R"))
        claims = claims.where(~np.isnat(claims.array("paid_date")))
        if not claims.rows:
            return
        claims, lines = with_reversals(claims, from_arrow(tables["membersim.claim_line"]))
        claims = claims.take(payment_order(claims.text("trace_number")))
        coverage = from_arrow(tables["membersim.coverage"].select(["coverage_id", "member_number", "group_number"]))
        coverage = coverage.take(
            every_row(coverage.array("coverage_id"), claims.array("coverage_id"), "membersim.coverage")
        )
        claims = claims.assign(**coverage, billing_npi=claims.text("billing_npi").or_else(FALLBACK["npi"]))
        people = PersonText.of(tables["core.person"], ("household_id",))
        claims = claims.assign(
            patient_row=people.rows(claims.array("person_id")), holder_row=people.rows(claims.array("subscriber_id"))
        )
        lines = ordered(lines, claims.array("remittance"), "remittance", "line")
        payment = np.cumsum(changes(claims.text("trace_number").codes)) - 1
        one = claims.take(np.flatnonzero(changes(payment)))
        balances = _balances(claims, one, payment, people)
        headers, trailers = self._payments(one, balances.paid), balances.segments(one)
        for start, stop in slices(payment, SLICE):
            some, mine = claims.take(np.arange(start, stop)), payment[start:stop]
            bodies = remitted_claims(some, within(lines, start, stop), people, self._parties)
            last = np.append(np.diff(mine) > 0, True)
            bodies = text.lines(bodies, text.choose(last, trailers.take(pa.array(mine)), ""))
            of_slice = headers.slice(mine[0], int(mine[-1] - mine[0]) + 1)
            self._file.extend(of_slice, bodies, mine - mine[0])

    def _payments(self, one: Columns, total: NDArray[np.int64]) -> pa.Array:
        parties = self._parties
        day = text.dates(one["paid_date"], "%Y%m%d")
        payer = one.text("payer_id").recode(parties.once(_payer))
        tax_id = one.text("payer_id").recode(parties.once(_tax_id))
        payee = one.text("billing_npi").recode(parties.once(_payee))
        return text.lines(
            "BPR*", text.choose(total > 0, "I", "H"), "*", text.plain_amount(total), "*C*",
            text.choose(total > 0, "CHK", "NON"),
            "*" * 12, day, f"{END}TRN*1*", one["trace_number"], "*1", tax_id, f"{END}DTM*405*", day, END, payer, payee,
            f"LX*1{END}",
        )  # fmt: skip

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def payment_order(trace: Text) -> NDArray[np.int64]:
    """The order of claims by the first appearance of their trace number."""
    rows = np.arange(len(trace))
    first = np.full(len(trace.values), len(trace), np.int64)
    np.minimum.at(first, trace.codes, rows)
    return np.lexsort((rows, first[trace.codes]))


def _balances(claims: Columns, one: Columns, payment: NDArray[np.int64], people: PersonText) -> Forwarded:
    total = np.bincount(payment, claims.array("paid")).round().astype(np.int64)
    household = people.columns.array("household_id")[one.array("patient_row")]
    parties = np.stack([household, one.text("payer_id").codes, one.text("billing_npi").codes], axis=1)
    return Forwarded.of(total, parties, one.array("paid_date"))


def remitted_claims(claims: Columns, lines: Columns, people: PersonText, parties: Parties) -> pa.Array:
    """Loop 2100 with its lines, a string a claim."""
    return text.lines(_claim(claims, people, parties), text.grouped(_lines(lines), lines.array("owner"), claims.rows))


def _claim(claims: Columns, people: PersonText, parties: Parties) -> pa.Array:
    processed = claims.text("payer_order").recode(CODES["claim_status"].get)
    status = text.choose(claims["status"] == "denied", CODES["denied"], processed)
    status = text.choose(claims.array("remittance") < 0, CODES["taken_back"], status)
    filing = text.each(claims["filing_indicator"], lambda code: CODES["remittance_filing_indicator"].get(code, code))
    own = claims.array("person_id") == claims.array("subscriber_id")
    number, share = claims["member_number"], claims.array("member_share")
    insured = text.lines("NM1*IL*1*", take(people.name, claims.array("holder_row")), "****MI*", number, END)
    rendering = claims.text("rendering_npi").recode(parties.once(named, "82", ""))
    same = claims["rendering_npi"] == claims["billing_npi"]
    return text.lines(
        "CLP*", text.whole(claims["claim_id"]), "*", status, "*",
        text.plain_amount(claims.array("billed")), "*",
        text.plain_amount(claims.array("paid")), "*", text.choose(share > 0, text.plain_amount(share), ""), "*", filing,
        "*",
        claims["payer_claim_number"], _place(claims), f"{END}NM1*QC*1*", take(people.name, claims.array("patient_row")),
        "****MI*", number,
        END, text.choose(own, "", insured), text.choose(same, "", rendering.or_else("")),
        "REF*EA*", text.whole(claims["person_id"]), END, text.optional("REF*1L*", claims["group_number"], END),
        "DTM*232*", text.dates(claims["service_from"], "%Y%m%d"), f"{END}DTM*233*",
        text.dates(claims["service_to"], "%Y%m%d"),
        f"{END}DTM*050*", text.dates(claims["received_date"], "%Y%m%d"), END,
        text.choose(claims.array("allowed") != 0,
                    text.joined("AMT*AU*", text.plain_amount(claims.array("allowed")), END), ""),
    )  # fmt: skip


def _place(claims: Columns) -> pa.Array:
    """CLP08 to CLP11: facility type, frequency, DRG; nothing for pharmacies."""
    office = text.optional("*", claims["place_of_service"], "*1")
    bill = text.each(claims["bill_type"], lambda code: f"*{code[-3:-1]}*{code[-1]}").or_else("")
    return text.lines(office, bill, text.optional("**", claims["drg"]))


def _lines(lines: Columns) -> pa.Array:
    allowed = lines.array("allowed")
    coded = ~lines.text("service_code").is_null()
    system = text.each(lines["code_system"], lambda name: {"NDC": "N4:"}.get(name, "HC:"))
    service = text.choose(coded, text.joined(system, lines["service_code"]), text.joined("NU:", lines["revenue_code"]))
    revenue = text.choose(coded, lines.text("revenue_code").or_else(""), "")
    number = text.whole(lines["line"])
    return text.lines(
        "SVC*", service, "*", text.plain_amount(lines.array("billed")), "*", text.plain_amount(lines.array("paid")),
        "*", revenue, "*",
        quantity(lines["units"]), f"{END}DTM*472*", text.dates(lines["service_date"], "%Y%m%d"), END,
        adjustments(lines),
        "REF*6R*", number, END, text.choose(allowed != 0, text.joined("AMT*B6*", text.plain_amount(allowed), END), ""),
        text.optional("LQ*HE*", _remark(lines), END),
    )  # fmt: skip


def _remark(lines: Columns) -> Text:
    remark = CODES["remark"]["by_reason"].get
    return lines.text("adjustment_reason").recode(remark).or_else(lines.text("not_covered_reason").recode(remark))


def _payer(parties: Parties, payer_id: str) -> str:
    payer = parties.payer(payer_id)
    name = basic(payer["name"])
    contact = segment("PER", "BL", name, "TE", payer["phone"])
    return segment("N1", "PR", name) + address(payer) + segment("REF", "2U", payer_id) + contact


def _tax_id(parties: Parties, payer_id: str) -> str:
    return parties.payer(payer_id).get("tax_id") or FALLBACK["tax_id"]


def _payee(parties: Parties, npi: str) -> str:
    payee = parties.organization(npi)
    return segment("N1", "PE", basic(payee["name"]), "XX", npi) + address(payee) + segment("REF", "TJ", payee["tax_id"])
