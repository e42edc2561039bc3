"""TrialSim's tables: the study's design, written once a run, and what happens to its subjects."""

from __future__ import annotations

from healthsim_core import Field, Table


def _study() -> Field:
    return Field("study_id", "category", "Study identifier.", references="trialsim.study")


def _subject() -> tuple[Field, ...]:
    return (
        Field(
            "usubjid",
            "category",
            "Unique subject identifier: study, site and subject number.",
            references="trialsim.subject",
        ),
        Field("person_id", "id", "The person.", references="core.person"),
    )


def _visit(nullable: bool = False) -> tuple[Field, ...]:
    return (
        Field(
            "visit_number",
            "number",
            "Number of the visit; unscheduled ones lie between two planned ones.",
            nullable=nullable,
        ),
        Field("visit", "category", "Name of the visit, one a number.", nullable=nullable),
    )


def _epoch() -> Field:
    return Field("epoch", "category", "SCREENING, TREATMENT or FOLLOW-UP.", nullable=True)


STUDY = Table(
    "trialsim.study",
    (
        Field("study_id", "text", "Study identifier."),
        Field("protocol", "category", "Name of the protocol."),
        Field("title", "text", "Title of the trial."),
        Field("sponsor", "category", "Sponsor."),
        Field("block_size", "integer", "Length of a block of the randomisation list."),
    ),
    key=("study_id",),
    description="The study.",
    person="",
)

ARM = Table(
    "trialsim.arm",
    (
        _study(),
        Field("arm_code", "category", "Arm code."),
        Field("arm", "category", "Arm."),
        Field("ratio", "integer", "Its share of the randomisation ratio."),
        Field("treatment", "category", "What is taken."),
        Field("dose", "number", "Dose a day; 0 is placebo."),
        Field("dose_unit", "category", "Unit of dose."),
    ),
    key=("study_id", "arm_code"),
    description="The arms.",
    person="",
)

ELEMENT = Table(
    "trialsim.element",
    (
        _study(),
        Field("element_code", "category", "Element code."),
        Field("element", "category", "Element."),
        Field("epoch", "category", "The epoch that it is part of."),
        Field("arm_code", "category", "The arm whose element it is; null for all arms.", nullable=True),
        Field("order", "integer", "Its place in the arm, of an element that repeats the first."),
        Field("repeats", "integer", "How often it comes in a row: the cycles of treatment; 1 where there are none."),
        Field("starts", "text", "Rule for its start."),
        Field("ends", "text", "Rule for its end."),
        Field("duration", "category", "Planned duration, ISO 8601."),
    ),
    key=("study_id", "element_code"),
    description="The elements from which arms are built.",
    person="",
)

VISIT_SCHEDULE = Table(
    "trialsim.visit_schedule",
    (
        _study(),
        Field("visit_number", "number", "Number of the visit."),
        Field("visit", "category", "Name of the visit."),
        Field(
            "role", "category", "screening, randomization, treatment, end_of_treatment, follow_up or early_termination."
        ),
        Field("day", "integer", "Planned study day; 1 is the first dose, there is no day 0.", nullable=True),
        Field("days_before", "integer", "Days that it may be early.", nullable=True),
        Field("days_after", "integer", "Days that it may be late.", nullable=True),
        Field("starts", "text", "Rule for its start."),
        Field("ends", "text", "Rule for its end."),
    ),
    key=("study_id", "visit"),
    description="The planned visits and their windows.",
    person="",
)

CRITERION = Table(
    "trialsim.criterion",
    (
        _study(),
        Field("criterion_code", "category", "Criterion code."),
        Field("criterion", "text", "The criterion in words."),
        Field("category", "category", "INCLUSION or EXCLUSION."),
        Field("variable", "category", "The value that it bounds.", nullable=True),
        Field("least", "number", "Least value with which a person may take part.", nullable=True),
        Field("most", "number", "Greatest value with which a person may take part.", nullable=True),
        Field("condition", "category", "The condition, ICD-10-CM, that it asks for or excludes.", nullable=True),
    ),
    key=("study_id", "criterion_code"),
    description="Criteria of inclusion and exclusion.",
    person="",
)

SITE = Table(
    "trialsim.site",
    (
        _study(),
        Field("site_id", "category", "Site number."),
        Field("county_fips", "category", "Five-digit county FIPS code.", nullable=True),
        Field("country", "category", "Country, ISO 3166 alpha-3."),
    ),
    key=("study_id", "site_id"),
    description="Research sites of the counties where people live.",
    person="",
)

SUMMARY = Table(
    "trialsim.summary",
    (
        _study(),
        Field("parameter_code", "category", "Trial summary parameter, short."),
        Field("sequence", "integer", "1 for the first value of a parameter."),
        Field("parameter", "category", "Trial summary parameter."),
        Field("value", "text", "Its value; null where it does not apply.", nullable=True),
    ),
    key=("study_id", "parameter_code", "sequence"),
    description="Trial summary parameters.",
    person="",
)

SUBJECT = Table(
    "trialsim.subject",
    (
        Field("usubjid", "text", "Unique subject identifier: study, site and subject number."),
        Field("person_id", "id", "The person.", references="core.person"),
        _study(),
        Field("site_id", "category", "Site number."),
        Field("subject_number", "text", "Subject number within the study: the namespace's code, then digits."),
        Field("status", "category", "screening, screen_failure, ongoing, completed or discontinued."),
        Field("consent_date", "date", "Informed consent."),
        Field("screening_date", "date", "Screening visit."),
        Field(
            "screen_failure_date",
            "date",
            "When it was known that the subject may not or will not take part.",
            nullable=True,
        ),
        Field(
            "screen_failure_reason",
            "category",
            "Code of the first criterion not met, or the subject's own decision.",
            nullable=True,
        ),
        Field("randomization_date", "date", "Randomisation.", nullable=True),
        Field("arm_code", "category", "Arm assigned at randomisation.", nullable=True),
        Field("arm", "category", "The arm in words.", nullable=True),
        Field("first_dose_date", "date", "First dose.", nullable=True),
        Field("last_dose_date", "date", "Last dose; null while treatment goes on.", nullable=True),
        Field("end_date", "date", "End of participation; null while it goes on.", nullable=True),
        Field("end_reason", "category", "COMPLETED, or why the subject left (CDISC codelist NCOMPLT).", nullable=True),
        Field("last_contact_date", "date", "Last visit or other contact known by as_of."),
        Field("death_date", "date", "Death during participation.", nullable=True),
        Field("age_at_consent", "integer", "Age at consent.", unit="years"),
    ),
    key=("usubjid",),
    description="Subjects, from consent on: the same people as everywhere, one row each, screen failures too.",
)

ELIGIBILITY = Table(
    "trialsim.eligibility",
    (
        *_subject(),
        Field("criterion_code", "category", "The criterion."),
        Field("met", "boolean", "Whether the person may take part as far as this criterion goes."),
        Field("assessed_date", "date", "Screening visit."),
    ),
    key=("usubjid", "criterion_code"),
    description="Every criterion, for every subject screened.",
)

VISIT = Table(
    "trialsim.visit",
    (
        *_subject(),
        *_visit(),
        Field("visit_id", "id", "Id of the event.", references="core.event"),
        Field("kind", "category", "The role in the schedule, or unscheduled."),
        Field("planned_day", "integer", "Planned study day.", nullable=True),
        Field("time", "datetime", "When it took place."),
        Field("reason", "category", "Why an unscheduled visit took place.", nullable=True),
        _epoch(),
    ),
    key=("usubjid", "visit"),
    description="Visits that took place.",
)

EXPOSURE = Table(
    "trialsim.exposure",
    (
        *_subject(),
        Field("start_date", "date", "First day of the interval."),
        Field("end_date", "date", "Last day of the interval; null while it goes on.", nullable=True),
        Field("treatment", "category", "What is taken."),
        Field("dose", "number", "Dose a day; 0 is placebo."),
        Field("dose_unit", "category", "Unit of dose."),
        Field("form", "category", "Dose form."),
        Field("frequency", "category", "How often."),
        Field("route", "category", "Route."),
        _epoch(),
    ),
    key=("usubjid", "start_date"),
    description="Intervals of constant dose; an interruption is a gap between two.",
)

ADVERSE_EVENT = Table(
    "trialsim.adverse_event",
    (
        Field("adverse_event_id", "id", "Id of the event.", references="core.event"),
        *_subject(),
        Field("term", "category", "What was reported, in plain words."),
        Field("severity", "category", "How severe it was.", codes="trial-severity"),
        Field("serious", "boolean", "Whether it was serious."),
        Field("seriousness", "category", "Why it was serious.", nullable=True, codes="trial-seriousness"),
        Field("related", "boolean", "Whether the investigator held it to be related to the study drug."),
        Field("action", "category", "Action taken with the study drug.", codes="trial-action"),
        Field("outcome", "category", "Outcome.", codes="trial-outcome"),
        Field("start_date", "date", "Onset."),
        Field("end_date", "date", "Resolution; null where it had not resolved.", nullable=True),
        _epoch(),
    ),
    key=("adverse_event_id",),
    description="Adverse events from consent on, serious ones too.",
)

_MEASURED = (
    *_subject(),
    *_visit(),
    Field("test_code", "category", "Test code (CDISC)."),
    Field("test", "category", "Test."),
    Field("time", "datetime", "Time of the specimen or measurement."),
    Field("value", "number", "Result in the unit of report."),
    Field("unit", "category", "Unit of report."),
)

LAB = Table(
    "trialsim.lab",
    (
        *_MEASURED,
        Field("loinc", "category", "LOINC code."),
        Field("category", "category", "CHEMISTRY or HEMATOLOGY."),
        Field("specimen", "category", "Specimen."),
        Field("fasting", "category", "Y or N."),
        Field("low", "number", "Lower limit of the reference range.", nullable=True),
        Field("high", "number", "Upper limit of the reference range.", nullable=True),
        Field("indicator", "category", "LOW, NORMAL or HIGH."),
        Field("standard_value", "number", "Result in the standard unit."),
        Field("standard_unit", "category", "Standard unit."),
        Field("standard_low", "number", "Lower limit in the standard unit.", nullable=True),
        Field("standard_high", "number", "Upper limit in the standard unit.", nullable=True),
        Field("baseline", "boolean", "Whether it is the last result before the first dose."),
        _epoch(),
    ),
    key=("usubjid", "visit", "test_code"),
    description="Laboratory results of the trial's visits.",
)

VITAL = Table(
    "trialsim.vital",
    (
        *_MEASURED,
        Field("position", "category", "Position of the subject.", nullable=True),
        Field("baseline", "boolean", "Whether it is the last result before the first dose."),
        _epoch(),
    ),
    key=("usubjid", "visit", "test_code"),
    description="Vital signs of the trial's visits.",
)

DISPOSITION = Table(
    "trialsim.disposition",
    (
        *_subject(),
        Field("term", "category", "Milestone or disposition, as reported."),
        Field("decoded_term", "category", "The same in controlled terms."),
        Field("category", "category", "PROTOCOL MILESTONE or DISPOSITION EVENT."),
        Field("date", "date", "When."),
        _epoch(),
    ),
    key=("usubjid", "category", "decoded_term"),
    description="Consent, randomisation, and how participation ended.",
)

DEVIATION = Table(
    "trialsim.deviation",
    (
        Field("deviation_id", "id", "Id of the event.", references="core.event"),
        *_subject(),
        Field("term", "category", "What happened, in words."),
        Field("category", "category", "Kind of deviation."),
        Field("date", "date", "When."),
        _epoch(),
    ),
    key=("deviation_id",),
    description="Protocol deviations.",
)

DESIGN_TABLES = (STUDY, ARM, ELEMENT, VISIT_SCHEDULE, CRITERION, SITE, SUMMARY)
SUBJECT_TABLES = (SUBJECT, ELIGIBILITY, VISIT, EXPOSURE, ADVERSE_EVENT, LAB, VITAL, DISPOSITION, DEVIATION)
TABLES = (*DESIGN_TABLES, *SUBJECT_TABLES)
