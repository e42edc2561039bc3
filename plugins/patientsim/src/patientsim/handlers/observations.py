"""Vital signs and laboratory results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, EventHandler, Events, Field, Text
from patientsim.facts import document
from patientsim.handlers.linking import origin
from patientsim.tables import OBSERVATION

RESULT = (
    Field("loinc", "category", "LOINC code.", nullable=True, codes="loinc"),
    Field("description", "category", "What is measured, in words.", nullable=True),
    Field("value", "number", "The value.", nullable=True, least=0, signed_by="loinc"),
    Field("unit", "category", "UCUM unit.", nullable=True, codes="ucum"),
    Field("low", "number", "Lower limit of the reference range.", nullable=True),
    Field("high", "number", "Upper limit of the reference range.", nullable=True),
)
SECOND = (
    Field("second_loinc", "category", "LOINC code of the second value.", nullable=True, codes="loinc"),
    Field("second_description", "category", "The second value in words.", nullable=True),
    Field("second_value", "number", "The second value.", nullable=True, least=0, signed_by="second_loinc"),
)


def observations(events: Events) -> dict[str, Columns]:
    """One row for each sign measured, and for each result that came with a value."""
    value, loinc = np.asarray(events.parameters["value"], np.float64), events.parameters.text("loinc")
    events = events.where(~np.isnan(value) & ~loinc.is_null())
    given, loinc = events.parameters, events.parameters.text("loinc")
    result, order = np.asarray(events.type == "lab_result"), events.ancestor("lab_order")
    taken = order.array("time")
    value = _rounded(given["value"], loinc)
    columns: dict[str, Any] = {
        **origin(events, "observation_id"),
        "lab_order_id": np.where(result, order.array("id"), 0),
        "category": _category(loinc, result),
        **{
            name: given[name]
            for name in ("loinc", "description", "unit", "second_loinc", "second_description", "low", "high")
        },
        "value": value,
        "second_value": _rounded(given["second_value"], given.text("second_loinc")),
        "interpretation": _interpretation(value, given.array("low"), given.array("high")),
        "effective": np.where(result & ~np.isnat(taken), taken, events.time),
        "issued": events.time,
    }
    return {OBSERVATION.name: Columns(columns, len(events))}


def _rounded(value: Any, loinc: Text) -> NDArray[np.float64]:
    """Values as they are reported: each LOINC code has its number of decimals."""
    decimals = document("observations")["decimals"]
    scale = 10.0 ** loinc.map(lambda code: decimals.get(code, decimals["default"]), np.int64, 0)
    return np.asarray(np.rint(np.asarray(value, np.float64) * scale) / scale)


def _category(loinc: Text, result: NDArray[np.bool_]) -> Text:
    named = document("observations")["category"]
    names = ["laboratory", "vital-signs", *sorted(set(named.values()) - {"laboratory", "vital-signs"})]
    known = loinc.map(lambda code: names.index(named.get(code, "vital-signs")), np.int32, 1)
    return Text(np.where(result, 0, known), names)


def _interpretation(value: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> Text:
    unknown = np.isnan(low) & np.isnan(high)
    return Text(np.select([unknown, value < low, value > high], [-1, 1, 2], 0), ["N", "L", "H"])


HANDLER = EventHandler(
    ("observation", "lab_result"),
    observations,
    writes=(OBSERVATION,),
    parameters=(*RESULT, *SECOND),
    requires={"observation": ("loinc",), "lab_result": ("loinc",)},
    description="Vital signs and laboratory results.",
)
