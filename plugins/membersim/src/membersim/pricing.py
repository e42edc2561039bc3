"""Prices: what Medicare would pay, what a payer allows, what a provider charges. All in cents.

The Medicare price comes from the fee schedule (relative value times conversion factor times the state's price factor)
or the DRG (weight times base rate times the state's wage factor). A payer allows a multiple of it, which for payers
who negotiate varies by the provider's kind and place; providers of one kind and place charge a multiple of their own,
whoever pays. No price depends on who exactly the provider is, which only an installed network knows.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Run, Text, in_turn, portable
from membersim.facts import document, state_factor
from membersim.registries import DrgWeights, FeeSchedule

Floats = NDArray[np.float64]
Cents = NDArray[np.int64]


@attrs.frozen(eq=False)
class Providers:
    """What prices know of whoever bills, a row each.

    Attributes:
        kind: Kind of provider: a specialty, or hospital, emergency, home_health, pharmacy.
        place: ZIP code of the people who go there, as a number; 0 where it is unknown.
    """

    kind: Text
    place: NDArray[np.int64]

    def __getitem__(self, rows: NDArray[np.intp]) -> Providers:
        return Providers(self.kind[rows], self.place[rows])


def visit_price(fees: FeeSchedule, code: Text, state: Text) -> Floats:
    """Medicare's price of one unit in the state, cents; NaN for a code that is not listed."""
    cents = 100 * document("payment")["conversion_factor"]["dollars"]
    return np.asarray(code.map(lambda name: fees.rvu.get(name, np.nan)) * cents * state_factor(state, "price"))


def stay_price(weights: DrgWeights, drg: Text, state: Text) -> Floats:
    """Medicare's price of a stay, cents."""
    rates = document("payment")["inpatient"]
    wage = state_factor(state, "wage")
    labor = np.where(wage > 1, rates["labor_share_above_one"], rates["labor_share_below_one"])
    operating = rates["operating_rate"] * (labor * wage + 1 - labor)
    capital = rates["capital_rate"] * wage**0.6848  # 42 CFR 412.316: geographic adjustment factor
    return np.asarray(100 * drg.map(lambda name: weights.weight[name]) * (operating + capital))


def by_provider(run: Run, stream: str, providers: Providers, contract: Text | None = None) -> Floats:
    """Uniform numbers that all providers of one kind and place share; where told, apart for each contract."""
    unit = np.empty(len(providers.place))
    contract = Text.constant("", len(unit)) if contract is None else contract
    names, kinds = contract.values.to_pylist(), providers.kind.values.to_pylist()
    pair = contract.codes.astype(np.int64) * len(kinds) + providers.kind.codes
    for number in np.unique(pair):
        mine = np.flatnonzero(pair == number)
        name = " ".join(filter(None, (names[number // len(kinds)], kinds[number % len(kinds)])))
        unit[mine] = run.draws(f"membersim.{stream}", providers.place[mine]).uniform(name)
    return unit


def contract(run: Run, providers: Providers, payer: Text, kind: Text) -> Floats:
    """A payer's price level with the providers of a kind and place, around 1."""
    spread = document("payment")["contract"]["sd"]
    return bounded_log(
        by_provider(run, "contract", providers, payer), 1.0, kind.map(lambda name: spread[name]), 0.5, 2.0
    )


def charge_ratio(run: Run, providers: Providers, kind: str) -> Floats:
    """What providers of a kind and place charge relative to Medicare's price."""
    law = document("payment")["charges"][kind]
    return bounded_log(by_provider(run, "charges", providers), law["median"], law["sd"], law["least"], law["most"])


def bounded_log(unit: Floats, median: float, sd: Floats | float, least: float, most: float) -> Floats:
    """Log-normal by inversion, truncated between least and most."""
    scale = np.maximum(sd, 1e-12)
    low, high = portable.ndtr(portable.log(least / median) / scale), portable.ndtr(portable.log(most / median) / scale)
    return np.asarray(median * portable.exp(scale * portable.ndtri(low + (high - low) * unit)))


def parts(total: Cents, owner: NDArray[np.intp], share: Floats) -> Cents:
    """Whole cents of each part of a total, so that the parts of a total sum to it.

    Args:
        total: Int64 (owners,).
        owner: Int array (parts,), ascending: the total that each is a part of.
        share: Float array (parts,) of positive shares, of any scale.

    Returns:
        Int64 (parts,).
    """
    whole = np.bincount(owner, share, len(total))
    running = np.zeros(len(total))
    given = np.zeros(len(total), np.int64)
    part = np.zeros(len(owner), np.int64)
    for at in in_turn(owner):  # within a total only, so that the rounding does not depend on who else is in the chunk
        mine = owner[at]
        running[mine] += share[at]
        until = np.rint(np.minimum(running[mine] / whole[mine], 1.0) * total[mine]).astype(np.int64)
        part[at] = until - given[mine]
        given[mine] = until
    part[np.searchsorted(owner, np.arange(len(total)), side="right") - 1] += total - given
    return part
