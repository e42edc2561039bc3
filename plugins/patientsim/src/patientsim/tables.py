"""PatientSim's tables. Identifiers are those of the events behind the rows, so every product names a visit alike."""

from __future__ import annotations

from healthsim_core import Field, Table


def _person() -> Field:
    return Field("person_id", "id", "The patient.", references="core.person")


def _encounter(description: str = "The encounter it belongs to.") -> Field:
    return Field("encounter_id", "id", description, nullable=True, references="patientsim.encounter")


def _provider(description: str) -> Field:
    return Field("provider_npi", "category", description, nullable=True, codes="npi")


PATIENT = Table(
    "patientsim.patient",
    (
        _person(),
        Field("mrn", "text", "Medical record number: the person's id, zero-padded."),
        Field("registered", "datetime", "When the chart was opened: the start of the run, or a newborn's birth."),
        Field("deceased_date", "date", "Date of death, where it is not after the run's as_of.", nullable=True),
        Field("deceased_time", "datetime", "Moment of death, where there is a date.", nullable=True),
        Field("general_practitioner_npi", "category", "Primary care provider.", nullable=True, codes="npi"),
        Field("managing_organization_npi", "category", "The patient's usual hospital.", nullable=True, codes="npi"),
    ),
    key=("person_id",),
    description="Patients: names, addresses and the rest stand in core.person.",
)

ENCOUNTER = Table(
    "patientsim.encounter",
    (
        Field(
            "encounter_id",
            "id",
            "Id of the encounter, or of the stay's admission.",
            references="core.event",
        ),
        _person(),
        Field("class", "category", "HL7 v3 ActEncounterCode: AMB, EMER, VR, HH or IMP.", codes="encounter-class"),
        Field("type", "category", "Kind of visit or stay, in words.", nullable=True),
        Field("status", "category", "finished, or in-progress where it is not over by as_of."),
        Field("start", "datetime", "Begin of the visit or stay."),
        Field("end", "datetime", "End; null while in progress.", nullable=True),
        Field(
            "reason_code",
            "category",
            "ICD-10-CM reason for the visit; of a stay the principal diagnosis as its discharge says, until then "
            "as its admission does.",
            nullable=True,
            codes="icd-10-cm",
        ),
        Field("reason_description", "category", "The reason in words.", nullable=True),
        Field(
            "secondary_code",
            "category",
            "Second ICD-10-CM code, said with the first.",
            nullable=True,
            codes="icd-10-cm",
        ),
        Field("secondary_description", "category", "The second code in words.", nullable=True),
        Field(
            "admitting_code",
            "category",
            "ICD-10-CM diagnosis that the admission says. Stays only.",
            nullable=True,
            codes="icd-10-cm",
        ),
        Field("admitting_description", "category", "The admitting diagnosis in words.", nullable=True),
        Field(
            "admitting_secondary_code",
            "category",
            "Second ICD-10-CM code that the admission says.",
            nullable=True,
            codes="icd-10-cm",
        ),
        Field("admitting_secondary_description", "category", "That second code in words.", nullable=True),
        Field(
            "specialty",
            "category",
            "Specialty of the service, such as family_medicine.",
            nullable=True,
            codes="specialty",
        ),
        _provider("Attending clinician."),
        Field("facility_npi", "category", "Organization where it takes place.", nullable=True, codes="npi"),
        Field(
            "place_of_service",
            "category",
            "CMS place-of-service code, two digits.",
            nullable=True,
            codes="place-of-service",
        ),
        Field(
            "admission_type",
            "category",
            "UB-04 type of admission: 1 to 4. Stays only.",
            nullable=True,
            codes="admission-type",
        ),
        Field(
            "discharge_disposition",
            "category",
            "UB-04 patient status: 01 is home, 20 died. Ended stays; of visits, emergency ones that end with an "
            "admission (09) or a death.",
            nullable=True,
            codes="discharge-disposition",
        ),
        Field("drg", "category", "MS-DRG. Ended stays only.", nullable=True, codes="ms-drg"),
    ),
    key=("encounter_id",),
    description="Visits, and hospital stays: admission and discharge make one row.",
)

TRANSFER = Table(
    "patientsim.transfer",
    (
        Field("transfer_id", "id", "Id of the event.", references="core.event"),
        _person(),
        Field("encounter_id", "id", "The stay.", references="patientsim.encounter"),
        Field("time", "datetime", "When the patient is moved."),
        Field("unit", "category", "The unit moved to.", nullable=True),
        Field(
            "from_unit", "category", "The unit moved from, where a transfer or the admission names it.", nullable=True
        ),
    ),
    key=("transfer_id",),
    description="Moves from unit to unit within a stay.",
)

CONDITION = Table(
    "patientsim.condition",
    (
        Field("condition_id", "id", "The condition."),
        _person(),
        _encounter("The encounter in which it was diagnosed; null for the problem list."),
        Field("code", "category", "Billable ICD-10-CM code.", codes="icd-10-cm"),
        Field("description", "category", "The code in words.", nullable=True),
        Field("severity", "category", "Severity or control.", nullable=True, codes="severity"),
        Field("clinical_status", "category", "active, inactive where a later diagnosis corrects it, or resolved."),
        Field("category", "category", "problem-list-item or encounter-diagnosis."),
        Field("onset_date", "date", "When it began.", nullable=True),
        Field("recorded_date", "date", "When it was written into the chart."),
        Field(
            "recorded_time",
            "datetime",
            "Moment of a diagnosis made during the run; null for the problem list.",
            nullable=True,
        ),
    ),
    key=("condition_id",),
    description="Problem list (what people have when the run starts) and diagnoses made during it.",
)

OBSERVATION = Table(
    "patientsim.observation",
    (
        Field("observation_id", "id", "Id of the event.", references="core.event"),
        _person(),
        _encounter(),
        Field("lab_order_id", "id", "The order of a result.", nullable=True, references="patientsim.lab_order"),
        Field("category", "category", "laboratory or vital-signs."),
        Field("loinc", "category", "LOINC code.", codes="loinc"),
        Field("description", "category", "What was measured, in words.", nullable=True),
        Field("value", "number", "The result, rounded as it is reported.", nullable=True),
        Field("unit", "category", "UCUM unit of value, low, high and second_value.", nullable=True, codes="ucum"),
        Field(
            "second_loinc",
            "category",
            "LOINC code of the second value: a diastolic blood pressure.",
            nullable=True,
            codes="loinc",
        ),
        Field("second_description", "category", "The second value in words.", nullable=True),
        Field("second_value", "number", "The second value.", nullable=True),
        Field("low", "number", "Lower limit of the reference range.", nullable=True),
        Field("high", "number", "Upper limit of the reference range.", nullable=True),
        Field("interpretation", "category", "N, H or L against the reference range.", nullable=True),
        Field("effective", "datetime", "When the specimen was taken or the sign measured."),
        Field("issued", "datetime", "When the result was available."),
        _provider("Clinician who ordered or measured it."),
    ),
    key=("observation_id",),
    description="Laboratory results and vital signs.",
)

PROCEDURE = Table(
    "patientsim.procedure",
    (
        Field("procedure_id", "id", "The procedure."),
        _person(),
        _encounter(),
        Field("code", "category", "The code in its system.", codes="[system]"),
        Field("system", "category", "ICD-10-PCS, HCPCS or CVX.", codes="procedure-system"),
        Field("description", "category", "The code in words.", nullable=True),
        Field("performed", "datetime", "When it was performed."),
        _provider("Clinician who performed it."),
    ),
    key=("procedure_id",),
    description="Procedures, and immunizations (system CVX).",
)

MEDICATION_REQUEST = Table(
    "patientsim.medication_request",
    (
        Field("medication_request_id", "id", "Id of the event.", references="core.event"),
        _person(),
        _encounter(),
        Field("rxnorm", "category", "RxNorm RXCUI.", nullable=True, codes="rxnorm"),
        Field("ndc", "category", "NDC, 11 digits.", nullable=True, codes="ndc"),
        Field("description", "category", "Drug, strength and form."),
        Field("drug_class", "category", "Drug class.", nullable=True),
        Field("dose", "number", "Amount a dose.", nullable=True),
        Field("dose_unit", "category", "UCUM unit of dose.", nullable=True, codes="ucum"),
        Field("sig", "category", "Directions.", nullable=True),
        Field("days_supply", "integer", "Days that one fill lasts.", unit="d", nullable=True),
        Field("quantity", "number", "Units dispensed a fill.", nullable=True),
        Field("refills", "integer", "Refills authorised.", nullable=True),
        Field("status", "category", "active, or completed where supply and refills are used up by as_of."),
        Field("authored", "datetime", "When it was written."),
        _provider("Prescriber."),
    ),
    key=("medication_request_id",),
    description="Medication orders.",
)

LAB_ORDER = Table(
    "patientsim.lab_order",
    (
        Field("lab_order_id", "id", "Id of the event.", references="core.event"),
        _person(),
        _encounter(),
        Field("loinc", "category", "LOINC code of the test.", codes="loinc"),
        Field("description", "category", "The test in words.", nullable=True),
        Field("authored", "datetime", "When it was ordered."),
        _provider("Clinician who ordered it."),
    ),
    key=("lab_order_id",),
    description="Laboratory orders.",
)

REFERRAL = Table(
    "patientsim.referral",
    (
        Field("referral_id", "id", "Id of the event.", references="core.event"),
        _person(),
        _encounter(),
        Field("specialty", "category", "Specialty referred to.", nullable=True, codes="specialty"),
        Field("reason_code", "category", "ICD-10-CM reason.", nullable=True, codes="icd-10-cm"),
        Field("description", "category", "The reason in words.", nullable=True),
        Field("status", "category", "active, or completed where a visit that it led to has begun by as_of."),
        Field("authored", "datetime", "When it was written."),
        _provider("Clinician who referred."),
    ),
    key=("referral_id",),
    description="Referrals to specialists.",
)

CARE_PLAN = Table(
    "patientsim.care_plan",
    (
        Field("care_plan_id", "id", "Id of the event.", references="core.event"),
        _person(),
        _encounter(),
        Field("description", "category", "What was agreed, in words.", nullable=True),
        Field("created", "datetime", "When it was agreed."),
        _provider("Clinician who agreed it."),
    ),
    key=("care_plan_id",),
    description="Care plans and their revisions.",
)

TABLES = (
    PATIENT,
    ENCOUNTER,
    TRANSFER,
    CONDITION,
    OBSERVATION,
    PROCEDURE,
    MEDICATION_REQUEST,
    LAB_ORDER,
    REFERRAL,
    CARE_PLAN,
)
