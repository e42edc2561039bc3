"""x12_835 read back: what became of claims and lines, and whether every payment balances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, ReadBack, Text
from healthsim_core import segments as segments_of

from .parties import FALLBACK
from .reader import Envelope, Rows, Segments, blocks, tolerant

VERSION = "005010X221A1"
_TRIPLETS = ((2, 3), (5, 6), (8, 9), (11, 12), (14, 15), (17, 18))  # reason and amount of a CAS
_SHARES = {"1": "deductible", "2": "coinsurance", "3": "copay"}


@tolerant
def read_remittances(folder: Path) -> ReadBack:
    """Read what X12Remittances wrote."""
    path = folder / "835.edi"
    if not path.is_file():
        return ReadBack({})
    envelope = Envelope(path, VERSION)
    claims, lines = [], []
    for segments in blocks(path):
        envelope.check(segments)
        anchors, services = segments.rows("CLP"), segments.rows("SVC")
        of_claim, of_line = Adjusted(segments, anchors), Adjusted(segments, services)
        _check(segments, anchors, services, of_claim.total, of_line.total, envelope)
        claims.append(_claims(segments, anchors, of_claim))
        lines.append(_lines(segments, anchors, services, of_line))
    return ReadBack({"membersim.claim": Columns.concat(claims), "membersim.claim_line": Columns.concat(lines)}, problems=envelope.finish())


class Adjusted:
    """The adjustments (CAS) below claims or lines, in cents."""

    def __init__(self, segments: Segments, anchors: Rows) -> None:
        rows = segments.rows("CAS")
        below = segments_of.owners(anchors, rows)
        rows, below = rows[below >= 0], below[below >= 0]
        patient, size = segments.text(rows, 1) == "PR", len(anchors)
        self.total = self.other = np.zeros(size, np.int64)
        self.shares = {name: np.zeros(size, np.int64) for name in _SHARES.values()}
        for reason, amount in _TRIPLETS:
            cents, code = segments.cents(rows, amount), segments.text(rows, reason)
            self.total = self.total + _sum(below, cents, size)
            self.other = self.other + _sum(below, np.where(patient, 0, cents), size)
            for value, name in _SHARES.items():
                self.shares[name] += _sum(below, np.where(patient & (code == value), cents, 0), size)

    @property
    def columns(self) -> dict[str, NDArray[np.int64]]:
        """The columns of `membersim.claim` and `membersim.claim_line` that they tell."""
        return {**self.shares, "member_share": sum(self.shares.values()), "adjustment": self.other}


def _claims(segments: Segments, claims: Rows, adjusted: Adjusted) -> Columns:
    def below(name: str, *qualifiers: str) -> Rows:
        return segments_of.after(claims, segments.rows(name, *qualifiers), segments.rows("SVC"))

    payee = segments.text(segments_of.before(claims, segments.rows("N1", "PE")), 4)
    payment, trace = segments_of.before(claims, segments.rows("BPR")), segments_of.before(claims, segments.rows("TRN"))
    denied = segments.text(claims, 2) == "4"
    reason = segments.text(segments_of.after(claims, segments.rows("CAS", "CO")), 2)
    return Columns({
        "claim_id": segments.whole(claims, 1), "person_id": segments.whole(below("REF", "EA"), 2),
        "status": Text(denied.astype(np.int32), ["paid", "denied"]), "billed": segments.cents(claims, 3), "paid": segments.cents(claims, 4),
        **adjusted.columns, "allowed": segments.cents(below("AMT", "AU"), 2), "payer_claim_number": segments.text(claims, 7),
        "drg": segments.text(claims, 11), "denial_reason": Text(np.where(denied, reason.codes, -1), reason.values),
        "service_from": segments.date(below("DTM", "232"), 2), "service_to": segments.date(below("DTM", "233"), 2),
        "received_date": segments.date(below("DTM", "050"), 2), "paid_date": segments.date(payment, 16),
        "trace_number": segments.text(trace, 2), "payer_id": segments.text(segments_of.before(claims, segments.rows("REF", "2U")), 2),
        "billing_npi": Text(np.where(payee == FALLBACK["npi"], -1, payee.codes), payee.values),
    })  # fmt: skip


def _lines(segments: Segments, claims: Rows, services: Rows, adjusted: Adjusted) -> Columns:
    code = segments.element(services, 1)
    system, value = (Text.of(pc.list_element(pc.split_pattern(code, ":"), part)) for part in (0, 1))
    room = system == "NU"  # a revenue code stands in place of a service code
    revenue = segments.text(services, 4)
    return Columns({
        "claim_id": segments.whole(claims, 1)[segments_of.owners(claims, services)],
        "line": segments.whole(segments_of.after(services, segments.rows("REF", "6R")), 2),
        "service_date": segments.date(segments_of.after(services, segments.rows("DTM", "472")), 2),
        "service_code": Text(np.where(room, -1, value.codes), value.values), "units": segments.number(services, 5),
        "code_system": system.recode({"HC": "HCPCS", "N4": "NDC"}.get), "revenue_code": revenue.or_else(_where(room, value)),
        "billed": segments.cents(services, 2), "paid": segments.cents(services, 3), **adjusted.columns,
        "allowed": segments.cents(segments_of.after(services, segments.rows("AMT", "B6"), claims), 2),
    })  # fmt: skip


def _check(
    segments: Segments, claims: Rows, services: Rows, of_claim: NDArray[np.int64], of_line: NDArray[np.int64], envelope: Envelope
) -> None:
    payments, number = segments.rows("BPR"), segments.whole(claims, 1)
    billed, paid = segments.cents(claims, 3), segments.cents(claims, 4)
    trace = np.array(segments.element(segments.rows("TRN"), 2).to_pylist())
    total = segments.cents(payments, 2)
    envelope.report("BPR02 is not the sum of its claims", trace[total != segments.sums(claims, 4, payments)])
    envelope.report("a claim does not balance", number[billed - of_claim != paid])
    charge, amount = segments.cents(services, 2), segments.cents(services, 3)
    owner = number[segments_of.owners(claims, services)]
    envelope.report("a line does not balance", owner[charge - of_line != amount])
    envelope.report("CLP03 is not the sum of its lines", number[billed != segments.sums(services, 2, claims)])
    envelope.report("CLP04 is not the sum of its lines", number[paid != segments.sums(services, 3, claims)])
    day = segments.date(segments_of.before(services, payments), 16)
    late = segments.date(segments_of.after(services, segments.rows("DTM", "472")), 2) >= day
    envelope.report("paid on or before the day of service", owner[late])


def _where(mask: NDArray[np.bool_], column: Text) -> Text:
    return Text(np.where(mask, column.codes, -1), column.values)


def _sum(owner: Rows, cents: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.bincount(owner, cents, size).round().astype(np.int64)
