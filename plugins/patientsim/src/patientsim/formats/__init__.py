"""PatientSim's output formats."""

from __future__ import annotations

from healthsim_core import OutputFormat, json_characters
from patientsim.formats.fhir.bundle import Bundles
from patientsim.formats.fhir.ndjson import Ndjson, write_referred
from patientsim.formats.fhir.read import read_bundles, read_ndjson
from patientsim.formats.hl7v2 import adt
from patientsim.formats.hl7v2.fields import CHARACTERS as HL7_CHARACTERS
from patientsim.formats.hl7v2.reader import read_adt
from patientsim.formats.records import NEEDS, WANTS

FORMATS: tuple[OutputFormat, ...] = (
    OutputFormat(
        "fhir_r4",
        Ndjson,
        NEEDS,
        WANTS,
        records=read_ndjson,
        in_parts=True,
        characters=json_characters(),
        finish=write_referred,
        description="FHIR R4 by US Core 6.1: NDJSON, one file a resource type.",
    ),
    OutputFormat(
        "fhir_bundle",
        Bundles,
        NEEDS,
        WANTS,
        records=read_bundles,
        in_parts=True,
        characters=json_characters(),
        description="FHIR R4: one transaction Bundle a person, a line each.",
    ),
    OutputFormat(
        "hl7v2_adt",
        adt.Adt,
        adt.NEEDS,
        WANTS,
        records=read_adt,
        in_parts=True,
        characters=HL7_CHARACTERS,
        description="HL7 v2.5.1 ADT messages A01, A02, A03, A04 and A08, one a line.",
    ),
)
