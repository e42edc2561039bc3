"""Who has paid a claim before its payer is asked (loops 2320 to 2330B of an 837), and what they have paid and adjusted
of each line (loop 2430)."""

from __future__ import annotations

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, matches, text

from .adjustments import adjustments
from .claim_text import quantity
from .codes import CODES
from .envelope import END
from .parties import PersonText, take
from .rows import within


@attrs.frozen(eq=False)
class OtherPayers:
    """Claims that were paid before others of a chunk, and their lines.

    Attributes:
        claims: Those claims; `owner` is the row of the later claim, the first payer's come first.
        lines: Their lines, with `payer_id` and `paid_date` of the claim; `owner` is the row of the later claim's line.
        starts: Row of the first line of each claim of the chunk (claims + 1,).
    """

    claims: Columns
    lines: Columns
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, claims: Columns, lines: Columns) -> OtherPayers:
        """The claims before some of a chunk.

        Args:
            claims: All claims of the chunk.
            lines: Their lines, by claim and number; `owner` is the claim's row.
        """
        event, order = claims.array("event_id"), _orders(claims)
        later = np.flatnonzero(order > 0)
        which, row = matches(event, event[later])
        earlier = order[row] < order[later[which]]
        owner, row = later[which[earlier]], row[earlier]
        by_owner = np.lexsort((order[row], owner))
        owner, row = owner[by_owner], row[by_owner]
        starts = np.searchsorted(lines.array("owner"), np.arange(claims.rows + 1))
        pair, line = matches(lines.array("owner"), row)
        target = starts[owner[pair]] + line - starts[row[pair]]
        by_line = np.argsort(target, kind="stable")
        pair = pair[by_line]
        paid = claims.take(row[pair])
        told = lines.take(line[by_line]).assign(
            owner=target[by_line], payer_id=paid["payer_id"], paid_date=paid["paid_date"]
        )
        return cls(claims.take(row).assign(owner=owner), told, starts)

    def loops(self, start: int, stop: int, people: PersonText) -> pa.Array:
        """Loops 2320 to 2330B of the claims from `start` to `stop`."""
        some = within(self.claims, start, stop)
        return text.grouped(_payers(some, people), some.array("owner"), stop - start)

    def of_lines(self, start: int, stop: int) -> pa.Array:
        """Loop 2430 of the lines of these claims."""
        first, last = self.starts[start], self.starts[stop]
        some = within(self.lines, first, last)
        return text.grouped(_paid_lines(some), some.array("owner"), int(last - first))


def _orders(claims: Columns) -> NDArray[np.int64]:
    known = {code: at for at, code in enumerate(CODES["payer_orders"])}
    return claims.text("payer_order").map(lambda code: known.get(code, 0), np.int64, 0)


def _payers(claims: Columns, people: PersonText) -> pa.Array:
    holder = claims.array("holder_row")
    return text.lines(
        "SBR*", claims["payer_order"], "*", claims["relationship_code"], "*", claims.text("group_number").or_else(""),
        "**", claims.text("insurance_type").or_else(""), "****", claims["filing_indicator"],
        f"{END}AMT*D*", text.plain_amount(claims.array("paid")), f"{END}OI***Y***Y{END}NM1*IL*1*",
        take(people.name, holder), "****MI*", claims["member_number"], END, take(people.address, holder),
        claims["payer"], "REF*F8*", claims["payer_claim_number"], END,
    )  # fmt: skip


def _paid_lines(lines: Columns) -> pa.Array:
    left = lines.array("member_share")
    return text.lines(
        "SVD*", lines["payer_id"], "*", text.plain_amount(lines.array("paid")), "*",
        text.optional("HC:", lines["service_code"]), "*", lines.text("revenue_code").or_else(""), "*",
        quantity(lines["units"]), END, adjustments(lines), "DTP*573*D8*", text.dates(lines["paid_date"], "%Y%m%d"), END,
        text.choose(left > 0, text.joined("AMT*EAF*", text.plain_amount(left), END), ""),
    )  # fmt: skip
