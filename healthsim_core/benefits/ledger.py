"""The ledger: every line of every product shared between patient and plan, in the order in which they are posted.

A line's deductible comes first, then what is left of the claim's copay, then coinsurance of the rest; the
out-of-pocket limit caps their sum. A family's limit and a member's own are embedded: whichever is met first satisfies
both. Lines of one family, bucket and year depend on each other, others do not, so the loop is over the rank of a line
within them: the k-th line of every family at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.accounts import Accumulators, Counted
from healthsim_core.benefits.plans import NO_LIMIT, Plans
from healthsim_core.benefits.posting import Posting
from healthsim_core.benefits.spending import UNCOVERED, Shares, Spending
from healthsim_core.columns import Text
from healthsim_core.groups import in_turn
from healthsim_core.lookup import matches

if TYPE_CHECKING:
    from healthsim_core.benefits.covered import Coverages

Cents = NDArray[np.int64]
Rows = NDArray[np.int64]


@attrs.frozen(eq=False)
class Entries:
    """What is posted, in order: lines, and lines given back; all arrays are (entries,).

    Attributes:
        line: The line, of all spendings one after the other.
        event: Id of the claim, or of what reverses it.
        moment: When.
        reverses: Whether it gives back.
    """

    line: Rows
    event: NDArray[np.int64]
    moment: NDArray[np.datetime64]
    reverses: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.line)


@attrs.frozen(eq=False)
class Ledger:
    """All that is posted in a chunk.

    Attributes:
        plans: The plans.
        spendings: What products spend.
        posting: The lines, with their terms.
        counted: Where each line counts, and how far accumulators are used in the end.
        shares: How each line is shared.
        entries: Lines and reversals in order.
        deductible: Cents (entries,): what each moves of the annual deductible.
        out_of_pocket: Cents (entries,): what each moves of what is paid out of pocket.
        balances: Cents (4, entries) after it: the person's deductible, the family's, the person's out-of-pocket, the
            family's.
        paid: Cents (entries,): what the plan has paid after it of a kind of service with a maximum.
    """

    plans: Plans
    spendings: tuple[Spending, ...]
    posting: Posting
    counted: Counted
    shares: Shares
    entries: Entries
    deductible: Cents
    out_of_pocket: Cents
    balances: Cents
    paid: Cents

    @property
    def accumulators(self) -> Accumulators:
        """The accumulators, as far as they are used in the end."""
        return self.counted.all

    def counts(self, kind: int) -> NDArray[np.bool_]:
        """Which accumulators some line counts towards: as a deductible (0), or as what is paid out of pocket (1)."""
        counted, used = self.counted, np.zeros(len(self.accumulators.row), bool)
        for accounts in ((counted.member_deductible, counted.family_deductible),
                         (counted.member_limit, counted.family_limit))[kind]:  # fmt: skip
            used[accounts] = True
        return used

    def record(self, entries: Rows) -> Text:
        """What spends by some entries: claim, fill, visit."""
        ends = np.cumsum([len(spending.lines) for spending in self.spendings])
        spending = np.searchsorted(ends, self.entries.line[entries], side="right")
        return Text.of([spending.record for spending in self.spendings])[spending]

    def events(self, entries: Rows) -> NDArray[np.int64]:
        """What happened by some entries: of a claim that is paid after another one, what both are for."""
        line, posted = self.entries.line[entries], self.entries.event[entries]
        of_claim = posted == self.posting.claim[line]
        return np.where(of_claim, self.posting.claim[self.posting.first[line]], posted)

    def lines_of(self, spending: int) -> slice:
        """Which lines are those of a spending."""
        start = sum(len(earlier.lines) for earlier in self.spendings[:spending])
        return slice(start, start + len(self.spendings[spending].lines))


@attrs.frozen(eq=False)
class Settled:
    """What the ledger gives back to a handler that spends.

    Attributes:
        made: What the handler made with its lines.
        shares: How its lines are shared, in their order.
        deductible_to_date: Cents (reversals,): the person's deductible after each of its reversals.
        out_of_pocket_to_date: Cents (reversals,): the same of what the person has paid.
        ledger: The whole ledger.
    """

    made: Any
    shares: Shares
    deductible_to_date: Cents
    out_of_pocket_to_date: Cents
    ledger: Ledger


def settle(
    spendings: Sequence[Spending], plans: Plans, coverages: Coverages, birth_date: NDArray[np.datetime64]
) -> Ledger:
    """Share all lines of a chunk.

    Args:
        spendings: What products spend.
        plans: The plans of the run.
        coverages: The spans of coverage of the chunk.
        birth_date: By row of the chunk's people.
    """
    posting = Posting.of(spendings, plans, coverages, birth_date)
    counted = Counted.of(posting, plans)
    entries = _entries(spendings, posting)
    together = _together(posting, counted)
    turns = in_turn(together[entries.line])
    order = np.concatenate([np.zeros(0, np.intp), *turns])
    bounds = np.cumsum([0, *map(len, turns)])
    book = _Book(posting, counted, entries, order, together)
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        book.post(start, stop)
    return book.closed(plans, tuple(spendings))


def settled(ledger: Ledger) -> Iterator[Settled]:
    """What the ledger gives back to each spending, in order."""
    reversal = np.flatnonzero(ledger.entries.reverses)
    for index, spending in enumerate(ledger.spendings):
        lines = ledger.lines_of(index)
        mine = reversal[(ledger.entries.line[reversal] >= lines.start) & (ledger.entries.line[reversal] < lines.stop)]
        claim = ledger.posting.claim[ledger.entries.line[mine]]
        order = np.argsort(claim, kind="stable")
        last = np.searchsorted(claim[order], spending.reversals.claim, side="right") - 1
        at = mine[order][last]
        member, limit = ledger.balances[0][at], ledger.balances[2][at]
        yield Settled(spending.made, ledger.shares[lines], member, limit, ledger)


def _entries(spendings: Sequence[Spending], posting: Posting) -> Entries:
    lines, start = len(posting.row), 0
    line, event, moment = [np.arange(lines)], [posting.claim], [posting.moment]
    for spending in spendings:
        back = spending.reversals
        given, of_reversal = matches(back.claim, spending.lines.claim)
        line.append(given + start)
        event.append(back.id[of_reversal])
        moment.append(back.moment[of_reversal].astype("datetime64[s]"))
        start += len(spending.lines)
    rows = np.concatenate(line)
    joined = Entries(rows, np.concatenate(event), np.concatenate(moment), np.arange(len(rows)) >= lines)
    order = np.lexsort((posting.number[rows], joined.event, posting.turn[rows], joined.moment.astype(np.int64)))
    return Entries(*(getattr(joined, field.name)[order] for field in attrs.fields(Entries)))


def _together(posting: Posting, counted: Counted) -> Rows:
    """What each line is in turn with: a family's out-of-pocket of a bucket and year; where one coverage pays after
    another, all of a household's."""
    group = counted.family_limit.copy()
    second = np.flatnonzero(posting.after >= 0)
    if len(second):
        pairs = np.stack([posting.holder[second], posting.holder[posting.after[second]]])
        group = _linked(posting.holder, pairs, group)
    return group


def _linked(holder: Rows, pairs: Rows, group: Rows) -> Rows:
    """Groups in which all lines of holders whose coverages pay for one another are one."""
    from scipy.sparse import coo_array  # loaded only where somebody has several coverages
    from scipy.sparse.csgraph import connected_components

    holders = int(holder.max()) + 1
    paying = coo_array((np.ones(len(pairs[0]), bool), (pairs[0], pairs[1])), shape=(holders, holders))
    _, linked = connected_components(paying, directed=False)
    return np.where(np.isin(holder, pairs), int(group.max()) + 1 + linked[holder], group)


class _Book:
    """The book while it is written: entries stand in the order of turns, so that a turn is a slice.

    Args:
        posting: The lines.
        counted: Where they count.
        entries: What is posted.
        order: Entries in the order of turns.
        together: What each line is in turn with.
    """

    def __init__(
        self, posting: Posting, counted: Counted, entries: Entries, order: NDArray[np.intp], together: Rows
    ) -> None:
        self.posting, self.counted, self.entries, self.order = posting, counted, entries, order
        line = self.line = entries.line[order]
        self.reverses = entries.reverses[order]
        self.terms = posting.take(line)
        self.allowed = np.where(self.terms.covered, self.terms.allowed, 0)
        self.first = self.terms.number == 1
        self.at = [getattr(counted, name)[line] for name in (
            "member_deductible", "family_deductible", "member_limit", "family_limit")]  # fmt: skip
        self.maximum = counted.maximum[line]
        group = self.group = together[line]
        self.owed, self.fine = (np.zeros(int(group.max(initial=-1)) + 1, np.int64) for _ in range(2))
        self.rare = bool(posting.penalty.any() or (posting.maximum < NO_LIMIT).any() or (posting.after >= 0).any())
        size = len(line)
        self.deductible, self.flat, self.copay, self.coinsurance, self.not_covered = np.zeros((5, size), np.int64)
        self.balances = np.zeros((4, size), np.int64)
        self.paid = np.zeros(size, np.int64)  # of the line's maximum, after each entry
        self.capped = np.zeros(size, bool)  # whether a year's maximum is why most of it is not covered
        self.posted = np.full(len(posting.row), -1)  # where each line stands, once it does
        lines = np.flatnonzero(~self.reverses)
        self.posted[line[lines]] = lines
        self.backs = bool(self.reverses.any())

    def post(self, start: int, stop: int) -> None:
        """Post a turn: at most one entry of every group."""
        turn = slice(start, stop)
        if self.backs and self.reverses[turn].any():
            rows = np.arange(start, stop)
            self._share(rows[~self.reverses[turn]])
            self._give_back(rows[self.reverses[turn]])
        else:
            self._share(turn)
        used = self.counted.all
        member, family, limit, limits = (at[turn] for at in self.at)
        if self.rare and len(self.counted.maxima.paid):
            self.paid[turn] = self.counted.maxima.paid[self.maximum[turn]]
        for place, amounts in enumerate((used.deductible[member], used.deductible[family],
                                         used.out_of_pocket[limit], used.out_of_pocket[limits])):  # fmt: skip
            self.balances[place, turn] = amounts

    def _share(self, rows: slice | NDArray[np.intp]) -> None:
        member, family, limit, limits = (at[rows] for at in self.at)
        used, terms, group = self.counted.all, self.terms, self.group[rows]
        if self.rare:
            self._second(rows)
        allowed = self.allowed[rows]
        room = np.minimum(used.out_of_pocket_limit[limit] - used.out_of_pocket[limit],
                          used.out_of_pocket_limit[limits] - used.out_of_pocket[limits])  # fmt: skip
        unmet = np.minimum(used.deductible_limit[member] - used.deductible[member],
                           used.deductible_limit[family] - used.deductible[family])  # fmt: skip
        deductible = np.minimum(np.minimum(allowed, unmet), room) * terms.applies[rows]
        left, room = allowed - deductible, room - deductible
        owed = np.where(self.first[rows], terms.copay[rows], self.owed[group])
        due = np.minimum(owed, left)
        self.owed[group] = owed - due  # what the limit forgives is not owed on the next line either
        copay = np.minimum(due, room)
        left, room = left - due, room - copay
        coinsurance = np.minimum((left * terms.coinsurance[rows] + 500) // 1000, room)
        share = deductible + copay + coinsurance
        flat = copay * terms.flat[rows]
        self.deductible[rows], self.flat[rows], self.copay[rows] = deductible, flat, copay - flat
        self.coinsurance[rows] = coinsurance
        self._use(rows, deductible, share)
        if self.rare:
            self._uncovered(rows, allowed - share)
        else:
            self.not_covered[rows] = terms.allowed[rows] - allowed

    def _second(self, rows: slice | NDArray[np.intp]) -> None:
        """What another coverage has left of a line is what this one is asked for."""
        at = np.arange(len(self.line))[rows]
        at = at[self.terms.after[at] >= 0]
        first = self.posted[self.terms.after[at]]
        parts = (self.deductible, self.flat, self.copay, self.coinsurance, self.not_covered)
        self.terms.allowed[at] = sum(part[first] for part in parts)
        self.allowed[at] = np.where(self.terms.covered[at], self.terms.allowed[at], 0)

    def _uncovered(self, rows: slice | NDArray[np.intp], pays: Cents) -> None:
        """Penalties, and what lies above the maximum that the plan pays in a year."""
        terms, group, paid = self.terms, self.group[rows], self.counted.maxima.paid
        fine = np.where(self.first[rows], terms.penalty[rows], self.fine[group])
        fined = np.minimum(fine, pays)
        self.fine[group] = fine - fined
        number, most = self.maximum[rows], terms.maximum[rows]
        capped = most < NO_LIMIT
        beyond = np.zeros(len(pays), np.int64)
        if capped.any():
            beyond[capped] = np.maximum((pays - fined - most)[capped] + paid[number[capped]], 0)
            paid[number[capped]] += (pays - fined - beyond)[capped]
        self.capped[rows] = beyond >= np.maximum(fined, 1)
        self.not_covered[rows] = terms.allowed[rows] - self.allowed[rows] + fined + beyond

    def _give_back(self, rows: NDArray[np.intp]) -> None:
        line = self.posted[self.line[rows]]
        deductible = -self.deductible[line]
        share = deductible - self.flat[line] - self.copay[line] - self.coinsurance[line]
        self.deductible[rows], self.flat[rows], self.copay[rows] = deductible, -self.flat[line], -self.copay[line]
        self.coinsurance[rows], self.not_covered[rows] = -self.coinsurance[line], -self.not_covered[line]
        self._use(rows, deductible, share)
        capped = self.terms.maximum[rows] < NO_LIMIT
        pays = self.terms.allowed[line] + share - self.not_covered[line]
        self.counted.maxima.paid[self.maximum[rows][capped]] -= pays[capped]

    def _use(self, rows: slice | NDArray[np.intp], deductible: Cents, share: Cents) -> None:
        used = self.counted.all
        member, family, limit, limits = (at[rows] for at in self.at)
        used.deductible[member] += deductible
        used.deductible[family] += deductible
        used.out_of_pocket[limit] += share
        used.out_of_pocket[limits] += share

    def _why(self) -> NDArray[np.int64]:
        service, maximum, authorization = (UNCOVERED.index(name) for name in ("service", "maximum", "authorization"))
        why = np.where(self.terms.covered, np.where(self.capped, maximum, authorization), service)
        return np.where(self.not_covered > 0, why, 0)

    def _met(self) -> tuple[Cents, Cents]:
        """What is met and left after each entry of the deductible of which less is left; -1 where there is none."""
        member, family = (self.counted.all.deductible_limit[at] for at in self.at[:2])
        least = np.minimum(member, family)
        left, left_together = member - self.balances[0], family - self.balances[1]
        met = np.where(left <= left_together, self.balances[0], self.balances[1])
        return met, np.where((least > 0) & (least < NO_LIMIT), np.minimum(left, left_together), -1)

    def closed(self, plans: Plans, spendings: tuple[Spending, ...]) -> Ledger:
        """The ledger, entries in order again."""
        back = np.empty(len(self.order), np.intp)
        back[self.order] = np.arange(len(self.order))
        at = self.posted
        shares = Shares(
            self.terms.allowed[at], (self.deductible + self.flat)[at], self.copay[at], self.coinsurance[at],
            self.not_covered[at], self._why()[at], self.balances[0][at], self.balances[2][at],
            *(amounts[at] for amounts in self._met()),
        )  # fmt: skip
        share = self.deductible + self.flat + self.copay + self.coinsurance
        return Ledger(
            plans, spendings, self.posting, self.counted, shares, self.entries, self.deductible[back], share[back],
            self.balances[:, back], self.paid[back],
        )  # fmt: skip
