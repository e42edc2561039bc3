"""All of a trial's events, seen together: subject, visits, dosing, safety, measurements and disposition."""

from __future__ import annotations

from healthsim_core import Columns, Events, Field, Run
from trialsim import tables
from trialsim.handlers.disposition import disposition_table, eligibility_table, ending_of, subject_table
from trialsim.handlers.exposure import dosing_of, exposure_table
from trialsim.handlers.measurements import lab_table, measuring, vital_table
from trialsim.handlers.participation import participation
from trialsim.handlers.safety import adverse_event_table, deviation_table
from trialsim.handlers.visits import visit_table, visits_of
from trialsim.protocol import protocol_of

EVENT_TYPES = (
    "screening", "randomization", "withdrawal", "scheduled_visit", "unscheduled_visit", "adverse_event", "serious_adverse_event",
    "protocol_deviation", "dose_modification", "death",
)  # fmt: skip


AFTER = dict.fromkeys(set(EVENT_TYPES) - {"screening", "death"}, ("screening",)) | {"dose_modification": ("randomization",)}


def accepted(run: Run) -> dict[str, tuple[str, ...]]:
    """The arms that the protocol of the run has."""
    return {"arm": tuple(arm.code for arm in protocol_of(run).arms)}


PARAMETERS = (
    Field("a1c", "number", "screening: hemoglobin A1c at screening.", unit="%", nullable=True),
    Field("egfr", "number", "screening: estimated glomerular filtration rate.", unit="mL/min/1.73m2", nullable=True),
    Field("bmi", "number", "screening: body mass index.", unit="kg/m2", nullable=True),
    Field("height", "number", "screening: height.", unit="cm", nullable=True),
    Field("systolic", "number", "screening: systolic blood pressure.", unit="mm[Hg]", nullable=True),
    Field("diastolic", "number", "screening: diastolic blood pressure.", unit="mm[Hg]", nullable=True),
    Field("arm", "category", "randomization: arm code; null takes the arm from the randomisation list.", nullable=True),
    Field("visit_number", "number", "scheduled_visit: which planned visit; null takes the nearest.", nullable=True),
    Field("reason", "category", "withdrawal: why, in terms of NCOMPLT; unscheduled_visit: why.", nullable=True),
    Field("term", "category", "adverse_event, serious_adverse_event, protocol_deviation: what, in plain words.", nullable=True),
    Field("severity", "category", "adverse_event: mild, moderate or severe; null draws it.", nullable=True),
    Field("mild", "number", "adverse_event: share of mild ones.", nullable=True),
    Field("moderate", "number", "adverse_event: share of moderate ones.", nullable=True),
    Field("related", "number", "adverse_event: probability that the investigator holds it to be related.", nullable=True),
    Field("days", "number", "adverse_event: usual duration; dose_modification: days of an interruption.", unit="d", nullable=True),
    Field("seriousness", "category", "serious_adverse_event: hospitalization, life_threatening, ...", nullable=True),
    Field("action", "category", "dose_modification: reduced, interrupted or restored.", nullable=True),
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
