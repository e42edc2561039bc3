"""MemberSim's tables: payers, members, coverage, claims with their lines and diagnoses, accumulators, care gaps.

On every adjudicated claim and line, to the cent: billed = paid + member_share + adjustment, with
member_share = deductible + copay + coinsurance + not_covered and allowed = paid + member_share (a denied one has
allowed 0).
Amounts of a claim are the sums of its lines.
"""

from __future__ import annotations

from healthsim_core import Field, Table


def _person(description: str = "The member.") -> Field:
    return Field("person_id", "id", description, references="core.person")


def _npi(name: str, description: str) -> Field:
    return Field(name, "category", description, nullable=True, codes="npi")


def _adjudicated(lines: str = "") -> tuple[Field, ...]:
    """The amounts of a line, or of a claim as the sum of its `lines`;
    all but the charge are null while the claim is pending."""

    def amount(name: str, description: str, *parts: str, nullable: bool = True) -> Field:
        return Field(
            name, "money", description, unit="USD", nullable=nullable, sum_of=(f"{lines}.{name}",) if lines else parts
        )

    return (
        amount("billed", "Charge.", nullable=False),
        amount("allowed", "Allowed amount, 0 where denied; what a payer before has left.", "member_share", "paid"),
        amount("deductible", "Deductible (PR-1)."),
        amount("coinsurance", "Coinsurance (PR-2)."),
        amount("copay", "Copay (PR-3)."),
        amount("not_covered", "What the plan does not cover, penalties among it (group PR); no limit counts it."),
        amount(
            "member_share",
            "What the member owes: the four before together (group PR).",
            "deductible",
            "coinsurance",
            "copay",
            "not_covered",
        ),
        amount("adjustment", "What neither pays, under adjustment_group and adjustment_reason."),
        amount("paid", "What the payer pays."),
        Field("adjustment_group", "category", "Group of `adjustment`: CO; OA after another payer.", nullable=True),
        Field(
            "adjustment_reason",
            "category",
            "Reason of `adjustment`: 45 where paid, 23 (settled by payers before), else the denial's.",
            nullable=True,
        ),
    )


PAYER = Table(
    "membersim.payer",
    (
        Field("payer_id", "text", "Payer identifier, fictional."),
        Field("name", "text", "Name."),
        Field("kind", "category", "commercial, medicare, medicare_advantage, medicaid or managed_medicaid."),
        Field("tax_id", "category", "Nine digits, never issued.", nullable=True),
        Field("address", "category", "Street address."),
        Field("city", "category", "City."),
        Field("state", "category", "Two-letter state."),
        Field("zip", "category", "Five-digit ZIP code."),
        Field("phone", "category", "Telephone, ten digits of the fictional range."),
    ),
    key=("payer_id",),
    description="Health plans and public programs; all but the public programs are invented.",
    person="",
)

MEMBER = Table(
    "membersim.member",
    (
        _person(),
        Field(
            "subscriber_id",
            "id",
            "Person who holds the coverage; the member, where that is so.",
            references="core.person",
        ),
        Field(
            "member_number",
            "text",
            "Number on the card; a family's members share it, dependent_suffix tells them apart.",
        ),
        Field("dependent_suffix", "category", "00 the subscriber, 01, 02, ... the dependents."),
        Field("relationship", "category", "To the subscriber: self, spouse or child."),
        Field("relationship_code", "category", "The same as X12 individual relationship: 18, 01 or 19."),
        Field("tier", "category", "EMP, ESP, ECH or FAM."),
        Field("group_number", "category", "Group of the sponsor; null for public programs.", nullable=True),
        Field("sponsor_name", "category", "Employer or program that sponsors the coverage."),
        Field("enrollment_date", "date", "First day of the first coverage."),
        _npi("pcp_npi", "Primary care provider."),
    ),
    key=("person_id",),
    description="Everybody who is covered at some time of the run. Names and addresses stand in core.person.",
)

COVERAGE = Table(
    "membersim.coverage",
    (
        Field("coverage_id", "id", "The span of coverage."),
        _person(),
        Field("subscriber_id", "id", "Person who holds the coverage.", references="core.person"),
        Field("payer_id", "category", "Payer.", references="membersim.payer"),
        Field("member_number", "text", "Number on the card."),
        Field("dependent_suffix", "category", "00 of who holds the coverage, 01, 02, ... of the others."),
        Field("relationship", "category", "To the subscriber: self, spouse or child."),
        Field("relationship_code", "category", "X12 individual relationship: 18, 01 or 19."),
        Field("rank", "integer", "Order of payment: 1 pays first, 2 of what it leaves.", least=1, most=4),
        Field(
            "coverage_type",
            "category",
            "Medicare, Medicaid or Commercial; of rank 1 the person's.",
            codes="coverage-type",
        ),
        Field("plan", "category", "Kind of plan: PPO, HMO, HDHP, Original Medicare, ..."),
        Field("insurance_line", "category", "X12 insurance line code (HD03).", codes="insurance-line"),
        Field("group_number", "category", "Group of the sponsor.", nullable=True),
        Field("sponsor_name", "category", "Sponsor: employer, state agency or CMS."),
        Field("tier", "category", "EMP, ESP, ECH, FAM, or IND where each member holds it alone."),
        Field("start_date", "date", "First covered day."),
        Field("end_date", "date", "Last covered day; null while it goes on.", nullable=True),
        Field("status", "category", "active or terminated, as of the run's as_of."),
        Field(
            "start_reason",
            "category",
            "X12 maintenance reason (INS04) of its begin: 28, 02 (birth), 22 (plan change), 41.",
        ),
        Field(
            "end_reason",
            "category",
            "X12 maintenance reason (INS04) of its end: 07, 03 (death), 22, ...",
            nullable=True,
        ),
    ),
    key=("coverage_id",),
    description="Spans of coverage, without overlap of those of one rank.",
)

CLAIM = Table(
    "membersim.claim",
    (
        Field("claim_id", "id", "The claim; the patient control number in X12. Of what is paid first, its event's id."),
        Field("event_id", "id", "The claim's event: claims for one service share it.", references="core.event"),
        Field("payer_order", "category", "In which order it is paid (SBR01): P first, S second, T third, A fourth."),
        Field("primary_claim_id", "id", "The claim that was paid first; null for it.", nullable=True,
              references="membersim.claim"),
        _person("The patient."),
        Field("subscriber_id", "id", "Person who holds the coverage.", references="core.person"),
        Field("coverage_id", "id", "Who pays: coverage on the first day of service.", references="membersim.coverage"),
        Field("payer_id", "category", "Payer.", references="membersim.payer"),
        Field("plan", "category", "Kind of plan."),
        Field("type", "category", "P professional, I institutional, R pharmacy."),
        Field("encounter_id", "id", "The encounter or admission; null for a claim without one.", nullable=True,
              references="core.event"),
        Field("payer_claim_number", "text", "The payer's control number of the claim."),
        Field("filing_indicator", "category", "X12 claim filing indicator (SBR09, CLP06).", codes="claim-filing"),
        Field("service_from", "date", "First day of service; day of admission."),
        Field("service_to", "date", "Last day of service; day of discharge."),
        Field("admission_time", "datetime", "Admission. Institutional only.", nullable=True),
        Field("discharge_time", "datetime", "Discharge. Institutional only.", nullable=True),
        Field("received_date", "date", "When the payer received it."),
        Field("paid_date", "date", ("When it was adjudicated and the remittance sent, a business day; null while "
                                    "pending."), nullable=True),
        Field("status", "category", "paid, denied, pending, or reversed: paid, and taken back."),
        Field("reversed_date", "date", "When it was taken back, a business day: its amounts are those that were paid "
              "until then.", nullable=True),
        Field("denial_reason", "category", "Claim adjustment reason of the denial.", nullable=True),
        Field("network", "category", "in or out: whether the billing provider is in the plan's network."),
        Field("place_of_service", "category", "CMS place of service. Professional only.", nullable=True,
              codes="place-of-service"),
        Field("specialty", "category", "Specialty of the service.", nullable=True, codes="specialty"),
        Field("bill_type", "category", "Facility, care and frequency in three digits: 111. Institutional only.",
              nullable=True),
        Field("admission_type", "category", "Type of admission: 1 to 4. Institutional only.", nullable=True,
              codes="admission-type"),
        Field("admission_source", "category", "Point of origin. Institutional only.", nullable=True),
        Field("discharge_status", "category", "Patient status: 01 is home. Stays only.", nullable=True,
              codes="discharge-disposition"),
        Field("drg", "category", "MS-DRG, three digits. Institutional only.", nullable=True, codes="ms-drg"),
        Field("principal_diagnosis", "category", "ICD-10-CM code with its dot; null for pharmacy.", nullable=True,
              codes="icd-10-cm"),
        Field("admitting_diagnosis", "category", "ICD-10-CM code with its dot. Institutional only.", nullable=True,
              codes="icd-10-cm"),
        Field("principal_procedure", "category", "ICD-10-PCS code. Institutional only.", nullable=True,
              codes="icd-10-pcs"),
        Field("procedure_date", "date", "Date of the principal procedure.", nullable=True),
        _npi("billing_npi", "Organization that bills and is paid."),
        _npi("rendering_npi", "Clinician who rendered the service; attending physician of a stay."),
        _npi("facility_npi", "Organization where the service took place."),
        *_adjudicated("membersim.claim_line"),
        Field("lines", "integer", "Number of lines."),
        Field(
            "trace_number", "text",
            "Payment (check or EFT) that settles it: claims of one household, payer, payee and day share it; null "
            "while pending.",
            nullable=True,
        ),
        Field("reversal_trace_number", "text", "Payment by which it was taken back.", nullable=True),
    ),
    key=("claim_id",),
    description="Claims, professional, institutional and pharmacy, with what became of them.",
)  # fmt: skip

CLAIM_LINE = Table(
    "membersim.claim_line",
    (
        Field("claim_id", "id", "The claim.", references="membersim.claim"),
        Field("line", "integer", "1 for the first."),
        _person("The patient."),
        Field("service_date", "date", "Day of service."),
        Field(
            "service_code",
            "category",
            "HCPCS code, or NDC of a pharmacy claim; null for revenue lines without one.",
            nullable=True,
        ),
        Field("code_system", "category", "HCPCS or NDC, where there is a code.", nullable=True),
        Field("revenue_code", "category", "Four-digit revenue code. Institutional only.", nullable=True),
        Field("units", "number", "Units (UN), or days of a room (DA)."),
        Field("unit_code", "category", "UN or DA."),
        Field(
            "diagnosis_pointers",
            "category",
            "Sequences of the claim's diagnoses, such as 1:2. Professional only.",
            nullable=True,
        ),
        Field(
            "place_of_service",
            "category",
            "CMS place of service. Professional only.",
            nullable=True,
            codes="place-of-service",
        ),
        *_adjudicated(),
        Field(
            "not_covered_reason",
            "category",
            "Claim adjustment reason of `not_covered`, of two that of the greater amount: 96 a service that the plan "
            "does not cover, 119 what lies above its maximum of the year, 197 the penalty of a stay not authorized.",
            nullable=True,
        ),
    ),
    key=("claim_id", "line"),
    description="Lines of claims.",
)

CLAIM_DIAGNOSIS = Table(
    "membersim.claim_diagnosis",
    (
        Field("claim_id", "id", "The claim.", references="membersim.claim"),
        Field(
            "sequence", "integer", "1 for the principal diagnosis; pointers refer to it. The admitting diagnosis has 0."
        ),
        _person("The patient."),
        Field("code", "category", "Billable ICD-10-CM code with its dot.", codes="icd-10-cm"),
        Field("qualifier", "category", "principal, other or admitting."),
        Field(
            "present_on_admission",
            "category",
            "Y; N for what was found after the day of admission; null where exempt or not a stay.",
            nullable=True,
        ),
    ),
    key=("claim_id", "sequence"),
    description="Diagnoses of claims.",
)

BILL = Table(
    "membersim.bill",
    (
        Field("bill_id", "id", "Id of the event that bills.", references="core.event"),
        _person("The patient, who owes it."),
        Field("encounter_id", "id", "The encounter or admission; null for a bill without one.", nullable=True,
              references="core.event"),
        Field("type", "category", "P professional, I institutional, R pharmacy."),
        Field("service_from", "date", "First day of service; day of admission."),
        Field("service_to", "date", "Last day of service; day of discharge."),
        Field("billed", "money", "Charge of the provider, which a claim would have too.", unit="USD"),
        Field("principal_diagnosis", "category", "ICD-10-CM code with its dot; null for pharmacy.", nullable=True,
              codes="icd-10-cm"),
        Field("reason", "category", "Why nobody covers it: uninsured, before coverage, after coverage ended."),
        _npi("billing_npi", "Organization that bills."),
        _npi("rendering_npi", "Clinician who rendered the service; attending physician of a stay."),
        _npi("facility_npi", "Organization where the service took place."),
        Field("bill_date", "date", "When it is sent."),
    ),
    key=("bill_id",),
    description="What nobody covers: bills of the uninsured, and of services on a day without coverage; they are in no "
    "format of claims.",
)  # fmt: skip

_BOOK = (
    Field("subscriber_id", "id", "Person who holds the coverage.", references="core.person"),
    Field("plan", "category", "Kind of plan."),
    Field("plan_year", "integer", "Calendar year of the plan."),
    Field("network", "category", "in or out."),
    Field(
        "benefit",
        "category",
        "plan, benefits with accumulators of their own, such as drugs, or a kind of "
        "service with a maximum, such as dental.",
    ),
)
_LEVEL = Field("level", "category", "individual or family.")
_LIMIT_KIND = Field(
    "kind", "category", "deductible, out_of_pocket, or maximum: what the plan pays of a kind of service."
)

ACCUMULATOR = Table(
    "membersim.accumulator",
    (
        _person("The member; of a family's accumulator, the subscriber."),
        _LEVEL,
        _LIMIT_KIND,
        *_BOOK,
        Field("limit", "money", "The plan's limit for the year.", unit="USD"),
        Field(
            "applied",
            "money",
            "Applied by all that was adjudicated up to as_of, claims, fills and whatever else spends; never above the "
            "limit.",
            unit="USD",
        ),
    ),
    key=("person_id", "level", "subscriber_id", "plan", "plan_year", "network", "benefit", "kind"),
    description="Deductibles, out-of-pocket maxima and what plans pay at most, as far as they are used up; only those "
    "of people who spent.",
)

LEDGER = Table(
    "membersim.ledger",
    (
        _person("Whose claim or fill it is."),
        Field("entry", "integer", "1 for the person's first."),
        Field("posted", "datetime", "When it was adjudicated: a fill's moment, midnight of the day a claim is paid."),
        Field(
            "event_id", "id", "The claim, fill or visit, or the reversal that gives it back.", references="core.event"
        ),
        Field("claim_id", "id", "The claim, fill or visit: an event, or a claim that is paid after another one."),
        Field("record", "category", "What spends: claim, fill, visit."),
        Field(
            "coverage_id",
            "id",
            "The span of coverage; null where it was taken back later.",
            references="membersim.coverage",
            nullable=True,
        ),
        _LEVEL,
        _LIMIT_KIND,
        *_BOOK,
        Field("amount", "money", "What it moves; negative where a claim is given back.", unit="USD"),
        Field("balance", "money", "How far the accumulator is used after it.", unit="USD"),
    ),
    key=("person_id", "entry"),
    description="Every movement of a deductible, an out-of-pocket maximum or of what a plan pays at most of a kind of "
    "service, in the order of adjudication.",
)

CARE_GAP = Table(
    "membersim.care_gap",
    (
        Field("gap_id", "id", "Id of the event that identified it.", references="core.event"),
        _person(),
        Field("measure", "category", "Quality measure, such as HBD."),
        Field("description", "category", "The gap in words.", nullable=True),
        Field("identified_date", "date", "When it was identified."),
        Field("closed_date", "date", "When it was closed; null while open.", nullable=True),
        Field("status", "category", "open or closed."),
    ),
    key=("gap_id",),
    description="Gaps in care that the plan has found.",
)

TABLES = (PAYER, MEMBER, COVERAGE, CLAIM, CLAIM_LINE, CLAIM_DIAGNOSIS, BILL, ACCUMULATOR, LEDGER, CARE_GAP)
