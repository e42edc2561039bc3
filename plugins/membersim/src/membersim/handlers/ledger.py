"""The plans' books: accumulators as far as they are used, and every movement of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import (
    LEVELS,
    LIMIT_KINDS,
    NETWORKS,
    Columns,
    Coverages,
    Events,
    Ledger,
    Text,
    books,
    movements,
    rank_within,
    standing,
)


def accumulator_table(events: Events, coverages: Coverages, ledger: Ledger) -> Columns:
    """`membersim.accumulator`: those with a limit, a family's only where the family has one; and maxima."""
    limits = standing(ledger)
    columns = {
        "person_id": events.chunk.id[books(ledger).row[limits.accumulator]],
        "level": Text(limits.level.astype(np.int32), list(LEVELS)),
        "kind": Text(limits.kind.astype(np.int32), list(LIMIT_KINDS)),
        **_book(events, coverages, ledger, limits.accumulator),
        "limit": limits.limit,
        "applied": limits.used,
    }
    rows = Columns(columns, len(limits))
    return rows.take(np.argsort(rows.array("person_id"), kind="stable"))


def ledger_table(events: Events, coverages: Coverages, ledger: Ledger) -> Columns:
    """`membersim.ledger`: every movement of an accumulator with a limit and of maxima, by person, as posted."""
    moved = movements(ledger)
    line = ledger.entries.line[moved.entry]
    row = ledger.posting.row[line]
    order = np.argsort(row, kind="stable")
    moved, line, row = moved.take(order), line[order], row[order]
    coverage, stands = ledger.posting.coverage[line], np.zeros(len(coverages), bool)
    stands[coverages.standing] = True
    return Columns(
        {
            "person_id": events.chunk.id[row],
            "entry": rank_within(row) + 1,
            "posted": ledger.entries.moment[moved.entry],
            "event_id": ledger.events(moved.entry),
            "claim_id": ledger.posting.claim[line],
            "record": ledger.record(moved.entry),
            "coverage_id": np.where(stands[coverage], coverages.coverage_id[coverage], 0),
            "level": Text(moved.level.astype(np.int32), list(LEVELS)),
            "kind": Text(moved.kind.astype(np.int32), list(LIMIT_KINDS)),
            **_book(events, coverages, ledger, moved.accumulator),
            "amount": moved.amount,
            "balance": moved.balance,
        },
        len(moved),
    )


def _book(events: Events, coverages: Coverages, ledger: Ledger, at: NDArray[np.int64]) -> dict[str, object]:
    """Of which plan, benefits, network and year limits are, and under whose coverage."""
    every = books(ledger)
    coverage = every.coverage[at]
    return {
        "subscriber_id": events.chunk.id[coverages.holder[coverage]],
        "plan": coverages.plan_name[coverage],
        "plan_year": every.year[at],
        "network": Text(every.network[at].astype(np.int32), list(NETWORKS)),
        "benefit": every.benefit[at],
    }
