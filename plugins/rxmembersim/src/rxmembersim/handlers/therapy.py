"""The course of treatment by drug class, and the gaps in it."""

from __future__ import annotations

import numpy as np

from healthsim_core import Columns, Events, Field
from rxmembersim import reading

EVENT_TYPES = ("therapy_start", "therapy_change", "therapy_discontinue")
PARAMETERS = (
    Field("drug_class", "category", "Therapeutic class.", nullable=True),
    Field("description", "category", "What it is.", nullable=True),
    Field("reason", "category", "Why.", nullable=True),
)
GAP_PARAMETERS = (PARAMETERS[0], Field("gap_days", "number", "Days without the drug.", nullable=True))


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


def adherence_gaps(events: Events) -> dict[str, Columns]:
    """Times without the drug: over on the day of the event, when the drug is there again."""
    days = np.maximum(reading.number(events, "gap_days", 0), 0).astype(np.int64)
    columns = {
        "gap_id": events.id,
        "person_id": events.person,
        "prescription_id": events.ancestor("new_rx")["id"],
        "drug_class": reading.text(events, "drug_class"),
        "gap_days": days,
        "start_date": events.date - days.astype("timedelta64[D]"),
        "end_date": events.date,
    }
    return {"rxmembersim.adherence_gap": Columns(columns, len(events))}
