"""Claims that are taken back: paid under a coverage of which the payer learns later that it had ended by then."""

from __future__ import annotations

import numpy as np

from healthsim_core import Coverages, Reversals
from membersim.handlers.adjudication import PAID
from membersim.handlers.coordination import Claims
from membersim.handlers.payday import Days, business_day


def taken_back(claims: Claims, coverages: Coverages) -> Days:
    """The day on which each claim is taken back; NaT for those that stay.

    What was paid after one that is taken back goes with it.

    Args:
        claims: The claims.
        coverages: Who is covered from when to when, and since when that was known.
    """
    never = np.full(len(claims.id), np.datetime64("NaT", "D"))
    if not coverages.late:
        return never
    services, paid_date = claims.services, claims.outcome.paid_date
    paid, learned = claims.outcome.status == PAID, coverages.end_known[services.span]
    lost = paid & (services.service_from > coverages.end[services.span]) & (learned > paid_date)
    day = np.where(lost, business_day(learned), never)
    for order in range(1, int(claims.order.max(initial=0)) + 1):
        later = np.flatnonzero((claims.order == order) & paid)
        before = business_day(np.maximum(day[later - 1], paid_date[later] + 1))
        day[later] = np.fmin(day[later], before)
    return np.where(day > services.events.run.as_of, np.datetime64("NaT", "D"), day)


def reversals_of(claims: Claims, taken: Days) -> Reversals:
    """What the ledger gives back.

    Args:
        claims: The claims.
        taken: The day on which each is taken back.
    """
    back = np.flatnonzero(~np.isnat(taken))
    return Reversals(id=claims.id[back], claim=claims.id[back], moment=taken[back].astype("datetime64[s]"))
