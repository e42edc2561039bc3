"""Payments: what is paid and taken back on one day, of one household, by one payer to one payee."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text, text
from membersim.handlers.adjudication import PENDING
from membersim.handlers.coordination import Claims
from membersim.handlers.payday import Days

_TAKEN = np.uint64(1 << 63)  # marks what is taken back: a payment is named after it only where nothing is paid


def traces_of(claims: Claims, taken: Days) -> tuple[Text, Text]:
    """The payment of each claim, and that by which it is taken back: each named after the first of its claims.

    Args:
        claims: The claims.
        taken: The day on which each is taken back; NaT for those that stay.
    """
    back, size = np.flatnonzero(~np.isnat(taken)), len(claims.id)
    rows = np.concatenate([np.arange(size), back])
    pending = claims.outcome.status == PENDING
    paid = np.where(pending, 0, claims.outcome.paid_date.astype(np.int64))
    day = np.concatenate([paid, taken[back].astype(np.int64)])
    payment = _payments(claims, rows, day)
    order = np.argsort(payment, kind="stable")
    begins = np.flatnonzero(np.diff(payment[order], prepend=-1))
    name = claims.id.astype(np.uint64)[rows]
    name[size:] |= _TAKEN
    leader = np.minimum.reduceat(name[order], begins) if len(order) else name
    codes = np.empty(len(order), np.int64)
    codes[order] = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))
    of_reversal = Text((leader >= _TAKEN).astype(np.int32), ["CHK", "REV"])
    named = claims.services.events.run.namespace.outward((leader & ~_TAKEN).astype(np.int64))
    every = Text(codes, text.lines(of_reversal, text.padded(named, 19)))
    place = np.full(size, -1)
    place[back] = np.arange(size, len(rows))
    return every[np.arange(size)].only(~pending), every.take_or_null(place)


def _payments(claims: Claims, rows: NDArray[np.intp], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for household, payer, payee and day."""
    house = np.asarray(claims.services.events.people["household_id"])
    payer, payee = claims.payer, claims.services.billing
    # claims are sorted by person, so households stand together
    payment = np.cumsum(np.diff(house, prepend=house[:1]) != 0)[rows]
    for codes, kinds in (
        (payer.codes[rows], len(payer.values)),
        (payee.codes[rows], len(payee.values)),
        (day, int(day.max(initial=0))),
    ):
        payment = payment * (kinds + 2) + codes + 1  # sorted once
    return np.asarray(payment)
