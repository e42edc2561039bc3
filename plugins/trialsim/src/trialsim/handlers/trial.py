"""All of a trial's events, seen together: subject, visits, dosing, safety, measurements and disposition."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from healthsim_core import Columns, Events, Field, Run
from trialsim import tables
from trialsim.handlers.disposition import disposition_table, eligibility_table, ending_of, subject_table
from trialsim.handlers.exposure import dosing_of, exposure_table
from trialsim.handlers.measurements import lab_table, measuring, vital_table
from trialsim.handlers.participation import participation
from trialsim.handlers.safety import adverse_event_table, deviation_table
from trialsim.handlers.visits import visit_table, visits_of
from trialsim.protocol import DEFAULT, protocol_of, unnamed

EVENT_TYPES = (
    "screening", "randomization", "withdrawal", "scheduled_visit", "unscheduled_visit", "adverse_event",
    "serious_adverse_event",
    "protocol_deviation", "dose_modification", "death",
)  # fmt: skip


AFTER = dict.fromkeys(set(EVENT_TYPES) - {"screening", "death"}, ("screening",)) | {
    "dose_modification": ("randomization",)
}


def accepted(run: Run) -> dict[str, tuple[str, ...]]:
    """The arms that the protocol of the run has."""
    return {"arm": tuple(arm.code for arm in protocol_of(run).arms)}


def unnamed_protocol(events: Events, written: Mapping[str, Columns]) -> dict[str, int]:
    """How many subjects take part in the default protocol, as nothing names one."""
    subjects = len(written[tables.SUBJECT.name]["person_id"]) if tables.SUBJECT.name in written else 0
    text = f'subjects of a journey that names no protocol (parameters.protocol), taken into "{DEFAULT}"'
    return {text: subjects if unnamed(events.run) else 0}


def checked(events: Events, written: Mapping[str, Columns]) -> dict[tuple[str, str], tuple[int, int]]:
    """Whoever is dosed meets every criterion; consent comes before randomisation, and that before the first dose."""
    if tables.SUBJECT.name not in written:
        return {}
    subject, eligibility = written[tables.SUBJECT.name], written[tables.ELIGIBILITY.name]
    dosed = (
        np.unique(written[tables.EXPOSURE.name].array("person_id"))
        if tables.EXPOSURE.name in written
        else np.empty(0, np.int64)
    )
    asked, met = np.isin(eligibility.array("person_id"), dosed), eligibility.array("met")
    checks = {}
    for criterion in protocol_of(events.run).criteria:
        mine = asked & (eligibility["criterion_code"] == criterion.code)
        rule = f"every subject who is dosed meets {criterion.code} ({criterion.text})"
        checks[tables.EXPOSURE.name, rule] = int(np.sum(mine & ~met)), int(mine.sum())
    consent, randomized, first = (
        subject.array(name) for name in ("consent_date", "randomization_date", "first_dose_date")
    )
    wrong = (randomized < consent) | (first < randomized) | (np.isnat(randomized) & ~np.isnat(first))
    checks[tables.SUBJECT.name, "consent comes before randomisation, and that before the first dose"] = (
        int(wrong.sum()),
        len(wrong),
    )
    return checks


PARAMETERS = (
    Field("a1c", "number", "screening: hemoglobin A1c at screening.", unit="%", nullable=True, least=0),
    Field(
        "egfr",
        "number",
        "screening: estimated glomerular filtration rate.",
        unit="mL/min/1.73m2",
        nullable=True,
        least=0,
    ),
    Field("bmi", "number", "screening: body mass index.", unit="kg/m2", nullable=True, above=0),
    Field("height", "number", "screening: height.", unit="cm", nullable=True, above=0),
    Field("systolic", "number", "screening: systolic blood pressure.", unit="mm[Hg]", nullable=True, above=0),
    Field("diastolic", "number", "screening: diastolic blood pressure.", unit="mm[Hg]", nullable=True, above=0),
    Field("arm", "category", "randomization: arm code; null takes the arm from the randomisation list.", nullable=True),
    Field(
        "visit_number",
        "number",
        "scheduled_visit: which planned visit; null takes the nearest.",
        nullable=True,
        least=0,
    ),
    Field("reason", "category", "withdrawal: why, in terms of NCOMPLT; unscheduled_visit: why.", nullable=True),
    Field(
        "term",
        "category",
        "adverse_event, serious_adverse_event, protocol_deviation: what, in plain words.",
        nullable=True,
    ),
    Field(
        "severity",
        "category",
        "adverse_event: mild, moderate or severe; null draws it.",
        nullable=True,
        codes="trial-severity",
    ),
    Field("mild", "number", "adverse_event: share of mild ones.", nullable=True, least=0, most=1),
    Field("moderate", "number", "adverse_event: share of moderate ones.", nullable=True, least=0, most=1),
    Field(
        "related",
        "number",
        "adverse_event: probability that the investigator holds it to be related.",
        nullable=True,
        least=0,
        most=1,
    ),
    Field(
        "days",
        "number",
        "adverse_event: usual duration; dose_modification: days of an interruption.",
        unit="d",
        nullable=True,
        least=0,
    ),
    Field(
        "seriousness",
        "category",
        "serious_adverse_event: hospitalization, life_threatening, ...",
        nullable=True,
        codes="trial-seriousness",
    ),
    Field(
        "action",
        "category",
        "dose_modification: reduced, interrupted or restored.",
        nullable=True,
        codes="trial-dose-change",
    ),
    Field("category", "category", "protocol_deviation: kind of deviation.", nullable=True),
)


def trial(events: Events) -> dict[str, Columns]:
    """Every table of the chunk's subjects."""
    part = participation(events)
    if not len(part):
        return {}
    visits = visits_of(part)
    ending = ending_of(part, visits)
    dosing = dosing_of(part, visits, ending.date)
    epoch = dosing.visit_epoch(visits)
    measured = measuring(part, visits, dosing, epoch)
    written = {
        tables.SUBJECT.name: subject_table(part, visits, ending, dosing),
        tables.ELIGIBILITY.name: eligibility_table(part, ending),
        tables.VISIT.name: visit_table(part, visits, epoch),
        tables.EXPOSURE.name: exposure_table(part, dosing),
        tables.ADVERSE_EVENT.name: adverse_event_table(part, dosing, ending.date),
        tables.LAB.name: lab_table(measured),
        tables.VITAL.name: vital_table(measured),
        tables.DISPOSITION.name: disposition_table(part, ending, dosing),
        tables.DEVIATION.name: deviation_table(part, dosing),
    }
    return {name: columns for name, columns in written.items() if len(columns)}
