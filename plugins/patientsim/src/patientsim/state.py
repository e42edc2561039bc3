"""What a chart's events change of a person's state: what is known to ail them, what is ordered, being in hospital."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core import Columns, Field, StateChange, Text

INPATIENT = "inpatient"
_NUMBERS = {
    "dose": "Amount a dose.",
    "doses_per_day": "Doses a day.",
    "days_supply": "Days that one fill lasts.",
    "refills": "Refills after the first fill.",
}

_MEDICINE = (
    Field("drug_class", "category", "Therapeutic class.", nullable=True),
    Field("drug", "category", "The ingredient.", nullable=True),
    *(Field(name, "number", said, nullable=True) for name, said in _NUMBERS.items()),
)


def diagnosed(parameters: Columns) -> Mapping[str, Any]:
    """A diagnosis makes known what ails somebody; what is not there yet begins with it."""
    return {"name": parameters["code"]}


def ordered(parameters: Columns) -> Mapping[str, Any]:
    """An order is for as many days as its fills last; one that does not say so lasts until something stops it."""
    fills = np.nan_to_num(parameters.array("refills")) + 1
    return {
        "name": parameters["drug_class"],
        "drug": parameters["drug"],
        "dose": parameters.array("dose") * parameters.array("doses_per_day"),
        "days": parameters.array("days_supply") * fills,
    }


def taken_before(parameters: Columns) -> Mapping[str, Any]:
    """A history of medicines tells what has been taken since before the run; what is at home lasts one supply."""
    return {**ordered(parameters), "days": parameters.array("days_supply")}


def admitted(parameters: Columns) -> Mapping[str, Any]:
    """An admission begins a stay."""
    return {"name": Text.constant(INPATIENT, parameters.rows)}


def discharged(parameters: Columns) -> Mapping[str, Any]:
    """A discharge ends it."""
    rows = parameters.rows
    return {"name": Text.constant(INPATIENT, rows), "stops": np.ones(rows, bool)}


CHANGES = (
    StateChange(
        "diagnosis",
        "condition",
        diagnosed,
        (Field("code", "category", "Billable ICD-10-CM code."),),
        description="A diagnosis is known from then on.",
    ),
    StateChange(
        "medication_order",
        "treatment",
        ordered,
        _MEDICINE,
        description="A drug is ordered for as long as its fills last.",
    ),
    StateChange(
        "medication_history",
        "treatment",
        taken_before,
        _MEDICINE,
        before=True,
        description="A drug has been taken since before the run.",
    ),
    StateChange("admission", "circumstance", admitted, names=(INPATIENT,), description="A stay in hospital begins."),
    StateChange("discharge", "circumstance", discharged, names=(INPATIENT,), description="A stay in hospital ends."),
)
