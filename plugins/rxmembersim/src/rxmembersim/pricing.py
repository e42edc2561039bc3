"""Prices: what the pharmacy submits, and what the benefit allows. Money in cents."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Run, Text
from rxmembersim.facts import document
from rxmembersim.formulary import formulary
from rxmembersim.payers import payers

Cents = NDArray[np.int64]


@attrs.frozen(eq=False)
class Prices:
    """Amounts of claims, a row each: what the pharmacy asks, what the benefit allows, and how much of that is the fee
    for dispensing."""

    ingredient_cost: Cents
    dispensing_fee: Cents
    gross_amount_due: Cents
    usual_and_customary: Cents
    allowed: Cents
    fee_paid: Cents


def prices(
    run: Run, drug: NDArray[np.int64], quantity: NDArray[np.float64], payer: NDArray[np.int64], county: Text
) -> Prices:
    """The prices of claims.

    Args:
        run: The run.
        drug: Row of the formulary.
        quantity: Quantity dispensed.
        payer: The payer, -1 for none.
        county: FIPS code of the pharmacy's county, whose pharmacies share their price level: which pharmacy it is, only
            an installed network knows.
    """
    said = document("pharmacies")
    draws = run.draws("rxmembersim.pharmacy", county.map(int, np.int64, 0))
    average = formulary().unit_price[drug] * quantity * 100
    acquisition = draws.uniform("acquisition", said["acquisition"]["least"], said["acquisition"]["most"])
    fee = _cents(100 * draws.uniform("fee", said["dispensing_fee"]["least"], said["dispensing_fee"]["most"]))
    ingredient = np.maximum(_cents(average * acquisition), 1)
    gross = ingredient + fee
    usual = _usual_and_customary(draws.uniform("markup"), average, formulary().brand[drug])
    paying = np.maximum(payer, 0)
    own = payers().dispensing_fee[paying]
    rate = _cents(average * payers().ingredient_factor[paying]) + own
    # the lesser of: no plan pays above the cash price
    allowed = np.maximum(np.minimum(np.minimum(rate, usual), gross), 1)
    # what is paid as submitted has the fee as submitted too
    fee_paid = np.where(allowed == gross, fee, np.minimum(own, allowed))
    return Prices(ingredient, fee, gross, usual, allowed, fee_paid)


def _usual_and_customary(unit: NDArray[np.float64], average: NDArray[np.float64], brand: NDArray[np.bool_]) -> Cents:
    said = document("pharmacies")["usual_and_customary"]
    kinds = [said["generic"], said["brand"]]
    least, most, add = (
        np.array([kind[name] for kind in kinds])[brand.astype(int)] for name in ("least", "most", "add")
    )
    dollars = average / 100 * (least + (most - least) * unit) + add
    return _cents(100 * np.ceil(dollars) - 1)  # cash prices end in 99


def _cents(amounts: NDArray[np.float64]) -> Cents:
    return np.rint(amounts).astype(np.int64)
