"""fhir_r4: stays, with what they were admitted for and discharged with, and from unit to unit."""

import json
from pathlib import Path

import pytest

from healthsim_core import generate
from healthsim_core.testing import contradictions

STAY = {
    "journey_id": "stay", "duration_days": 60,
    "events": [
        {"event_id": "adm", "event_type": "admission",
         "parameters": {"class": "IMP", "reason_code": "R07.9", "secondary_code": "E11.9"}},
        {"event_id": "dx", "event_type": "diagnosis", "depends_on": "adm", "delay": {"hours": 6},
         "parameters": {"code": "I21.4"}},
        {"event_id": "one", "event_type": "transfer", "depends_on": "adm", "delay": {"hours": 20},
         "parameters": {"unit": "telemetry"}},
        {"event_id": "two", "event_type": "transfer", "depends_on": "one", "delay": {"hours": 20}},
        {"event_id": "dis", "event_type": "discharge", "depends_on": "two", "delay": {"days": 2},
         "parameters": {"reason_code": "I21.4", "secondary_code": "I10", "drg": "282", "discharge_disposition": "01"}},
        {"event_id": "snf", "event_type": "admission", "depends_on": "dis",
         "parameters": {"class": "SNF", "reason_code": "I25.2"}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def stays(tmp_path_factory):
    out = tmp_path_factory.mktemp("stays")
    people = {"id": "two", "generation": {"count": 2, "seed": 5}, "demographics": {"age": 60}}
    return generate(
        profile=people, journey=STAY, products=["patientsim"], output_formats=["fhir_r4", "fhir_bundle"], out=out
    )


def encounters_of(result, kind):
    path = next(path for path in result.outputs["fhir_r4"] if path.endswith("Encounter.ndjson"))
    found = map(json.loads, Path(path).read_text(encoding="utf-8").splitlines())
    return [each for each in found if each["class"]["code"] == kind]


def test_a_stay_tells_what_it_was_for_and_what_it_was(stays):
    made = {row["condition_id"]: row["code"] for row in stays.tables["patientsim.condition"].to_pylist()}
    codes = {f"Condition/hs-{key}": code for key, code in made.items()}
    for stay in encounters_of(stays, "IMP"):
        codes |= {f"#{part['id']}": part["code"]["coding"][0]["code"] for part in stay["contained"]}
        told = [
            (each["use"]["coding"][0]["code"], each.get("rank"), codes[each["condition"]["reference"]])
            for each in stay["diagnosis"]
        ]
        assert told == [("AD", None, "R07.9"), ("DD", 1, "I21.4"), ("DD", 2, "I10")]
        assert [reason["coding"][0]["code"] for reason in stay["reasonCode"]] == ["R07.9", "E11.9"]
        assert stay["diagnosis"][1]["condition"]["reference"].startswith("Condition/")


def test_a_stay_tells_every_unit_and_how_long_the_patient_was_there(stays):
    for stay in encounters_of(stays, "IMP"):
        one, two = (each for each in stay["location"] if "period" in each)
        assert (one["location"]["display"], two["location"]["display"]) == ("telemetry", "another unit")
        assert one["period"]["end"] == two["period"]["start"]
        assert two["period"]["end"] == stay["period"]["end"]


def test_a_stay_that_goes_on_has_an_admission_diagnosis_alone(stays):
    for stay in encounters_of(stays, "NONAC"):
        assert [each["use"]["coding"][0]["code"] for each in stay["diagnosis"]] == ["AD"]


def test_a_stay_in_a_skilled_nursing_facility_is_non_acute_and_says_where(stays):
    nursing = encounters_of(stays, "NONAC")
    assert len(nursing) == 2
    for stay in nursing:
        (kind,) = stay["type"]
        assert (kind["coding"][0]["code"], kind["text"]) == ("SNF", "Skilled nursing facility stay")


@pytest.mark.parametrize("name", ["fhir_r4", "fhir_bundle"])
def test_stays_read_back_are_those_of_the_tables(stays, name):
    out = Path(stays.outputs[name][0]).parent.parent
    assert contradictions(out, name) == []
