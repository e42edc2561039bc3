"""Accumulators of a chunk: whose, of which plan, benefits and year; their limits, and how far they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.plans import FAMILY, INDIVIDUAL, NO_LIMIT, Plans

if TYPE_CHECKING:
    from healthsim_core.benefits.posting import Posting

Cents = NDArray[np.int64]
Accounts = NDArray[np.int64]
_YEARS = 1 << 13
_APART = 64  # more than twice as many rows as holder and member can be apart, who are of one household


@attrs.frozen(eq=False)
class Accumulators:
    """Accumulators; all arrays are (accumulators,), amounts cents.

    Attributes:
        row: Row of the person whose it is; of a family's, of who holds the coverage.
        level: 0 individual, 1 family.
        bucket: Index into the plans' buckets.
        year: Plan year.
        coverage: Index of a span of coverage under which it was used.
        deductible_limit: What the plan says; NO_LIMIT for none.
        out_of_pocket_limit: The same.
        deductible: How far it is used; so the next.
        out_of_pocket: How far it is used.
    """

    row: NDArray[np.int64]
    level: NDArray[np.int64]
    bucket: NDArray[np.int64]
    year: NDArray[np.int64]
    coverage: NDArray[np.int64]
    deductible_limit: Cents
    out_of_pocket_limit: Cents
    deductible: Cents
    out_of_pocket: Cents


@attrs.frozen(eq=False)
class Maxima:
    """What plans pay a person in a year of kinds of service with a maximum; all arrays are (maxima,).

    Attributes:
        row: Row of the person.
        place: Plan, network and kind of service as one number, as `Posting.place`.
        year: Plan year.
        coverage: Index of a span of coverage under which it was used.
        limit: Cents: the maximum.
        paid: Cents: what has been paid.
    """

    row: NDArray[np.int64]
    place: NDArray[np.int64]
    year: NDArray[np.int64]
    coverage: NDArray[np.int64]
    limit: Cents
    paid: Cents


@attrs.frozen(eq=False)
class Counted:
    """Where each line counts: its accumulators, by line.

    Attributes:
        all: The accumulators.
        member_deductible: Index of the person's deductible (lines,); so the next three.
        family_deductible: Of the family's deductible.
        member_limit: Of what the person pays out of pocket.
        family_limit: Of what the family does.
        maximum: Index into `maxima` of what the plan pays of a kind with a maximum; 0 for lines without.
        maxima: What plans pay of kinds with a maximum.
    """

    all: Accumulators
    member_deductible: Accounts
    family_deductible: Accounts
    member_limit: Accounts
    family_limit: Accounts
    maximum: Accounts
    maxima: Maxima

    @classmethod
    def of(cls, posting: Posting, plans: Plans) -> Counted:
        """The accumulators of lines."""
        apart = np.flatnonzero(posting.deductible_bucket != posting.limit_bucket)
        buckets = len(plans.buckets.plan)

        def keys(level: int, who: NDArray[np.int64], bucket: NDArray[np.int64], year: NDArray[np.int64]) -> Accounts:
            return np.asarray(((who * 2 + level) * buckets + bucket) * _YEARS + year)

        # a person's accumulators are those of one contract: under another's coverage they are others
        own = posting.row * _APART + posting.holder - posting.row + _APART // 2
        both = ((INDIVIDUAL, own), (FAMILY, posting.holder * _APART))
        usual = [keys(level, who, posting.deductible_bucket, posting.year) for level, who in both]
        beside = [keys(level, who[apart], posting.limit_bucket[apart], posting.year[apart]) for level, who in both]
        packed, first, at = np.unique(np.concatenate([*usual, *beside]), return_index=True, return_inverse=True)
        lines = len(posting.row)
        member, family = at[:lines], at[lines : 2 * lines]
        member_limit, family_limit = member.copy(), family.copy()
        member_limit[apart], family_limit[apart] = at[2 * lines : 2 * lines + len(apart)], at[2 * lines + len(apart) :]
        line = np.concatenate([np.arange(lines), np.arange(lines), apart, apart])[first]
        accumulators = _accumulators(packed, posting.coverage[line], posting.families, plans)
        return cls(accumulators, member, family, member_limit, family_limit, *_maxima(posting))


def _accumulators(
    packed: Accounts, coverage: NDArray[np.int64], families: NDArray[np.bool_], plans: Plans
) -> Accumulators:
    year, packed = packed % _YEARS, packed // _YEARS
    buckets = plans.buckets
    bucket, packed = packed % len(buckets.plan), packed // len(buckets.plan)
    level, row = packed % 2, packed // (2 * _APART)
    column, shares, nothing = plans.year(year), families[coverage], np.zeros(len(row), np.int64)

    def limit(amounts: Cents, aggregate: NDArray[np.bool_]) -> Cents:
        stated = amounts[bucket, column, level]
        # an aggregate limit is a family's alone; who shares the plan with nobody has no family's
        return np.where(shares, np.where(aggregate[bucket] & (level == INDIVIDUAL), NO_LIMIT, stated),
                        np.where(level == FAMILY, NO_LIMIT, stated))  # fmt: skip

    alone = np.where(level == INDIVIDUAL, plans.self_only_limit[buckets.plan[bucket], column], NO_LIMIT)
    return Accumulators(
        row, level, bucket, year, coverage,
        limit(buckets.deductible, buckets.aggregate[:, 0]),
        np.minimum(limit(buckets.out_of_pocket, buckets.aggregate[:, 1]), alone),
        nothing, nothing.copy(),
    )  # fmt: skip


def _maxima(posting: Posting) -> tuple[Accounts, Maxima]:
    limited = np.flatnonzero(posting.maximum < NO_LIMIT)
    maximum = np.zeros(len(posting.row), np.int64)
    place = posting.place[limited]
    key = (posting.row[limited] * (int(place.max(initial=0)) + 1) + place) * _YEARS + posting.year[limited]
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    maximum[limited] = number
    line = limited[first]
    return maximum, Maxima(
        row=posting.row[line],
        place=posting.place[line],
        year=posting.year[line],
        coverage=posting.coverage[line],
        limit=posting.maximum[line],
        paid=np.zeros(len(line), np.int64),
    )
