"""The tables that RxMemberSim writes."""

from __future__ import annotations

from healthsim_core import Field, Table

CARDHOLDER = Table(
    "rxmembersim.cardholder",
    (
        Field("coverage_id", "id", "The coverage."),
        Field("person_id", "id", "The person.", references="core.person"),
        Field("bin", "category", "Routes a claim to the processor: six digits, NCPDP field 101-A1."),
        Field("pcn", "category", "Processor control number, NCPDP field 104-A4."),
        Field("group_id", "category", "Group of the benefit, NCPDP field 301-C1."),
        Field("cardholder_id", "text", "The number on the pharmacy card, NCPDP field 302-C2; a household shares it."),
        Field("person_code", "category", "Three digits that tell a household's people apart, NCPDP field 303-C3."),
        Field("relationship_code", "category", "1 cardholder, 2 spouse, 3 child, 4 other: NCPDP field 306-C6."),
        Field("subscriber_id", "id", "Person who holds the coverage.", references="core.person"),
        Field("coverage_type", "category", "Commercial, Medicare or Medicaid.", codes="coverage-type"),
        Field("rank", "integer", "Order of payment: 1 pays first, 2 of what it leaves.", least=1, most=4),
        Field("plan", "category", "The plan that shares what is allowed between patient and payer."),
        Field("start_date", "date", "First day of the coverage."),
        Field("end_date", "date", "Last day of it; null while it goes on.", nullable=True),
    ),
    key=("coverage_id",),
    description=(
        "Pharmacy cards: one for each coverage of drugs that somebody has, or has had until it was taken back as a "
        "whole: that ends before it starts."
    ),
)

PRESCRIPTION = Table(
    "rxmembersim.prescription",
    (
        Field("prescription_id", "id", "The prescription: the event that brought it to the pharmacy."),
        Field("person_id", "id", "The patient.", references="core.person"),
        Field(
            "medication_request_id",
            "id",
            "The order behind it, where a clinic wrote one.",
            nullable=True,
            references="patientsim.medication_request",
        ),
        Field("prescription_number", "text", "The pharmacy's number for it: twelve digits, NCPDP field 402-D2."),
        Field("rxnorm", "category", "RxNorm concept of the drug.", nullable=True, codes="rxnorm"),
        Field("ndc", "category", "National Drug Code, eleven digits.", nullable=True, codes="ndc"),
        Field("description", "category", "The drug in words.", nullable=True),
        Field("drug_class", "category", "Therapeutic class.", nullable=True),
        Field("dose", "number", "Amount a dose.", nullable=True),
        Field("dose_unit", "category", "Unit of the dose.", nullable=True, codes="ucum"),
        Field("sig", "category", "Directions for the patient.", nullable=True),
        Field("days_supply", "integer", "Days that one fill lasts.", unit="days"),
        Field("quantity", "number", "Quantity of one fill."),
        Field("refills", "integer", "Refills authorized after the first fill: as ordered, as far as the law allows."),
        Field("written_date", "date", "When it was written."),
        Field("prescriber_npi", "category", "NPI of the prescriber.", nullable=True, codes="npi"),
        Field("pharmacy_npi", "category", "NPI of the pharmacy that holds it.", nullable=True, codes="npi"),
    ),
    key=("prescription_id",),
    description="Prescriptions as the pharmacy holds them.",
)

_CLAIM_MONEY = (
    Field("ingredient_cost", "money", "Ingredient cost submitted, NCPDP field 409-D9.", unit="USD"),
    Field("dispensing_fee", "money", "Dispensing fee submitted, NCPDP field 412-DC.", unit="USD"),
    Field(
        "gross_amount_due", "money", "Ingredient cost and dispensing fee, NCPDP field 430-DU.", unit="USD",
        sum_of=("ingredient_cost", "dispensing_fee"),
    ),
    Field(
        "allowed", "money", "What the benefit allows, patient and plan together; for cash, the pharmacy's price.",
        unit="USD",
        sum_of=("patient_pay", "plan_paid"),
    ),
    Field("deductible", "money", "Part of the patient's payment that goes to the deductible.", unit="USD"),
    Field("copay", "money", "Part of the patient's payment that is copayment.", unit="USD"),
    Field("coinsurance", "money", "Part of the patient's payment that is coinsurance.", unit="USD"),
    Field("not_covered", "money", "Part of the patient's payment that no benefit covers; for cash, all.", unit="USD"),
    Field(
        "patient_pay", "money", "What the claim leaves to the patient; a secondary claim may pay of it.", unit="USD",
        sum_of=("deductible", "copay", "coinsurance", "not_covered"),
    ),
    Field("plan_paid", "money", "What the plan pays.", unit="USD"),
    Field(
        "deductible_to_date", "money", "The person's deductible met in the plan year after this; null where nothing was"
        " adjudicated.", unit="USD", nullable=True,
    ),
    Field(
        "out_of_pocket_to_date", "money", "What the person has paid in the plan year after this; null where nothing was"
        " adjudicated.", unit="USD", nullable=True,
    ),
)  # fmt: skip

_DEDUCTIBLE = (
    Field(
        "deductible_met", "money", "What is met after this of the person's deductible, or of the family's where less is"
        " left of that, NCPDP field 512-FC; null where the plan has none, or nothing was adjudicated.", unit="USD",
        nullable=True,
    ),
    Field(
        "deductible_remaining", "money", "What is left of the same, NCPDP field 513-FD; null where that is.",
        unit="USD", nullable=True,
    ),
)  # fmt: skip

FILL = Table(
    "rxmembersim.fill",
    (
        Field("fill_id", "id", "The fill: one claim, whatever becomes of it, or a sale for cash."),
        Field("prescription_id", "id", "The prescription.", references="rxmembersim.prescription"),
        Field("person_id", "id", "The patient.", references="core.person"),
        Field(
            "coverage_id",
            "id",
            "The coverage that is billed; none where cash is paid.",
            nullable=True,
            references="rxmembersim.cardholder",
        ),
        Field(
            "cardholder_id", "text", "The card number as the pharmacy keyed it; null where cash is paid.", nullable=True
        ),
        Field("fill_number", "integer", "0 is the first fill, 1 the first refill, ...: NCPDP field 403-D3."),
        Field("ndc", "category", "National Drug Code, eleven digits.", nullable=True, codes="ndc"),
        Field("description", "category", "The drug in words.", nullable=True),
        Field(
            "drug_class", "category", "Therapeutic class as the formulary names it, else as prescribed.", nullable=True
        ),
        Field("days_supply", "integer", "Days that the fill lasts.", unit="days"),
        Field("quantity", "number", "Quantity dispensed."),
        Field("fill_date", "date", "Date of service."),
        Field("pharmacy_npi", "category", "NPI of the pharmacy.", nullable=True, codes="npi"),
        Field("prescriber_npi", "category", "NPI of the prescriber.", nullable=True, codes="npi"),
        Field("tier", "category", "Formulary tier: 1 to 5, or excluded.", nullable=True),
        Field(
            "usual_and_customary",
            "money",
            "What the pharmacy charges without insurance, NCPDP field 426-DQ.",
            unit="USD",
        ),
        *_CLAIM_MONEY,
        *_DEDUCTIBLE,
        Field(
            "dispensing_fee_paid",
            "money",
            "Part of what is allowed that is the fee for dispensing, NCPDP field 507-F7; "
            "0 where nothing was adjudicated.",
            unit="USD",
        ),
        Field(
            "status",
            "category",
            "Of a claim: paid, rejected, or reversed (paid first); of a sale: cash, returned, or refused by law.",
        ),
        Field("reject_code", "category", "NCPDP reject code of a rejected claim.", nullable=True),
        Field(
            "dur_code", "category", "Conflict found in the drug utilization review: DD, TD, ER, PA, SX.", nullable=True
        ),
        Field("dur_severity", "category", "contraindicated, major, moderate or minor.", nullable=True),
        Field("dur_with", "category", "The class that an interaction or a duplication is with.", nullable=True),
        Field("authorization_number", "text", "The processor's number for a paid claim.", nullable=True),
    ),
    key=("fill_id",),
    description=(
        "Fills: pharmacy claims as submitted and adjudicated, and what the uninsured buy for cash, of "
        "which no claim is made."
    ),
)

REVERSAL = Table(
    "rxmembersim.reversal",
    (
        Field("fill_id", "id", "The fill that it undoes; a fill is undone once.", references="rxmembersim.fill"),
        Field("reversal_id", "id", "The reversal."),
        Field("prescription_id", "id", "The prescription.", references="rxmembersim.prescription"),
        Field("person_id", "id", "The patient.", references="core.person"),
        Field("fill_number", "integer", "Number of the fill that it undoes."),
        Field("reversal_date", "date", "When it was submitted."),
        Field("reason", "category", "Why, in words.", nullable=True),
        *_CLAIM_MONEY,
    ),
    key=("fill_id",),
    description="Reversals: the amounts of the claim, negated, and the accumulators as they stand again.",
)

SECONDARY_CLAIM = Table(
    "rxmembersim.secondary_claim",
    (
        Field("claim_id", "id", "The claim."),
        Field("fill_id", "id", "The fill that is paid further.", references="rxmembersim.fill"),
        Field("person_id", "id", "The patient.", references="core.person"),
        Field("coverage_id", "id", "The coverage that is billed.", references="rxmembersim.cardholder"),
        Field("rank", "integer", "Order of payment of that coverage.", least=1, most=4),
        Field(
            "other_payer_paid", "money", "What the coverages before have paid, NCPDP field 431-DV.", unit="USD", least=0
        ),
        Field(
            "allowed", "money", "What the coverage before has left to the patient.", unit="USD", above=0,
            sum_of=("patient_pay", "plan_paid"),
        ),
        Field("deductible", "money", "Part of the patient's payment that goes to the deductible.", unit="USD"),
        Field("copay", "money", "Part of the patient's payment that is copayment.", unit="USD"),
        Field("coinsurance", "money", "Part of the patient's payment that is coinsurance.", unit="USD"),
        Field("not_covered", "money", "Part of the patient's payment that this benefit does not cover.", unit="USD"),
        Field(
            "patient_pay", "money", "What is left to the patient, or to the coverage after.", unit="USD",
            sum_of=("deductible", "copay", "coinsurance", "not_covered"),
        ),
        Field("plan_paid", "money", "What this plan pays.", unit="USD"),
        Field("deductible_to_date", "money", "The person's deductible met in the plan year after this.", unit="USD"),
        *_DEDUCTIBLE,
        Field("authorization_number", "text", "The processor's number for the claim."),
        Field("reversed", "boolean", "Whether a reversal of the fill undoes it."),
    ),
    key=("claim_id",),
    description=(
        "Claims to the coverages that pay after the one that a fill is billed to first, in order of payment, for "
        "what is left to the patient; none where nothing is."
    ),
)  # fmt: skip

THERAPY = Table(
    "rxmembersim.therapy",
    (
        Field("therapy_id", "id", "The event."),
        Field("person_id", "id", "The patient.", references="core.person"),
        Field("date", "date", "When."),
        Field("kind", "category", "start, change, discontinue, or mpr (the possession ratio was looked at)."),
        Field("drug_class", "category", "Therapeutic class.", nullable=True),
        Field("description", "category", "What it is, in words.", nullable=True),
        Field("reason", "category", "Why, in words.", nullable=True),
        Field(
            "mpr",
            "number",
            "Medication possession ratio: days supplied over days since the first fill, at most 1.",
            nullable=True,
        ),
        Field("threshold", "number", "The ratio that counts as adherent.", nullable=True),
        Field("adherence", "category", "adherent or non-adherent, where the ratio was looked at.", nullable=True),
    ),
    key=("therapy_id",),
    description="The course of treatment by drug class.",
)

ADHERENCE_GAP = Table(
    "rxmembersim.adherence_gap",
    (
        Field("gap_id", "id", "The event: it happens when the gap is over."),
        Field("person_id", "id", "The patient.", references="core.person"),
        Field("prescription_id", "id", "The prescription.", nullable=True, references="rxmembersim.prescription"),
        Field("drug_class", "category", "Therapeutic class.", nullable=True),
        Field("gap_days", "integer", "Days without the drug.", unit="days"),
        Field("start_date", "date", "First day without the drug."),
        Field("end_date", "date", "The day it was there again."),
    ),
    key=("gap_id",),
    description="Times without the drug between two fills.",
)
