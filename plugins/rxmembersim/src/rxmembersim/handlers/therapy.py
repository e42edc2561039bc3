"""The course of treatment by drug class."""

from __future__ import annotations

from healthsim_core import Columns, Events, Field
from rxmembersim import reading

EVENT_TYPES = ("therapy_start", "therapy_change", "therapy_discontinue")
PARAMETERS = (
    Field("drug_class", "category", "Therapeutic class.", nullable=True),
    Field("description", "category", "What it is.", nullable=True),
    Field("reason", "category", "Why.", nullable=True),
)


def therapies(events: Events) -> dict[str, Columns]:
    """Starts, changes and ends of treatment with a class of drugs."""
    columns = {
        "therapy_id": events.id,
        "person_id": events.person,
        "date": events.date,
        "kind": events.type.recode(lambda name: name.removeprefix("therapy_")),
        "drug_class": reading.text(events, "drug_class"),
        "description": reading.text(events, "description").or_else(events.label),
        "reason": reading.text(events, "reason"),
    }
    return {"rxmembersim.therapy": Columns(columns, len(events))}
