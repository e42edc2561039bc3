"""What payers pay pharmacies, and where their claims are routed: by coverage type and plan."""

from __future__ import annotations

import functools

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from rxmembersim.facts import document

Ints = NDArray[np.int64]


@attrs.frozen(eq=False)
class Payers:
    """Payers in the order of payers.json.

    Attributes:
        ingredient_factor: Float array (payers,): payment as a multiple of the average acquisition cost.
        dispensing_fee: Int array (payers,), cents.
    """

    ingredient_factor: NDArray[np.float64]
    dispensing_fee: Ints

    def find(self, coverage_type: Text, plan: Text) -> Ints:
        """The payer of each coverage; -1 where there is none."""
        kinds, plans = [*coverage_type.values.to_pylist(), None], [*plan.values.to_pylist(), None]
        table = np.array([[_chosen(kind, name) for name in plans] for kind in kinds], np.int64)
        return np.asarray(table[coverage_type.codes, plan.codes])


@functools.cache
def payers() -> Payers:
    """The bundled payers."""
    stated = document("payers")["payers"]
    return Payers(
        ingredient_factor=np.array([payer["ingredient_factor"] for payer in stated]),
        dispensing_fee=np.rint([payer["dispensing_fee"] * 100 for payer in stated]).astype(np.int64),
    )


def card(payer: Ints, field: str) -> Text:
    """What the card of each payer says: its bin, pcn or group."""
    return Text.of([one["card"][field] for one in document("payers")["payers"]])[payer]


def _chosen(coverage_type: str | None, plan: str | None) -> int:
    if coverage_type is None:
        return -1
    said = {"coverage_type": coverage_type, "plan": plan}
    wanted = (payer["when"].items() for payer in document("payers")["payers"])
    return next(index for index, when in enumerate(wanted) if all(said[name] == value for name, value in when))
