"""What NetworkSim writes about people: attribution, and appointments without clinical detail."""

from __future__ import annotations

from healthsim_core import Columns, Events
from networksim.assignment import organization_npi, provider_specialty


def attribution(people: Events) -> dict[str, Columns]:
    """Who cares for everybody, one row a person."""
    pcp = people.people["pcp_npi"]
    columns = {
        "person_id": people.person,
        "pcp_npi": pcp,
        "pcp_specialty": provider_specialty(pcp),
        "clinic_npi": organization_npi(pcp),
        "hospital_npi": people.people["hospital_npi"],
        "pharmacy_npi": people.people["pharmacy_npi"],
        "attributed_from": people.date,
    }
    return {"networksim.attribution": Columns(columns, len(people))}


def appointments(milestones: Events) -> dict[str, Columns]:
    """One row for each milestone that names a specialty."""
    specialty = milestones.parameters.text("specialty")
    seen = milestones.where(~specialty.is_null())
    columns = {
        "appointment_id": seen.id,
        "person_id": seen.person,
        "time": seen.time,
        "label": seen.label,
        "specialty": seen.parameters["specialty"],
        "provider_npi": seen.provider_npi,
        "provider_specialty": provider_specialty(seen.provider_npi),
        "facility_npi": seen.facility_npi,
    }
    return {"networksim.appointment": Columns(columns, len(seen))}
