"""Visits, stays and procedures, seen together: a stay's principal procedure is told at its discharge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from healthsim_core import Closing, Columns, EventHandler, Events, Field
from patientsim.handlers import encounters, procedures
from patientsim.tables import ENCOUNTER, PROCEDURE, TRANSFER

_CODES = {
    "class": "encounter-class", "reason_code": "icd-10-cm", "secondary_code": "icd-10-cm", "specialty": "specialty",
    "place_of_service": "place-of-service", "service_code": "service-code", "admission_type": "admission-type",
    "drg": "ms-drg",
    "procedure_code": "icd-10-pcs", "discharge_disposition": "discharge-disposition", "code": "[system]",
    "system": "procedure-system",
}  # fmt: skip


def care(events: Events) -> dict[str, Columns]:
    """Encounters, transfers and procedures of a chunk."""
    return {**encounters.encounters(events), **procedures.procedures(events)}


def notes(events: Events, written: Mapping[str, Columns]) -> dict[str, int]:
    """Stays that a death ended without the discharge that would have told their DRG,
    and transfers that come after their stay."""
    rows = written[ENCOUNTER.name]
    died = (rows["discharge_disposition"] == encounters.DIED) & np.isin(
        rows.array("encounter_id"), events.id[events.type == "admission"]
    )
    closed = np.isin(
        rows.array("encounter_id"), np.asarray(events.where(events.type == "discharge").ancestor("admission")["id"])
    )
    late = np.sum(events.type == "transfer") - written[TRANSFER.name].rows
    return {
        "stays that a death ended had no discharge planned: they have no DRG and no claim": int(np.sum(died & ~closed)),
        "transfers left out: their stay was over by then": int(late),
    }


HANDLER = EventHandler(
    ("encounter", "admission", "transfer", "discharge", "procedure"),
    care,
    writes=(ENCOUNTER, TRANSFER, PROCEDURE),
    parameters=tuple(
        Field(name, "category", name.replace("_", " ").capitalize() + ".", nullable=True, codes=_CODES.get(name, ""))
        for name in (*encounters.WORDS, *procedures.WORDS)
    ),
    closings=(Closing("discharge", "admission", {"discharge_disposition": encounters.DIED}),),
    notes=notes,
    requires={"procedure": ("code", "system")},
    follows=dict.fromkeys(("transfer", "discharge"), ("admission",)),
    description="Visits, hospital stays, procedures and immunizations.",
)
