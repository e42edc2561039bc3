"""When payers pay, and under which coverage: that of the day of service, as far as they have learned of it by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Coverages, Draws, Events, Plans, Text
from membersim.facts import document

Days = NDArray[np.datetime64]
Rows = NDArray[np.int64]


def spans_of(claims: Events, day: Days, spans: Coverages, plans: Plans) -> Rows:
    """The span under which each claim is adjudicated; -1 where the payer knows of none, and never learns of one.

    A claim waits for a coverage of which the payer learns later. One that is found to have ended before, or was taken
    back as a whole, pays nothing that is not paid yet.

    Args:
        claims: The claims.
        day: First day of service of each.
        spans: Who is covered from when to when.
        plans: The plans of the run.
    """
    final = spans.first(claims.row, day)
    if not spans.late:
        return final
    received = spans.first(claims.row, day, known=claims.date)
    first = np.where(received >= 0, received, final)
    kind = plans.text(spans.plan[first], "kind")
    paid = business_day(np.maximum(adjudicated(claims.date, kind, claims.draw), spans.start_known[first]))
    then = spans.first(claims.row, day, known=paid)
    return np.where((first >= 0) & np.isin(then, spans.standing), then, final)


def adjudicated(received: Days, kind: Text, draw: Draws) -> Days:
    """The day on which payers of each kind have decided what they pay."""
    return received + waited(draw, "adjudication", kind, document("payment")["adjudication_days"])


def waited(draw: Draws, name: str, kind: Text, days: Mapping[str, Sequence[int]]) -> NDArray[np.int64]:
    """Days drawn under `name` from the least to the most that payers of each kind take."""
    least = kind.map(lambda said: days[said][0], np.int64, 0)
    most = kind.map(lambda said: days[said][1], np.int64, 0)
    return draw.integers(name, least, most + 1)


def business_day(day: Days) -> Days:
    """The day itself or the next business day, as remittances go out on these alone; NaT stays."""
    return np.busday_offset(day.astype("datetime64[D]"), 0, roll="forward")
