"""Cost sharing: deductible, copay, coinsurance and out-of-pocket maximum, line by line in the order of adjudication.

A line's deductible comes first, then what is left of the claim's copay, then coinsurance of the rest; the
out-of-pocket maximum caps their sum. A family's limit and a member's own are embedded: whichever is met first
satisfies both. Lines of one family depend on each other, families do not, so the loop is over the rank of a line
within its family: the k-th line of every family at once.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import in_turn

Cents = NDArray[np.int64]
Keys = NDArray[np.int64]


@attrs.frozen(eq=False)
class Lines:
    """Lines to adjudicate, in order; all arrays are (lines,).

    Attributes:
        member: Number of the member's accumulators: member, plan, plan year, network.
        family: Number of the family's accumulators: family, plan, plan year, network.
        first: Whether the line is the first of its claim.
        allowed: Cents.
        copay: Cents that the claim as a whole owes.
        flat_deductible: Whether `copay` is a deductible of the stay instead.
        coinsurance: Thousandths of what deductible and copay leave.
        deductible_applies: Whether the annual deductible does.
    """

    member: Keys
    family: Keys
    first: NDArray[np.bool_]
    allowed: Cents
    copay: Cents
    flat_deductible: NDArray[np.bool_]
    coinsurance: Cents
    deductible_applies: NDArray[np.bool_]


@attrs.frozen(eq=False)
class Limits:
    """Limits of accumulators, cents, by their number: deductible and out-of-pocket maximum."""

    deductible: Cents
    out_of_pocket: Cents


@attrs.frozen(eq=False)
class Shares:
    """What members pay, cents by line, and how far that has used up each accumulator.

    Attributes:
        deductible: Cents (lines,).
        copay: Cents (lines,).
        coinsurance: Cents (lines,).
        member_deductible: Cents by member accumulator; so the next three.
    """

    deductible: Cents
    copay: Cents
    coinsurance: Cents
    member_deductible: Cents
    member_out_of_pocket: Cents
    family_deductible: Cents
    family_out_of_pocket: Cents


def adjudicate(lines: Lines, member: Limits, family: Limits) -> Shares:
    """Members' shares of lines.

    Args:
        lines: The lines in the order of adjudication.
        member: Limits by number of the member's accumulators.
        family: Limits by number of the family's accumulators.

    Returns:
        The shares, lines in the order given.
    """
    sizes = (*(len(lines.allowed),) * 3, *(len(member.deductible),) * 2, *(len(family.deductible),) * 2)
    deductible, copay, coinsurance, *used = (np.zeros(size, np.int64) for size in sizes)
    shares = Shares(deductible, copay, coinsurance, *used)
    owed = np.zeros(len(family.deductible), np.int64)  # copay of the family's current claim that is still due
    for at in in_turn(lines.family):
        _settle(lines, at, member, family, shares, owed)
    return shares


def _settle(lines: Lines, at: NDArray[np.intp], member: Limits, family: Limits, shares: Shares, owed: Cents) -> None:
    mine, ours, allowed = lines.member[at], lines.family[at], lines.allowed[at]
    owed[ours] = np.where(lines.first[at], lines.copay[at], owed[ours])
    room = np.minimum(
        member.out_of_pocket[mine] - shares.member_out_of_pocket[mine],
        family.out_of_pocket[ours] - shares.family_out_of_pocket[ours],
    )
    unmet = np.minimum(
        member.deductible[mine] - shares.member_deductible[mine],
        family.deductible[ours] - shares.family_deductible[ours],
    )
    deductible = np.where(lines.deductible_applies[at], np.minimum(np.minimum(allowed, unmet), room), 0)
    left, room = allowed - deductible, room - deductible
    due = np.minimum(owed[ours], left)
    owed[ours] -= due  # what the out-of-pocket maximum forgives is not owed on the next line either
    copay = np.minimum(due, room)
    left, room = left - due, room - copay
    coinsurance = np.minimum((left * lines.coinsurance[at] + 500) // 1000, room)
    flat = lines.flat_deductible[at]
    shares.deductible[at] = deductible + np.where(flat, copay, 0)
    shares.copay[at] = np.where(flat, 0, copay)
    shares.coinsurance[at] = coinsurance
    share = deductible + copay + coinsurance
    for used, key, amount in (
        (shares.member_deductible, mine, deductible), (shares.family_deductible, ours, deductible),
        (shares.member_out_of_pocket, mine, share), (shares.family_out_of_pocket, ours, share),
    ):  # fmt: skip
        used[key] += amount
