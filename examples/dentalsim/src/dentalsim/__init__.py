"""DentalSim: dental visits, and the medical claims that costly ones cause."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import (
    Characters,
    CodeSystemOffer,
    Columns,
    Destination,
    Draws,
    EventHandler,
    Events,
    Field,
    Journey,
    OutputFormat,
    PricedLines,
    Profile,
    Records,
    Run,
    ServiceKind,
    Settled,
    SkillResolver,
    Spending,
    Table,
    Text,
    Trigger,
    Truth,
    ValueSet,
    hookimpl,
    text,
)  # fmt: skip

HEALTHSIM_API = 1
FEES = {"cleaning": 9_500, "crown": 115_000}  # cents
VISIT = Table("dentalsim.visit", (
    Field("visit_id", "id", "The visit.", references="core.event"),
    Field("person_id", "id", "Whose teeth.", references="core.person"),
    Field("procedure", "category", "What was done.", codes="dental-procedure"),
    Field("tooth", "integer", "Universal number, 1 to 32."),
    Field("fee", "money", "What the dentist asks.", unit="USD", sum_of=("patient_pays", "plan_pays")),
    Field("patient_pays", "money", "The patient's share; all of it without coverage.", unit="USD"),
    Field("plan_pays", "money", "The plan's share.", unit="USD"),
), key=("visit_id",), description="Dental visits.")  # fmt: skip


def caries_care(lookup: str, context: Columns, draw: Draws) -> Columns:
    return Columns({"procedure": context.text("severity").recode({"mild": "cleaning", "severe": "crown"}.get)})


def fees(events: Events) -> NDArray[np.int64]:
    return events.parameters.text("procedure").map(FEES.get, np.int64, 0)


def spends(events: Events) -> Spending:
    """One line for each visit of somebody who is covered that day; `made` says which visits these are."""
    span = events.coverages.first(events.row, events.date)
    covered = np.flatnonzero(span >= 0)
    lines = PricedLines(
        claim=events.id[covered], number=np.ones(len(covered), np.int64), row=events.row[covered],
        coverage=span[covered], service=events.date[covered], moment=events.time[covered],
        kind=Text.constant("dental", len(covered)), network=np.zeros(len(covered), np.int64),
        allowed=fees(events)[covered],
    )  # fmt: skip
    return Spending(lines, made=covered, record="visit")


def visit(events: Events, settled: Settled) -> dict[str, Columns]:
    """One visit for each event, with its tooth and fee, and who pays it."""
    paid = np.zeros(len(events), np.int64)
    paid[settled.made] = settled.shares.paid
    fee = fees(events)
    columns = {
        "visit_id": events.id, "person_id": events.person, "procedure": events.parameters.text("procedure"),
        "tooth": events.draw.integers("tooth", 1, 33), "fee": fee, "patient_pays": fee - paid, "plan_pays": paid,
    }  # fmt: skip
    return {VISIT.name: Columns(columns)}


class VisitList:
    """Visits as delimited text: person, procedure, tooth."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self.file = destination.open("visits.txt")

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        visits = tables[VISIT.name]
        self.file.write(
            text.lines(
                text.whole(visits["person_id"]), "|", visits["procedure"], "|", text.whole(visits["tooth"]), "\n"
            )
        )

    def close(self) -> None:
        """Nothing is left to write."""


def read_list(folder: Path, truth: Truth) -> Iterator[Records]:
    """The lines of the file, by number, and what the table says they are."""
    names = ("person_id", "procedure", "tooth")
    lines = (folder / "visits.txt").read_text().splitlines()
    rows = [{"line": number, **dict(zip(names, line.split("|"), strict=True))} for number, line in enumerate(lines, 1)]
    said = pa.Table.from_pylist(rows, pa.schema([("line", pa.int64()), *((name, pa.string()) for name in names)]))
    columns = ", ".join(f"{name}::VARCHAR AS {name}" for name in names)
    yield Records(
        "visit", ["line"], said, truth.select(f'SELECT row_number() OVER () AS line, {columns} FROM "{VISIT.name}"')
    )


@hookimpl
def healthsim_profiles() -> Iterator[Profile]:
    severity = {"type": "categorical", "weights": {"mild": 0.8, "severe": 0.2}}
    who = {"demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}, "attributes": {"caries": severity}}
    adults = {"id": "dental-adults", **who, "journeys": ["dental-year"]}
    yield Profile("dental-adults", adults, description="Adults and the state of their teeth.")


@hookimpl
def healthsim_journeys() -> Iterator[Journey]:
    care = {"skill_ref": {"skill": "caries-care", "lookup": "treatment", "context": {"severity": "${entity.caries}"}}}
    steps = [
        {"event_id": name, "event_type": "dental_visit", "delay": delay, "probability": chance, "parameters": care}
        for name, delay, chance in (
            ("first", {"days": [0, 30], "weekdays": True}, 1.0),
            ("recall", {"days": [150, 210], "weekdays": True}, 0.7),
        )
    ]  # fmt: skip
    yield Journey(
        "dental-year",
        {"journey_id": "dental-year", "duration_days": 365, "events": steps},
        description="A year of dental care.",
    )


@hookimpl
def healthsim_benefits() -> Iterator[ServiceKind]:
    half = {"coinsurance": 0.5, "maximum": 1_500}
    yield ServiceKind("dental", usual={"Commercial": half, "Medicaid": {}}, description="A visit to a dentist.")


@hookimpl
def healthsim_event_handlers() -> Iterator[EventHandler]:
    yield EventHandler(
        "dental_visit", visit, writes=[VISIT], spends=spends,
        parameters=[Field("procedure", "category", "What is done.", codes="dental-procedure")],
    )  # fmt: skip


@hookimpl
def healthsim_code_systems() -> Iterator[CodeSystemOffer]:
    procedures = {"cleaning": "Cleaning", "crown": "Crown"}
    yield CodeSystemOffer(
        ValueSet(name="dental-procedure", title="dental procedure", source="DentalSim's own.", codes=procedures)
    )


@hookimpl
def healthsim_triggers() -> Iterator[Trigger]:
    yield Trigger(
        "dental_visit",
        "claim_professional",
        delay=(1, 5),
        where="procedure == 'crown'",
        parameters={"reason_code": "K02.9"},
    )


@hookimpl
def healthsim_skill_resolvers() -> Iterator[SkillResolver]:
    lookups = {"treatment": (("severity",), ("procedure",))}
    yield SkillResolver("caries-care", "1.0", caries_care, lookups, description="What caries of each severity needs.")


@hookimpl
def healthsim_output_formats() -> Iterator[OutputFormat]:
    yield OutputFormat(
        "dental_list",
        VisitList,
        needs=[VISIT.name],
        records=read_list,
        characters=Characters(r"|\x00-\x1f\x7f"),
        description="Dental visits, a line each.",
    )
