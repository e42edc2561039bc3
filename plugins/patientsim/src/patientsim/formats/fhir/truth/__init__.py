"""What the tables say that resources should be, in SQL: a question for each type of resource."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from healthsim_core import Truth, read_queries
from patientsim.facts import document
from patientsim.formats.others import stand_in

_FOLDER = Path(__file__).parent
OF_PEOPLE = (
    "Patient", "Coverage", "Encounter", "Condition", "ServiceRequest", "Observation", "Procedure", "Immunization",
    "MedicationRequest",
    "CarePlan",
)  # fmt: skip
OF_ALL = ("Organization", "Location", "Practitioner", "PractitionerRole")
_NAMED = {  # the columns that name somebody, by what they name
    "payer": (("membersim.coverage", "payer_id"),),
    "facility": (("patientsim.patient", "managing_organization_npi"), ("patientsim.encounter", "facility_npi")),
    "provider": (
        ("patientsim.patient", "general_practitioner_npi"),
        *((f"patientsim.{name}", "provider_npi") for name in (
            "encounter", "observation", "procedure", "medication_request", "lab_order", "referral", "care_plan",
        )),
    ),
}  # fmt: skip


@functools.cache
def questions() -> Mapping[str, str]:
    """The SELECT of each type of resource; `bundle` is the id of the Bundle that it belongs into."""
    return {name: sql for path in sorted(_FOLDER.glob("*.sql")) for name, sql in read_queries(path).items()}


def prepare(truth: Truth) -> None:
    """Make known what the questions use: the world's today, the lists of codes, the elements of FHIR,
    tables of other products."""
    stand_in(truth)
    lists = {name: value for name, value in document("fhir").items() if isinstance(value, dict) and name != "sources"}
    # answers keep the tables' order; and of what is small, to look for a better plan takes longer than it saves
    order, better = "join_order,build_side_probe_side", "statistics_propagation,column_lifetime,join_filter_pushdown"
    truth.define(f"SET threads = 1; SET disabled_optimizers = '{order},{better},compressed_materialization'")
    truth.define(f"SET VARIABLE as_of = DATE '{truth.as_of}'")
    truth.define(";".join(f"CREATE MACRO {name}(key) AS ({_literal(value)})[key]" for name, value in lists.items()))
    truth.define((_FOLDER / "macros.sql").read_text(encoding="utf-8"))
    for name in ("home", "clinician", "facility"):
        truth.register(f"fhir.{name}", truth.select(questions()[name]))


def of_people(truth: Truth, as_entries: bool) -> Iterator[tuple[str, pa.Table]]:
    """The resources of the part's people, type by type, or the entries of Bundles that hold them."""
    for name in OF_PEOPLE:
        yield name, _asked(truth, name, as_entries)


def of_all(truth: Truth, as_entries: bool) -> Iterator[tuple[str, pa.Table]]:
    """The resources of those that people's resources refer to, type by type: once for the whole run,
    or entries for each Bundle."""
    truth.register("fhir.named", truth.select(_named_in(truth, whole=not as_entries)))
    truth.register("fhir.referred", truth.select(questions()["referred"]))
    for name in OF_ALL:
        yield name, _asked(truth, name, as_entries)


def _asked(truth: Truth, name: str, as_entries: bool) -> pa.Table:
    question = questions()[name]
    return truth.select(f"WITH resource AS ({question}\n) {questions()['entries']}" if as_entries else question)


def _named_in(truth: Truth, whole: bool) -> str:
    parts = []
    for kind, columns in _NAMED.items():
        for table, column in columns:
            relation, bundle = (f"run.{table}.{column}", "NULL") if whole else (table, "id(person_id)")
            if whole:
                truth.register(relation, truth.of_run(table, [column]))
            # nobody's: the organization that stands for all
            number = f"coalesce({column}, '')" if kind == "facility" else column
            parts.append(
                f"SELECT {bundle} AS bundle, '{kind}' AS kind, {number} AS number FROM \"{relation}\" WHERE "
                f"{number} IS NOT NULL"
            )
    return " UNION ".join(parts)


def _literal(value: Any) -> str:
    """JSON as SQL says it."""
    if isinstance(value, dict):
        return "MAP {" + ", ".join(f"{_literal(key)}: {_literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
