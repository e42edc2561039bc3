"""What PatientSim ships, through all its formats: validators find nothing, references resolve, the tables agree."""

import json
from pathlib import Path

import fhirkit
import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from healthsim_core import generate
from healthsim_core.testing import contradictions

TEMPLATES = [
    ("diabetic-senior", "diabetic-first-year"),
    ("diabetic-senior", "chronic-management"),
    ("expectant-mother", "pregnancy-journey"),
]
# The UCUM codes that the required binding of the vital signs profiles allows.
VITAL_SIGN_UNITS = {"%", "cm", "[in_i]", "kg", "g", "[lb_av]", "Cel", "[degF]", "mm[Hg]", "/min", "kg/m2", "m2"}


@pytest.fixture(scope="module", params=TEMPLATES, ids="/".join)
def folder(request, tmp_path_factory):
    profile, journey = request.param
    out = tmp_path_factory.mktemp("templates")
    formats = ["fhir_r4", "fhir_bundle", "hl7v2_adt"]
    generate(profile=profile, journey=journey, count=15, products=["patientsim"], output_formats=formats, out=out)
    return out


def test_fhirkit_finds_nothing_wrong(folder):
    lines = [
        line for path in (folder / "fhir_r4").glob("*.ndjson") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(lines) > 300
    assert [str(issue) for line in lines for issue in fhirkit.validate(line)] == []


@pytest.mark.parametrize("name", ["fhir_r4", "fhir_bundle", "hl7v2_adt"])
def test_the_files_say_what_the_tables_say(folder, name):
    assert contradictions(folder, name) == []


def test_observations_have_a_value_in_the_units_their_profile_allows(folder):
    lines = (folder / "fhir_r4" / "Observation.ndjson").read_text(encoding="utf-8").splitlines()
    for observation in map(json.loads, lines):
        parts = observation.get("component", [observation])
        assert all("valueQuantity" in part for part in parts), observation
        if observation["category"][0]["coding"][0]["code"] == "vital-signs":
            assert {part["valueQuantity"]["code"] for part in parts} <= VITAL_SIGN_UNITS


def test_hl7apy_accepts_a_message_of_each_kind(folder):
    text = Path(folder / "hl7v2_adt" / "adt.hl7").read_bytes().decode("utf-8")
    kinds = {message.split("|")[8]: message for message in text.removesuffix("\n").split("\n")}
    for message in kinds.values():
        parse_message(message, validation_level=VALIDATION_LEVEL.STRICT).validate()
