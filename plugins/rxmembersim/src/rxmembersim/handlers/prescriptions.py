"""Prescriptions as the pharmacy holds them."""

from __future__ import annotations

import numpy as np

from healthsim_core import Columns, Events, Text
from rxmembersim import reading


def prescriptions(events: Events) -> dict[str, Columns]:
    """One prescription for each that reaches the pharmacy."""
    return {"rxmembersim.prescription": held(events)}


def held(events: Events) -> Columns:
    """The columns of `rxmembersim.prescription` for events that bring one."""
    order = events.ancestor("medication_order")
    ordered = np.asarray(order["time"]).astype("datetime64[D]")
    columns = {
        "prescription_id": events.id,
        "person_id": events.person,
        "medication_request_id": order["id"],
        "prescription_number": reading.prescription_number(events.id),
        **{name: reading.text(events, name) for name in ("rxnorm", "ndc", "description", "drug_class", "dose_unit", "sig")},
        "dose": reading.number(events, "dose"),
        "days_supply": reading.days_supply(events),
        "quantity": reading.quantity(events),
        "refills": reading.refills(events),
        "written_date": np.where(np.isnat(ordered), events.date, ordered),
        "prescriber_npi": prescriber(events),
        "pharmacy_npi": events.people["pharmacy_npi"],
    }
    return Columns(columns, len(events))


def prescriber(events: Events) -> Text:
    """Who prescribed: the clinician of the event, else the primary care provider."""
    return events.provider_npi.or_else(events.people["pcp_npi"])
