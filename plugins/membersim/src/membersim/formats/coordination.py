"""Coordination of benefits in the 834 (loop 2320): what other coverage a member has beside each span."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, matches, rank_within, text

from .characters import basic
from .codes import FALLBACK
from .envelope import END, segment
from .parties import Parties

MOST = 5  # loops 2320 of one loop 2300
_RESPONSIBILITY = ("P", "S", "T", "U")
_NEVER = np.datetime64("9999-12-31", "D")


def beside(spans: Columns, parties: Parties) -> dict[str, Text]:
    """The column `beside`: for each span, the loops of the latest others that cover the person meanwhile.

    Args:
        spans: Spans of coverage, those of a person together.
        parties: Payers.
    """
    ours, theirs = _pairs(spans)
    if not len(ours):
        return {"beside": Text.constant("", spans.rows)}
    others = spans.take(theirs)
    rank = Text(others.array("rank") - 1, list(_RESPONSIBILITY))
    end = text.dates(others["end_date"], "%Y%m%d")
    loops = text.lines(
        "COB*", rank, "*", others["member_number"], f"*1{END}", text.optional("REF*6P*", others["group_number"], END),
        "DTP*344*D8*", text.dates(others["start_date"], "%Y%m%d"), END, text.optional("DTP*345*D8*", end, END),
        others.text("payer_id").recode(parties.once(_insurer)),
    )  # fmt: skip
    return {"beside": Text.distinct(text.grouped(loops, ours, spans.rows))}


def _pairs(spans: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spans, and those of another rank that cover the same person meanwhile, by rank and start."""
    person, rank = spans.array("person_id"), spans.array("rank")
    several = np.flatnonzero(np.isin(person, person[rank > 1]))
    ours, theirs = (several[pair] for pair in matches(person[several], person[several]))
    start, end = spans.array("start_date"), spans.array("end_date")
    end = np.where(np.isnat(end), _NEVER, end)
    meanwhile = (rank[ours] != rank[theirs]) & (start[ours] <= end[theirs]) & (start[theirs] <= end[ours])
    ours, theirs = ours[meanwhile], theirs[meanwhile]
    latest = np.lexsort((-spans.array("coverage_id")[theirs], -start[theirs].astype(np.int64), ours))
    ours, theirs = ours[latest], theirs[latest]
    few = rank_within(ours) < MOST
    ours, theirs = ours[few], theirs[few]
    order = np.lexsort((spans.array("coverage_id")[theirs], start[theirs].astype(np.int64), rank[theirs], ours))
    return ours[order], theirs[order]


def _insurer(parties: Parties, payer_id: str) -> str:
    payer = parties.payer(payer_id)
    return segment(
        "NM1", "IN", "2", basic(payer["name"]), "", "", "", "", "FI", payer.get("tax_id") or FALLBACK["tax_id"]
    )
