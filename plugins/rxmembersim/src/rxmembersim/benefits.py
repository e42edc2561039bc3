"""Pharmacy benefits: whose coverage is adjudicated how, by plan year."""

from __future__ import annotations

import functools
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from rxmembersim.facts import document
from rxmembersim.reading import UNINSURED

TIERS = 5


@attrs.frozen(eq=False)
class Benefits:
    """Benefits in the order of benefits.json, as arrays; money in cents.

    Attributes:
        names: Names of the benefits.
        years: Plan years that are stated, ascending.
        deductible: Int array (benefits, years).
        out_of_pocket: Int array (benefits, years).
        deductible_applies: Boolean array (benefits, tiers).
        copay: Int array (benefits, tiers): a month's copayment.
        coinsurance: Float array (benefits, tiers): share of the allowed amount instead of a copayment, 0 for none.
        ingredient_factor: Float array (benefits,): payment as a multiple of the average acquisition cost.
        dispensing_fee: Int array (benefits,).
        exempt_below_age: Int array (benefits,): people below this age pay nothing.
    """

    names: tuple[str, ...]
    years: NDArray[np.int64]
    deductible: NDArray[np.int64]
    out_of_pocket: NDArray[np.int64]
    deductible_applies: NDArray[np.bool_]
    copay: NDArray[np.int64]
    coinsurance: NDArray[np.float64]
    ingredient_factor: NDArray[np.float64]
    dispensing_fee: NDArray[np.int64]
    exempt_below_age: NDArray[np.int64]

    def find(self, coverage_type: Text, plan: Text) -> NDArray[np.int64]:
        """Each person's benefit, -1 where there is no coverage."""
        kinds, plans = [*coverage_type.values.to_pylist(), None], [*plan.values.to_pylist(), None]
        table = np.array([[_chosen(self.names, kind, name) for name in plans] for kind in kinds])
        return np.asarray(table[coverage_type.codes, plan.codes])

    def year(self, year: NDArray[np.int64]) -> NDArray[np.int64]:
        """Column of each plan year: the latest stated one that has begun, else the first."""
        return np.maximum(np.searchsorted(self.years, year, side="right") - 1, 0)


@functools.cache
def benefits() -> Benefits:
    """The bundled benefits."""
    stated = document("benefits")["benefits"]
    years = sorted({int(year) for benefit in stated.values() for year in benefit["years"]})
    tiers = [str(tier + 1) for tier in range(TIERS)]
    every = list(stated.values())
    return Benefits(
        names=tuple(stated),
        years=np.array(years),
        deductible=_by_year(every, years, "deductible"),
        out_of_pocket=_by_year(every, years, "out_of_pocket"),
        deductible_applies=np.array([[tier in design["deductible_tiers"] for tier in tiers] for design in every]),
        copay=_cents([[design["copay"].get(tier, 0) for tier in tiers] for design in every]),
        coinsurance=np.array([[design["coinsurance"].get(tier, 0.0) for tier in tiers] for design in every]),
        ingredient_factor=np.array([design["ingredient_factor"] for design in every]),
        dispensing_fee=_cents([design["dispensing_fee"] for design in every]),
        exempt_below_age=np.array([design.get("exempt_below_age", 0) for design in every]),
    )


def card(benefit: NDArray[np.int64], field: str) -> Text:
    """What the card of each benefit says: its bin, pcn or group."""
    cards = document("benefits")["cards"]
    return Text.of([cards[name][field] for name in benefits().names])[benefit]


def _chosen(names: tuple[str, ...], kind: str | None, plan: str | None) -> int:
    if kind in (None, UNINSURED):
        return -1
    stated = document("benefits")
    for index, name in enumerate(names):
        when = stated["benefits"][name]["when"]
        if when["coverage_type"] == kind and when.get("plan", plan) == plan:
            return index
    return names.index(stated["otherwise"]["benefit"])


def _by_year(every: list[dict[str, Any]], years: list[int], name: str) -> NDArray[np.int64]:
    table = []
    for benefit in every:
        stated = sorted((int(year), amounts[name]) for year, amounts in benefit["years"].items())
        table.append(
            [next((amount for year, amount in reversed(stated) if year <= wanted), stated[0][1]) for wanted in years]
        )
    return _cents(table)


def _cents(dollars: Any) -> NDArray[np.int64]:
    return np.rint(np.asarray(dollars, np.float64) * 100).astype(np.int64)
