"""The patient's chart: one row a person."""

from __future__ import annotations

import numpy as np

from healthsim_core import Columns, EventHandler, Events
from patientsim.tables import PATIENT

_DIGITS = 10


def patients(events: Events) -> dict[str, Columns]:
    """A chart for everybody, opened at the start of the run or at birth."""
    people = events.people
    death = np.asarray(people["death_date"]).astype("datetime64[D]")
    gone = death <= events.run.as_of
    columns = {
        "person_id": events.person,
        "mrn": events.run.namespace.text(events.person, _DIGITS),
        "registered": events.time,
        "deceased_date": np.where(gone, death, np.datetime64("NaT")),
        "deceased_time": np.where(gone, people["death_time"], np.datetime64("NaT")),
        "general_practitioner_npi": people["pcp_npi"],
        "managing_organization_npi": people["hospital_npi"],
    }
    return {PATIENT.name: Columns(columns, len(events))}


HANDLER = EventHandler("person", patients, writes=(PATIENT,), settings=(), description="Patients' charts.")
