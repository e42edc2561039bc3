"""NetworkSim's tables: who provides care in the run's counties, and who cares for whom."""

from __future__ import annotations

from healthsim_core import Field, Table


def _address() -> tuple[Field, ...]:
    return (
        Field("address", "text", "Street address."),
        Field("city", "category", "City."),
        Field("state", "category", "Two-letter state."),
        Field("zip", "category", "Five-digit ZIP code of the county."),
        Field("county_fips", "category", "Five-digit county FIPS code."),
        Field("phone", "text", "Telephone, ten digits, exchange 555-01xx of the fictional range."),
    )


FACILITY = Table(
    "networksim.facility",
    (
        Field("npi", "text", "National Provider Identifier of the organization.", codes="npi"),
        Field("name", "text", "Name, invented."),
        Field("kind", "category", "hospital, clinic or laboratory."),
        Field("taxonomy", "category", "Provider taxonomy code, without descriptor."),
        Field("tax_id", "text", "Nine digits with prefix 00, which no employer identification number has."),
        Field("beds", "integer", "Staffed beds. Hospitals only.", nullable=True),
        *_address(),
    ),
    key=("npi",),
    description="Hospitals, group practices and laboratories of the run's counties.",
    person="",
)

PROVIDER = Table(
    "networksim.provider",
    (
        Field("npi", "text", "National Provider Identifier of the clinician.", codes="npi"),
        Field("first_name", "category", "Given name."),
        Field("last_name", "category", "Family name."),
        Field("sex", "category", "F or M.", codes="sex"),
        Field("credential", "category", "Credential, such as MD."),
        Field("specialty", "category", "Specialty in our own words, such as family_medicine.", codes="specialty"),
        Field("taxonomy", "category", "Provider taxonomy code, without descriptor."),
        Field(
            "organization_npi",
            "category",
            "The practice or hospital of the clinician.",
            references="networksim.facility",
            codes="npi",
        ),
        *_address(),
    ),
    key=("npi",),
    description="Clinicians of the run's counties, at the address of their organization.",
    person="",
)

PHARMACY = Table(
    "networksim.pharmacy",
    (
        Field("npi", "text", "National Provider Identifier of the pharmacy.", codes="npi"),
        Field("ncpdp_id", "text", "Seven digits that begin with 9, as no pharmacy's do."),
        Field("name", "text", "Name, invented."),
        Field("taxonomy", "category", "Provider taxonomy code, without descriptor."),
        *_address(),
    ),
    key=("npi",),
    description="Pharmacies of the run's counties.",
    person="",
)

ATTRIBUTION = Table(
    "networksim.attribution",
    (
        Field("person_id", "id", "The person.", references="core.person"),
        Field("pcp_npi", "category", "Primary care provider.", references="networksim.provider", codes="npi"),
        Field("pcp_specialty", "category", "The provider's specialty.", codes="specialty"),
        Field("clinic_npi", "category", "The provider's practice.", references="networksim.facility"),
        Field("hospital_npi", "category", "The household's hospital.", references="networksim.facility", codes="npi"),
        Field("pharmacy_npi", "category", "The household's pharmacy.", references="networksim.pharmacy", codes="npi"),
        Field("attributed_from", "date", "Since when: the start of the run, or a newborn's birth."),
    ),
    key=("person_id",),
    description="Who cares for whom.",
)

APPOINTMENT = Table(
    "networksim.appointment",
    (
        Field("appointment_id", "id", "Id of the event.", references="core.event"),
        Field("person_id", "id", "Whose it is.", references="core.person"),
        Field("time", "datetime", "When."),
        Field("label", "category", "What for, in words.", nullable=True),
        Field("specialty", "category", "Specialty asked for.", codes="specialty"),
        Field("provider_npi", "category", "Who is seen.", nullable=True, references="networksim.provider", codes="npi"),
        Field("provider_specialty", "category", "Specialty of who is seen.", nullable=True, codes="specialty"),
        Field("facility_npi", "category", "Where.", nullable=True, references="networksim.facility", codes="npi"),
    ),
    key=("appointment_id",),
    description="Milestones that name a specialty: use of the network without clinical detail.",
)

TABLES = (FACILITY, PROVIDER, PHARMACY, ATTRIBUTION, APPOINTMENT)
