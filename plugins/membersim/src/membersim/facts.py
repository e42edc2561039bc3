"""The product's data files, each read once: prices, plans, payers, billing rules."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from healthsim_core import PackageData, Text

DATA = PackageData("membersim")
document, rows = DATA.document, DATA.rows
SERVICES = ("primary", "specialist", "urgent", "emergency", "inpatient", "pharmacy", "other")  # kinds that it bills


@functools.cache
def states() -> Mapping[str, Mapping[str, str]]:
    """Price and wage factors, capital and FIPS code by two-letter state."""
    return {row["state"]: row for row in rows("states")}


def state_factor(state: Text, name: str) -> NDArray[np.float64]:
    """The factor `price` or `wage` of each row's state; 1 for a state that is not listed."""
    known = states()
    return state.map(lambda value: float(known[value][name]) if value in known else 1.0, np.float64, 1.0)


def longest_prefix(code: str, table: Mapping[str, str]) -> str | None:
    """The entry of the longest key that `code` begins with."""
    prefixes = [key for key in table if code.startswith(key)]
    return table[max(prefixes, key=len)] if prefixes else None
