"""Orders: of laboratory tests and of medication."""

from __future__ import annotations

from typing import Any

import numpy as np

from healthsim_core import Columns, EventHandler, Events, Field, Text
from patientsim.handlers.linking import origin
from patientsim.handlers.observations import RESULT
from patientsim.tables import LAB_ORDER, MEDICATION_REQUEST

_WORDS = ("rxnorm", "ndc", "description", "drug_class", "dose_unit", "sig")
# an order says what is ordered
_TEST = (Field("loinc", "category", "LOINC code of the test.", codes="loinc"), *RESULT[1:])
_NUMBERS: dict[str, dict[str, Any]] = {
    "dose": {"above": 0}, "days_supply": {"least": 1}, "quantity": {"above": 0}, "refills": {"least": 0},
}  # fmt: skip
_CODES = {"rxnorm": "rxnorm", "ndc": "ndc", "dose_unit": "ucum"}


def lab_orders(events: Events) -> dict[str, Columns]:
    """One row a laboratory order."""
    named = {name: events.parameters[name] for name in ("loinc", "description")}
    columns = {**origin(events, "lab_order_id"), **named, "authored": events.time}
    return {LAB_ORDER.name: Columns(columns, len(events))}


def medication_orders(events: Events) -> dict[str, Columns]:
    """One row a medication order; completed once its supply and refills are used up."""
    given: dict[str, Any] = {name: events.parameters[name] for name in (*_WORDS, *_NUMBERS)}
    supplied = np.nan_to_num(given["days_supply"]) * (np.nan_to_num(given["refills"]) + 1)
    over = (supplied > 0) & (
        events.date.astype(np.int64) + supplied <= events.run.as_of.astype("datetime64[D]").astype(np.int64)
    )
    status = Text(over.astype(np.int32), ["active", "completed"])
    columns = {**origin(events, "medication_request_id"), **given, "status": status, "authored": events.time}
    return {MEDICATION_REQUEST.name: Columns(columns, len(events))}


def _told(name: str) -> str:
    return name.replace("_", " ").capitalize() + "."


LAB = EventHandler("lab_order", lab_orders, writes=(LAB_ORDER,), parameters=_TEST, description="Laboratory orders.")
MEDICATION = EventHandler(
    "medication_order",
    medication_orders,
    writes=(MEDICATION_REQUEST,),
    parameters=(
        *(
            Field(name, "category", _told(name), nullable=name != "description", codes=_CODES.get(name, ""))
            for name in _WORDS
        ),
        *(Field(name, "number", _told(name), nullable=True, **limits) for name, limits in _NUMBERS.items()),
    ),
    description="Medication orders.",
)
