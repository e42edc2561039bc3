"""The tables every product shares: people, their conditions, and the timeline of what happened to them."""

from __future__ import annotations

from healthsim_core.tables import Field, Table

PERSON = Table(
    "core.person",
    (
        Field("person_id", "id", "The person, in every product and format."),
        Field("household_id", "id", "The household; people of one household share address and plan."),
        Field("role", "category", "Role in the household: subscriber, spouse, dependent, newborn, individual."),
        Field("subscriber_id", "id", "Person who holds the coverage.", references="core.person"),
        Field("first_name", "category", "Given name."),
        Field("last_name", "category", "Family name."),
        Field("sex", "category", "Administrative sex: F or M.", codes="sex"),
        Field("birth_date", "date", "Date of birth."),
        Field("age", "integer", "Age at the start of the run; 0 for somebody born during it.", unit="years"),
        Field("death_date", "date", "Date of death.", nullable=True),
        Field("race", "category", "OMB race category: white, black, asian, aian, nhpi, multiple, other.", codes="race"),
        Field("ethnicity", "category", "hispanic or not_hispanic.", codes="ethnicity"),
        Field("language", "category", "Preferred language, ISO 639-1.", codes="language"),
        Field("address", "text", "Street address."),
        Field("city", "category", "City."),
        Field("state", "category", "Two-letter state."),
        Field("zip", "category", "Five-digit ZIP code."),
        Field("county_fips", "category", "Five-digit county FIPS code."),
        Field("phone", "text", "Telephone, ten digits, exchange 555-01xx of the fictional range."),
        Field("email", "text", "E-mail in an example domain."),
        Field("ssn", "text", "Nine digits of a range never issued.", nullable=True),
        Field("member_number", "text", "The number on the insurance card; the household's people share it."),
        Field("coverage_type", "category", "Medicare, Medicaid, Commercial or uninsured.", codes="coverage-type"),
        Field(
            "plan",
            "category",
            "Kind of plan: PPO, HMO, HDHP, Medicare Advantage, ...; null for the uninsured.",
            nullable=True,
        ),
        Field("conditions", "category", "Billable ICD-10-CM codes at the start, space-separated.", nullable=True),
        Field("severity", "category", "Severity of the primary condition.", nullable=True),
        Field("pcp_npi", "category", "NPI of the primary care provider.", nullable=True),
        Field("pharmacy_npi", "category", "NPI of the usual pharmacy.", nullable=True),
        Field("hospital_npi", "category", "NPI of the usual hospital.", nullable=True),
    ),
    key=("person_id",),
    description="One row a person. Attributes that a profile adds (lab values, custom ones) follow as columns.",
)

CONDITION = Table(
    "core.condition",
    (
        Field("person_id", "id", "The person.", references="core.person"),
        Field(
            "category", "category", "The condition as the profile names it, such as E11.", codes="icd-10-cm-category"
        ),
        Field(
            "code",
            "category",
            "ICD-10-CM code: billable, or as an event says it of what nobody has found.",
            codes="icd-10-cm-category",
        ),
        Field("description", "category", "The code in words.", nullable=True),
        Field("severity", "category", "Severity.", nullable=True),
        Field("onset_date", "date", "When it first began, never before birth."),
        Field(
            "diagnosis_date",
            "date",
            "When it was first found, for the profile's conditions their onset; null where nobody knows of it.",
            nullable=True,
        ),
        Field("end_date", "date", "When something ended it; null while it lasts.", nullable=True),
        Field("primary", "boolean", "Whether it is the profile's primary condition."),
        Field(
            "event_id",
            "id",
            "The event that began it, or found what nobody knew of; null for the profile's conditions.",
            nullable=True,
            references="core.event",
        ),
    ),
    key=("person_id", "code"),
    description="What ails people: what they have when the run starts, and what begins or is found in it.",
)

EVENT = Table(
    "core.event",
    (
        Field("event_id", "id", "The event, in every product and format."),
        Field("person_id", "id", "Whom it happens to.", references="core.person"),
        Field("time", "datetime", "When it happens (local civil time)."),
        Field("event_type", "category", "encounter, diagnosis, lab_order, claim_professional, ..."),
        Field("journey", "category", "The journey it belongs to."),
        Field("node", "category", "The journey's event, or the chain of triggers that led to it."),
        Field("occurrence", "integer", "0 for the first, 1 for the next of a repeated event."),
        Field("label", "category", "What it is, in words.", nullable=True),
        Field(
            "cause_id",
            "id",
            "The event that it depends on or that triggered it.",
            nullable=True,
            references="core.event",
        ),
        Field("provider_npi", "category", "Clinician.", nullable=True),
        Field("facility_npi", "category", "Organization where it takes place.", nullable=True),
    ),
    key=("event_id",),
    description="The timeline: everything that happens to everybody, sorted by person and time.",
)

MEASURE = Table(
    "core.measure",
    (
        Field("person_id", "id", "The person.", references="core.person"),
        Field(
            "event_id",
            "id",
            "The event that measures it; null for what a product measures at times of its own.",
            nullable=True,
            references="core.event",
        ),
        Field("measure", "category", "The measure as a skill declares it, such as a1c."),
        Field("time", "datetime", "When it is measured (local civil time)."),
        Field("value", "number", "The measured value."),
        Field("true_value", "number", "The true value at that moment."),
        Field("unit", "category", "Unit of both values.", codes="ucum"),
    ),
    key=("person_id", "time", "measure", "event_id"),
    description="The true value beside each measured one, sorted by person and time; only with `--truth`.",
)

CORE_TABLES = (PERSON, CONDITION, EVENT)
