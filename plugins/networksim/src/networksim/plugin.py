"""Every offer that NetworkSim makes."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_core import (
    EventColumns,
    EventHandler,
    Field,
    Journey,
    PersonColumns,
    Profile,
    ReferenceDataset,
    RunHandler,
    hookimpl,
)
from networksim.assignment import event_columns, person_columns
from networksim.generation import JOURNEYS, PROFILES
from networksim.handlers.appointments import appointments, attribution
from networksim.network import met_tables, network_tables
from networksim.registries import DATASETS
from networksim.tables import APPOINTMENT, ATTRIBUTION, FACILITY, PHARMACY, PROVIDER

_SPECIALTY = Field("specialty", "category", "Specialty asked for.", nullable=True, codes="specialty")
HEALTHSIM_API = 1


@hookimpl
def healthsim_profiles() -> Iterable[Profile | PersonColumns]:
    """Profiles, and each person's provider, hospital and pharmacy."""
    yield from PROFILES
    yield PersonColumns(("pcp_npi", "hospital_npi", "pharmacy_npi"), person_columns)


@hookimpl
def healthsim_journeys() -> Iterable[Journey]:
    """Journeys of network use."""
    return JOURNEYS


@hookimpl
def healthsim_event_handlers() -> Iterable[EventHandler | EventColumns | RunHandler]:
    """The network of the run's counties, and who sees whom."""
    named = {table.name: "*npi" for table in (FACILITY, PROVIDER, PHARMACY)}
    yield RunHandler(network_tables, writes=(FACILITY, PROVIDER, PHARMACY), named_in=named, find=met_tables)
    yield EventColumns(("provider_npi", "facility_npi"), event_columns)
    yield EventHandler("person", attribution, writes=(ATTRIBUTION,), settings=())
    yield EventHandler("milestone", appointments, writes=(APPOINTMENT,), parameters=(_SPECIALTY,))


@hookimpl
def healthsim_reference_datasets() -> Iterable[ReferenceDataset]:
    """Registries that `healthsim init --from` can load."""
    return DATASETS
