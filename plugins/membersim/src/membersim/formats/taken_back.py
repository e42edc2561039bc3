"""What an 835 takes back: its claims and lines once more with amounts below zero, and what is carried forward.

Nobody pays less than nothing: what claims that are taken back leave below zero is forwarded (PLB, FB, below zero, with
the payment's own trace number) and taken from later payments of the household's payer to the payee (above zero, with
the number of the payment that has forwarded it). A payment of nothing leaves it where it is.
"""

from __future__ import annotations

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, text

from .envelope import END
from .rows import changes

_AMOUNTS = (
    "billed", "allowed", "deductible", "coinsurance", "copay", "not_covered", "member_share", "adjustment", "paid",
)  # fmt: skip

Cents = NDArray[np.int64]


def with_reversals(claims: Columns, lines: Columns) -> tuple[Columns, Columns]:
    """Claims and lines, and after each claim that is taken back itself again as it is.

    Args:
        claims: Rows of `membersim.claim`.
        lines: Rows of `membersim.claim_line`.

    Returns:
        Both with `remittance`, which a claim shares with its lines: its id, negative where it is taken back.
    """
    back = np.flatnonzero(~np.isnat(claims.array("reversed_date")))
    claims = claims.assign(remittance=claims.array("claim_id"))
    lines = lines.assign(remittance=lines.array("claim_id"))
    if not len(back):
        return claims, lines
    again = _negative(claims.take(back))
    again = again.assign(paid_date=again.array("reversed_date"), trace_number=again.text("reversal_trace_number"))
    theirs = _negative(lines.where(np.isin(lines.array("claim_id"), again.array("claim_id"))))
    after = np.argsort(np.concatenate([np.arange(claims.rows), back]), kind="stable")
    return Columns.concat([claims, again]).take(after), Columns.concat([lines, theirs])


def _negative(rows: Columns) -> Columns:
    return rows.assign(**{name: -rows.array(name) for name in (*_AMOUNTS, "remittance")})


@attrs.frozen(eq=False)
class Forwarded:
    """Balances of payments, cents (payments,).

    Attributes:
        total: What their claims are paid.
        before: What is taken from it for an earlier payment.
        after: What is left to a later one.
        source: The payment that has forwarded `before`; -1 for none.
    """

    total: Cents
    before: Cents
    after: Cents
    source: NDArray[np.int64]

    @classmethod
    def of(cls, total: Cents, parties: NDArray[np.int64], day: NDArray[np.datetime64]) -> Forwarded:
        """The balances of payments.

        Args:
            total: What the claims of each are paid.
            parties: Household, payer and payee as numbers (payments, 3).
            day: When each is paid.
        """
        nothing = np.zeros(len(total), np.int64)
        before, after, source = nothing.copy(), nothing.copy(), nothing - 1
        if (total < 0).any():
            some = np.flatnonzero(total != 0)
            _, who = np.unique(parties[some], axis=0, return_inverse=True)
            order = np.lexsort((day[some].astype(np.int64), who.ravel()))
            at, first = some[order], changes(who.ravel()[order])
            after[at] = _left(total[at], first)
            before[at[1:]] = np.where(first[1:], 0, after[at[:-1]])
            source[at[1:]] = np.where(before[at[1:]] > 0, at[:-1], -1)
        return cls(total, before, after, source)

    @property
    def paid(self) -> Cents:
        """What is paid (BPR02)."""
        return self.total - self.before + self.after

    def segments(self, payments: Columns) -> pa.Array:
        """PLB of each payment; nothing for those without a balance."""
        trace = payments.text("trace_number")
        taken = text.lines("*FB:", trace.take_or_null(self.source).or_else(""), "*", text.plain_amount(self.before))
        left = text.lines("*FB:", trace, "*", text.plain_amount(-self.after))
        day = text.dates(payments["paid_date"], "%Y")
        whole = text.lines(
            "PLB*", payments["billing_npi"], "*", day, "1231",
            text.choose(self.before > 0, taken, ""), text.choose(self.after > 0, left, ""), END,
        )  # fmt: skip
        return text.lines(text.choose((self.before > 0) | (self.after > 0), whole, ""))


def _left(total: Cents, first: NDArray[np.bool_]) -> Cents:
    """What is below zero after each payment of those who have payments together, of which the first is marked."""
    group, running = np.cumsum(first) - 1, np.cumsum(total)
    within = running - (running - total)[first][group]
    apart = group * (2 * int(np.abs(within).max(initial=0)) + 1)
    return np.asarray(np.maximum.accumulate(np.maximum(within, 0) + apart) - apart - within)
