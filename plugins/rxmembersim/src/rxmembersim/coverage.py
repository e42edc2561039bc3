"""Which coverage a pharmacy bills: the first of the person's that covers drugs and is in force on the day,
as far as was known then."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Events, first_of, latest_of

DRUGS = "pharmacy"  # the kind of service of most drugs

Ints = NDArray[np.int64]


@attrs.frozen(eq=False)
class Billed:
    """Whom the pharmacy asks to pay.

    Attributes:
        span: The coverage; where none is in force, the one that was last or will be first; -1 for who never has any:
            a sale for cash.
        in_force: Whether it is in force.
        begun: Whether it has begun.
    """

    span: Ints
    in_force: NDArray[np.bool_]
    begun: NDArray[np.bool_]


def billed(fills: Events) -> Billed:
    """Whom the pharmacy asks to pay for each fill."""
    coverages, day, covers = fills.coverages, fills.date, covers_drugs(fills)
    drugs = np.flatnonzero(covers)
    span = np.full(len(fills), -1, np.int64)
    for rank in np.unique(coverages.rank[drugs]).tolist():
        open_rows = np.flatnonzero(span < 0)
        found = coverages.at(fills.row[open_rows], day[open_rows], rank, known=day[open_rows])
        span[open_rows] = np.where(covers[found], found, -1)
    in_force = span >= 0
    lost = np.flatnonzero(~in_force)
    known = drugs[np.lexsort((coverages.start[drugs].astype(np.int64), coverages.row[drugs]))]
    begins = np.maximum(coverages.start[known], coverages.start_known[known])
    last = np.append(known, -1)[latest_of(coverages.row[known], begins, fills.row[lost], day[lost])]
    first = np.append(known, -1)[first_of(coverages.row[known], len(fills.chunk))[fills.row[lost]]]
    span[lost] = np.where(last >= 0, last, first)
    begun = in_force.copy()
    begun[lost] = last >= 0
    return Billed(span, in_force, begun)


def covers_drugs(events: Events) -> NDArray[np.bool_]:
    """By coverage of the chunk, whether its plan covers drugs; and last, of the one that is none, that it does not."""
    covers = np.append(events.run.plans.covers(DRUGS), False)
    return np.append(covers[events.coverages.plan], False)
