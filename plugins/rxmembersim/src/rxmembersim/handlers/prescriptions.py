"""Prescriptions as the pharmacy holds them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from healthsim_core import Columns, Events, Text
from rxmembersim import controlled, reading

BEYOND_LAW = (
    "prescriptions of controlled drugs ordered with more refills than the law allows, which are not dispensed"
    " (none of schedule II, five within six months of schedules III to V: 21 CFR 1306.12, 1306.22)"
)


def prescriptions(events: Events) -> dict[str, Columns]:
    """One prescription for each that reaches the pharmacy."""
    return {"rxmembersim.prescription": held(events)}


def beyond_law(events: Events, written: Mapping[str, Columns]) -> dict[str, int]:
    """How many prescriptions were ordered with more refills than may be dispensed."""
    return {BEYOND_LAW: int(np.sum(reading.refills(events) > controlled.refills(events)))}


def held(events: Events) -> Columns:
    """The columns of `rxmembersim.prescription` for events that bring one."""
    columns = {
        "prescription_id": events.id,
        "person_id": events.person,
        "medication_request_id": events.ancestor("medication_order")["id"],
        "prescription_number": reading.prescription_number(events.run.namespace.outward(events.id)),
        **{
            name: reading.text(events, name)
            for name in ("rxnorm", "ndc", "description", "drug_class", "dose_unit", "sig")
        },
        "dose": reading.number(events, "dose"),
        "days_supply": reading.days_supply(events),
        "quantity": reading.quantity(events),
        "refills": controlled.refills(events),
        "written_date": controlled.written(events),
        "prescriber_npi": prescriber(events),
        "pharmacy_npi": events.people["pharmacy_npi"],
    }
    return Columns(columns, len(events))


def prescriber(events: Events) -> Text:
    """Who prescribed: the clinician of the event, else the primary care provider."""
    return events.provider_npi.or_else(events.people["pcp_npi"])
