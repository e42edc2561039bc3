"""Visits, stays and procedures, seen together: a stay's principal procedure is told at its discharge."""

from __future__ import annotations

from healthsim_core import Closing, Columns, EventHandler, Events, Field
from patientsim.handlers import encounters, procedures
from patientsim.tables import ENCOUNTER, PROCEDURE, TRANSFER


def care(events: Events) -> dict[str, Columns]:
    """Encounters, transfers and procedures of a chunk."""
    return {**encounters.encounters(events), **procedures.procedures(events)}


HANDLER = EventHandler(
    ("encounter", "admission", "transfer", "discharge", "procedure"),
    care,
    writes=(ENCOUNTER, TRANSFER, PROCEDURE),
    parameters=tuple(
        Field(name, "category", name.replace("_", " ").capitalize() + ".", nullable=True) for name in (*encounters.WORDS, *procedures.WORDS)
    ),
    closings=(Closing("discharge", "admission", {"discharge_disposition": encounters.DIED}),),
    requires={"procedure": ("code", "system")},
    follows=dict.fromkeys(("transfer", "discharge"), ("admission",)),
    description="Visits, hospital stays, procedures and immunizations.",
)
