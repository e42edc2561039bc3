"""The hierarchy of an 837: which claim opens a billing provider, a subscriber, a patient level, and their numbers."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns

from .rows import alphabetical, changes, last_true

PER_LEVEL = 100  # claims below one subscriber or patient level (loop 2300 of the guides)


@attrs.frozen(eq=False)
class Levels:
    """The hierarchy of a chunk's claims, in their order in the file.

    Attributes:
        set: Transaction set of each claim, counted from 0 over the stream.
        billing: Whether the claim opens a billing provider level.
        subscriber: Whether it opens a subscriber level.
        patient: Whether it opens a patient level.
        billing_number: HL01 of its billing provider level.
        subscriber_number: HL01 of its subscriber level.
        patient_number: HL01 of the patient level that it opens, if it does.
        children: Whether its subscriber level has patient levels.
        used: Number of levels in the last set.
    """

    set: NDArray[np.int64]
    billing: NDArray[np.bool_]
    subscriber: NDArray[np.bool_]
    patient: NDArray[np.bool_]
    billing_number: NDArray[np.int64]
    subscriber_number: NDArray[np.int64]
    patient_number: NDArray[np.int64]
    children: NDArray[np.bool_]
    used: int


def filed_order(claims: Columns) -> NDArray[np.int64]:
    """The order of claims in the file: by subscriber, billing provider, payer, group, filing and order of payment,
    the subscriber's own first, patient."""
    keys = (claims.array("person_id"), *_family(claims)[::-1])
    return np.lexsort(keys)


def hierarchy(claims: Columns, sets: NDArray[np.int64], used: int) -> Levels:
    """The levels of claims in filed order.

    Args:
        claims: At least one claim.
        sets: Transaction set of each.
        used: Levels that the first of these sets holds already.
    """
    family, person = _family(claims), claims.array("person_id")
    run = last_true(changes(sets, *family, person))
    full = (np.arange(claims.rows) - run) % PER_LEVEL == 0
    billing = changes(sets, *family[:2])
    subscriber = billing | changes(*family) | (full & ~changes(person))
    patient = (family[-1] == 1) & (subscriber | changes(person))
    opened = billing.astype(np.int64) + subscriber + patient
    before = np.cumsum(opened) - opened
    starts = np.flatnonzero(changes(sets))
    base = before[starts]
    base[0] = -used
    number = before - np.repeat(base, np.diff([*starts, claims.rows])) + 1
    level = np.cumsum(subscriber) - 1
    return Levels(
        sets, billing, subscriber, patient, number[last_true(billing)], (number + billing)[last_true(subscriber)],
        number + billing + subscriber, (np.bincount(level, patient) > 0)[level], int(number[-1] + opened[-1] - 1),
    )  # fmt: skip


def _family(claims: Columns) -> tuple[NDArray[np.int64], ...]:
    subscriber = claims.array("subscriber_id")
    dependent = (claims.array("person_id") != subscriber).astype(np.int64)
    names = ("billing_npi", "payer_id", "group_number", "filing_indicator", "payer_order", "insurance_type")
    return subscriber, *(alphabetical(claims.text(name)) for name in names), dependent
