"""Procedures and immunizations, and the principal procedure that a stay's discharge tells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events
from patientsim.handlers.linking import belonging, origin
from patientsim.tables import PROCEDURE

WORDS = ("code", "system", "description")


def procedures(events: Events) -> dict[str, Columns]:
    """One row a procedure; a discharge's principal procedure adds one where no procedure of that code stands in its
    stay."""
    done = events.where(events.type == "procedure")
    told = events.where((events.type == "discharge") & ~events.parameters.text("procedure_code").is_null())
    told = told.where(~_recorded(told, done))
    performed = [_row(done, {name: done.parameters[name] for name in WORDS}, done.time)]
    if len(told):
        named = {"code": told.parameters["procedure_code"], "description": told.parameters["procedure_description"]}
        performed.append(_row(told, {**named, "system": "ICD-10-PCS"}, _begin(told)))
    return {PROCEDURE.name: Columns.concat(performed)}


def _row(events: Events, named: dict[str, Any], performed: NDArray[Any]) -> Columns:
    return Columns({**origin(events, "procedure_id"), **named, "performed": performed}, len(events))


def _begin(told: Events) -> NDArray[Any]:
    admitted = told.ancestor("admission").array("time")
    return np.where(np.isnat(admitted), told.time, admitted)


def _recorded(told: Events, done: Events) -> NDArray[np.bool_]:
    """Whether a procedure of the same code stands in the stay of each discharge."""
    stays = np.asarray(belonging(told)["id"])
    ours = np.asarray(belonging(done)["id"])
    recorded = np.zeros(len(told), bool)
    for code in told.parameters.text("procedure_code").values.to_pylist():
        of_code = ours[np.asarray(done.parameters["code"] == code)]
        recorded |= np.asarray(told.parameters["procedure_code"] == code) & np.isin(stays, of_code[of_code != 0])
    return recorded
