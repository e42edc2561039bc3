"""What a code is called in files is what its list calls it; the words that a user writes beside it stay the user's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_core import generate

OWN = "In my own words"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
JOURNEY = {
    "journey_id": "own-words",
    "duration_days": 30,
    "events": [
        {"event_id": "seen", "event_type": "encounter",
         "parameters": {"class": "AMB", "reason_code": "J45909", "reason_description": OWN}},
        {"event_id": "found", "event_type": "diagnosis", "depends_on": "seen",
         "parameters": {"code": "I48.91", "description": OWN}},
        {"event_id": "sent", "event_type": "referral", "depends_on": "seen",
         "parameters": {"specialty": "cardiology", "reason_code": "I50.9", "description": OWN}},
        {"event_id": "shot", "event_type": "procedure", "depends_on": "seen",
         "parameters": {"code": "140", "system": "CVX", "description": OWN}},
        {"event_id": "test", "event_type": "lab_order", "depends_on": "seen",
         "parameters": {"loinc": "2160-0", "description": OWN, "value": 1.1, "unit": "mg/dL"}},
        {"event_id": "rare", "event_type": "lab_order", "depends_on": "seen",
         "parameters": {"loinc": "10001-6", "description": OWN}},
    ],
}  # fmt: skip
CALLED = {
    "J45.909": "Unspecified asthma, uncomplicated",
    "I48.91": "Unspecified atrial fibrillation",
    "I50.9": "Heart failure, unspecified",
    "140": "Influenza, split virus, trivalent, PF",
    "2160-0": "Creatinine [Mass/volume] in Serum or Plasma",
    "10001-6": None,
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("displays")
    adults = {"id": "some", "demographics": {"age": 50}}
    generate(profile=adults, journey=JOURNEY, count=3, output_formats=["fhir_r4", "hl7v2_adt"], out=str(folder))
    return folder


def concepts(value: Any) -> list[dict[str, Any]]:
    """Every CodeableConcept of a document that has a coding."""
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    own = [value] if isinstance(value, dict) and isinstance(value.get("coding"), list) else []
    return own + [each for part in parts for each in concepts(part)]


@pytest.mark.parametrize(("code", "words"), CALLED.items())
def test_a_display_is_the_list_s_and_the_text_the_user_s(out: Path, code: str, words: str | None) -> None:
    lines = [
        json.loads(line)
        for path in out.glob("fhir_r4/*.ndjson")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    found = [each for each in concepts(lines) if each["coding"][0].get("code") == code]
    assert found and {(each["coding"][0].get("display"), each["text"]) for each in found} == {(words, OWN)}


def test_a_diagnosis_of_a_message_is_called_what_its_list_calls_it(out: Path) -> None:
    segments = [
        line
        for path in out.glob("hl7v2_adt/*")
        for line in path.read_text(encoding="utf-8").replace("\n", "\r").split("\r")
    ]
    named = {line.split("|")[3] for line in segments if line.startswith("DG1|")}
    assert named == {"J45.909^Unspecified asthma, uncomplicated^I10C", "I48.91^Unspecified atrial fibrillation^I10C"}
