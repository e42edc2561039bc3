"""What the ledger did, as rows: every movement of an accumulator, and its balance after it."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.ledger import Ledger
from healthsim_core.benefits.plans import FAMILY, INDIVIDUAL, NETWORKS, NO_LIMIT
from healthsim_core.columns import Text

DEDUCTIBLE, OUT_OF_POCKET, MAXIMUM = 0, 1, 2
LIMIT_KINDS = ("deductible", "out_of_pocket", "maximum")
_PLACES = (  # of the ledger's balances
    ("member_deductible", INDIVIDUAL, DEDUCTIBLE), ("family_deductible", FAMILY, DEDUCTIBLE),
    ("member_limit", INDIVIDUAL, OUT_OF_POCKET), ("family_limit", FAMILY, OUT_OF_POCKET),
)  # fmt: skip

Cents = NDArray[np.int64]
Rows = NDArray[np.int64]


@attrs.frozen(eq=False)
class Movements:
    """Movements in the order in which they are posted, a claim's lines together; all arrays are (movements,).

    Attributes:
        entry: The last of the ledger's entries that it sums up.
        accumulator: Index into the ledger's `books`.
        level: 0 individual, 1 family.
        kind: Index into `LIMIT_KINDS`.
        amount: Cents; negative where a claim is given back.
        balance: Cents: how far the accumulator is used after it.
    """

    entry: Rows
    accumulator: Rows
    level: NDArray[np.int64]
    kind: NDArray[np.int64]
    amount: Cents
    balance: Cents

    def __len__(self) -> int:
        return len(self.entry)

    def take(self, order: NDArray[np.intp]) -> Movements:
        """The movements in another order."""
        return Movements(*(getattr(self, field.name)[order] for field in attrs.fields(Movements)))


@attrs.frozen(eq=False)
class Books:
    """Whose each limit is, and of what; first those of accumulators, then maxima; all arrays are (books,).

    Attributes:
        row: Row of the person whose it is; of a family's, of who holds the coverage.
        year: Plan year.
        coverage: Index of a span of coverage under which it was used.
        network: 0 in, 1 out.
        benefit: The plan, the benefits apart, or the kind of service that has a maximum.
    """

    row: Rows
    year: Rows
    coverage: Rows
    network: NDArray[np.int64]
    benefit: Text


def books(ledger: Ledger) -> Books:
    """All limits that something may count towards."""
    every, maxima, plans = ledger.accumulators, ledger.counted.maxima, ledger.plans
    kinds, bucket = len(plans.kinds), every.bucket
    names = [*plans.buckets.benefit, *plans.kinds]
    benefit = np.concatenate([bucket, len(plans.buckets.benefit) + maxima.place % kinds])
    return Books(
        np.concatenate([every.row, maxima.row]),
        np.concatenate([every.year, maxima.year]),
        np.concatenate([every.coverage, maxima.coverage]),
        np.concatenate([plans.buckets.network[bucket], maxima.place // kinds % len(NETWORKS)]),
        Text.of(names)[benefit],
    )


def movements(ledger: Ledger) -> Movements:
    """Every movement of an accumulator that has a limit, and of a maximum; nothing that moves by 0."""
    limits = _limits(ledger)
    parts = []
    for place, (where, level, kind) in enumerate(_PLACES):
        account = getattr(ledger.counted, where)[ledger.entries.line]
        amount = ledger.deductible if kind == DEDUCTIBLE else ledger.out_of_pocket
        moved = np.flatnonzero((amount != 0) & limits[kind][account])
        last, total = _by_claim(ledger, moved, account[moved], amount[moved])
        size = len(last)
        parts.append(
            (last, account[last], np.full(size, level), np.full(size, kind), total, ledger.balances[place][last])
        )
    parts.append(_of_maxima(ledger))
    joined = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    joined = [column[np.flatnonzero(joined[4] != 0)] for column in joined]
    return Movements(*joined).take(np.lexsort((joined[2], joined[3], joined[0])))


@attrs.frozen(eq=False)
class Standing:
    """How far limits are used in the end; all arrays are (limits,), amounts cents.

    Attributes:
        accumulator: Index into the ledger's `books`.
        level: 0 individual, 1 family.
        kind: Index into `LIMIT_KINDS`.
        limit: The limit.
        used: How far it is used.
    """

    accumulator: Rows
    level: NDArray[np.int64]
    kind: NDArray[np.int64]
    limit: Cents
    used: Cents

    def __len__(self) -> int:
        return len(self.accumulator)


def standing(ledger: Ledger) -> Standing:
    """Every limit towards which some line counts: of persons first, then of families, then maxima."""
    every, limits = ledger.accumulators, _limits(ledger)
    parts = []
    for level in (INDIVIDUAL, FAMILY):
        for kind, limit, used in (
            (DEDUCTIBLE, every.deductible_limit, every.deductible),
            (OUT_OF_POCKET, every.out_of_pocket_limit, every.out_of_pocket),
        ):
            at = np.flatnonzero(limits[kind] & (every.level == level) & ledger.counts(kind))
            parts.append((at, every.level[at], np.full(len(at), kind), limit[at], used[at]))
    maxima, count = ledger.counted.maxima, len(ledger.counted.maxima.row)
    at, zero = len(every.row) + np.arange(count), np.zeros(count, np.int64)
    parts.append((at, zero, np.full(count, MAXIMUM), maxima.limit, maxima.paid))
    return Standing(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _of_maxima(ledger: Ledger) -> tuple[Rows, Rows, Rows, Rows, Cents, Cents]:
    """What plans pay of kinds of service with a maximum."""
    line = ledger.entries.line
    paid = np.where(ledger.entries.reverses, -1, 1) * ledger.shares.paid[line]
    moved = np.flatnonzero((ledger.posting.maximum[line] < NO_LIMIT) & (paid != 0))
    account = len(ledger.accumulators.row) + ledger.counted.maximum[line[moved]]
    last, total = _by_claim(ledger, moved, account, paid[moved])
    size, of = len(last), len(ledger.accumulators.row) + ledger.counted.maximum[line[last]]
    return last, of, np.zeros(size, np.int64), np.full(size, MAXIMUM), total, ledger.paid[last]


def _is_limit(limit: Cents) -> NDArray[np.bool_]:
    """Whether there is such a limit."""
    return (limit > 0) & (limit < NO_LIMIT)


def _limits(ledger: Ledger) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    every = ledger.accumulators
    return _is_limit(every.deductible_limit), _is_limit(every.out_of_pocket_limit)


def _by_claim(ledger: Ledger, moved: Rows, account: Rows, amount: Cents) -> tuple[Rows, Cents]:
    """Entries of one claim and accumulator that follow on each other: the last of them, and their sum."""
    if not len(moved):
        return moved, amount
    event, back = ledger.entries.event[moved], ledger.entries.reverses[moved]
    claim = ledger.posting.claim[ledger.entries.line[moved]]
    changes = (np.diff(event) != 0) | (np.diff(account) != 0) | (np.diff(claim) != 0) | (np.diff(back) != 0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    ends = np.append(starts[1:], len(moved)) - 1
    return moved[ends], np.add.reduceat(amount, starts)
