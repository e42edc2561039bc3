"""Adjudication: what plan and patient pay of dispensed fills, in order of time; what reversals give back."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import in_turn
from rxmembersim.benefits import benefits
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

Ints = NDArray[np.int64]
Money = NDArray[np.int64]


@attrs.frozen(eq=False, kw_only=True)
class Claims:
    """Claims as they are submitted.

    Attributes:
        row: The person's row in the chunk.
        year: Plan year.
        supply: Days supply.
        drug: Row of the formulary.
        benefit: The benefit; -1 for none: a sale for cash, which nobody adjudicates.
        dispensed: Whether the fill is dispensed; else it is refused.
        allowed: Cents.
        exempt: Whether the person pays nothing.
    """

    row: Ints
    year: Ints
    supply: Ints
    drug: Ints
    benefit: Ints
    dispensed: NDArray[np.bool_]
    allowed: Money
    exempt: NDArray[np.bool_]


@attrs.define(eq=False)
class Shared:
    """How claims are shared, and how accumulators stand; arrays of claims, and of what is reversed.

    Attributes:
        deductible: Cents of each claim.
        copay: Cents of each claim, coinsurance among it.
        to_date: Cents (2, claims): deductible and out-of-pocket of person and plan year after it.
        to_date_after: Cents (2, reversals): the same.
    """

    deductible: Money
    copay: Money
    to_date: Money
    to_date_after: Money


class Ledger:
    """What a processor remembers while it pays.

    Args:
        claims: The claims.
        account: Number of the person and plan year of each.
    """

    def __init__(self, claims: Claims, account: Ints) -> None:
        self.claims, self.account = claims, account
        self.deductible = np.zeros(len(claims.row), np.int64)
        self.copay = np.zeros(len(claims.row), np.int64)
        self.met, self.paid = np.zeros((2, int(account.max(initial=-1)) + 1), np.int64)

    def pay(self, rows: Ints) -> None:
        """Share the claims `rows`, each of another account."""
        claims, terms, account = self.claims, benefits(), self.account[rows]
        benefit, column = claims.benefit[rows], terms.year(claims.year[rows])
        tier = formulary().tier[claims.drug[rows]] - 1
        allowed = np.where(claims.exempt[rows], 0, claims.allowed[rows])
        left = np.maximum(terms.deductible[benefit, column] - self.met[account], 0)
        to_cap = np.maximum(terms.out_of_pocket[benefit, column] - self.paid[account], 0)
        deductible = np.minimum(np.where(terms.deductible_applies[benefit, tier], np.minimum(allowed, left), 0), to_cap)
        rest, share = allowed - deductible, terms.coinsurance[benefit, tier]
        months = 1 + np.ceil(
            np.maximum(claims.supply[rows] - document("benefits")["month_days"]["days"], 0) / 30
        ).astype(np.int64)
        copay = np.where(share > 0, np.rint(share * rest).astype(np.int64), terms.copay[benefit, tier] * months)
        copay = np.minimum(np.minimum(copay, rest), to_cap - deductible)
        self.deductible[rows], self.copay[rows] = deductible, copay
        self._post(rows, 1)

    def give_back(self, rows: Ints) -> None:
        """Undo the claims `rows`, each of another account, exactly."""
        self._post(rows, -1)

    def _post(self, rows: Ints, sign: int) -> None:
        account = self.account[rows]
        self.met[account] += sign * self.deductible[rows]
        self.paid[account] += sign * (self.deductible[rows] + self.copay[rows])


def adjudicate(claims: Claims, time: NDArray[np.datetime64], undoes: Ints, back: NDArray[np.datetime64]) -> Shared:
    """Share all claims of a chunk, and give back what is reversed.

    Args:
        claims: The claims.
        time: When each is submitted.
        undoes: Row of the claim that each reversal undoes.
        back: When each reversal is submitted.
    """
    mine = np.flatnonzero(claims.benefit >= 0)
    claim, reverses = np.concatenate([mine, undoes]), np.arange(len(mine) + len(undoes)) >= len(mine)
    order = np.lexsort((reverses, np.concatenate([time[mine], back]), claims.year[claim], claims.row[claim]))
    claim, reverses = claim[order], reverses[order]
    key = claims.row[claim] * (int(claims.year.max(initial=0)) + 1) + claims.year[claim]
    number = np.cumsum(np.diff(key, prepend=key[:1]) != 0)
    account = np.zeros(len(claims.row), np.int64)
    account[claim] = number
    ledger = Ledger(claims, account)
    moving = np.flatnonzero(claims.dispensed[claim])
    for turn in in_turn(number[moving]):
        at = moving[turn]
        ledger.pay(claim[at[~reverses[at]]])
        ledger.give_back(claim[at[reverses[at]]])
    moved = np.where(reverses, -1, 1) * claims.dispensed[claim]
    stand = np.array([_balance(moved * part[claim], number) for part in (ledger.deductible, ledger.copay)])
    stand[1] += stand[0]
    to_date, after = np.zeros((2, len(claims.row)), np.int64), np.zeros((2, len(undoes)), np.int64)
    to_date[:, claim[~reverses]] = stand[:, ~reverses]
    after[:, order[reverses] - len(mine)] = stand[:, reverses]
    return Shared(ledger.deductible, ledger.copay, to_date, after)


def _balance(moved: Money, account: Ints) -> Money:
    """The balance of each account after each move; accounts stand one after the other."""
    total = np.cumsum(moved)
    first = np.flatnonzero(np.diff(account, prepend=-1))
    before = (total - moved)[first]
    return np.asarray(total - before[account])
