"""Which clinicians, organizations and payers a part's resources refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Text, text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir import organizations
from patientsim.formats.records import Records

PAYER, FACILITY, PROVIDER = "payer", "facility", "provider"
MAKERS: dict[str, Callable[[Directory, str], list[dict[str, Any]]]] = {
    PAYER: organizations.of_payer,
    FACILITY: organizations.of_facility,
    PROVIDER: organizations.of_provider,
}
_COLUMNS = (
    ("membersim.coverage", "payer_id", PAYER),
    ("patientsim.patient", "general_practitioner_npi", PROVIDER),
    ("patientsim.patient", "managing_organization_npi", FACILITY),
    ("patientsim.encounter", "provider_npi", PROVIDER),
    ("patientsim.encounter", "facility_npi", FACILITY),
    ("patientsim.observation", "provider_npi", PROVIDER),
    ("patientsim.procedure", "provider_npi", PROVIDER),
    ("patientsim.medication_request", "provider_npi", PROVIDER),
    ("patientsim.lab_order", "provider_npi", PROVIDER),
    ("patientsim.referral", "provider_npi", PROVIDER),
    ("patientsim.care_plan", "provider_npi", PROVIDER),
)


def referred(records: Records) -> Iterator[tuple[str, NDArray[np.int64], Text]]:
    """Every column of such references: what it refers to, the row's person id, and the number ("" for the fallback)."""
    for table, name, kind in _COLUMNS:
        if table in records.tables:
            number = records[table].text(name)
            yield kind, np.asarray(records[table]["person_id"]), number.or_else("") if kind == FACILITY else number


def used(column: Text) -> set[str]:
    """The values that stand in some row."""
    there = np.bincount(column.codes + 1, minlength=len(column.values) + 1)[1:] > 0
    return set(column.values.filter(pa.array(there)).to_pylist())


def by_person(records: Records) -> dict[str, tuple[NDArray[np.intp], Text]]:
    """For payers, facilities (clinicians' own included) and providers: distinct pairs of person's row and number."""
    parts: dict[str, list[Columns]] = {PAYER: [], FACILITY: [], PROVIDER: []}
    for kind, person, number in referred(records):
        parts[kind].append(_distinct(Columns({"row": records.rows_of(person), "number": number})))
    for pairs in list(parts[PROVIDER]):
        own = pairs.text("number").recode(records.directory.once(organizations.employer))
        parts[FACILITY].append(_distinct(Columns({"row": pairs["row"], "number": own})))
    whole = {kind: _distinct(Columns.concat(of_kind)) for kind, of_kind in parts.items() if of_kind}
    return {kind: (pairs.array("row"), pairs.text("number")) for kind, pairs in whole.items()}


def _distinct(pairs: Columns) -> Columns:
    """Each pair once, by row and number: never by the order of a dictionary, which another chunking changes."""
    number = pairs.text("number")
    there = np.flatnonzero(~number.is_null())
    ordered = pc.unique(number.values.take(pc.sort_indices(number.values)))
    rank = pc.index_in(number.values, ordered).to_numpy(zero_copy_only=False)
    row, values = np.asarray(pairs["row"], np.int64)[there], max(len(ordered), 1)
    _, distinct = text.numbered(row * values + rank[number.codes[there]], int(row.max(initial=0) + 1) * values)
    return Columns({"row": distinct // values, "number": Text(distinct % values, ordered)}, len(distinct))
