"""One person is the same person in every product and every format:
the raw files are read with nothing of HealthSim's own."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import outside_readers
import pytest

from healthsim import generate
from healthsim_core import outward_id
from healthsim_core.generation.result import Result

OSWALD = json.loads((Path(__file__).parents[2] / "examples" / "oswald_family.json").read_text(encoding="utf-8"))
FORMATS = ["fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0", "sdtm_datasets"]
Identity = tuple[str, str, str, str]  # family name, given name, birth date, sex


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("person") / "out"
    return generate(scenario=OSWALD, count=30, output_formats=FORMATS, out=out), out


def identity(family: str, given: str, birth: Any, sex: str) -> Identity:
    return family.upper(), given.upper(), str(birth).replace("-", "")[:8], sex[0].upper()


def people(result: Result) -> dict[str, Identity]:
    names = ("last_name", "first_name", "birth_date", "sex")
    return {str(row["person_id"]): identity(*(row[name] for name in names)) for row in result.entities.to_pylist()}


def ndjson(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def segments(path: Path) -> list[list[str]]:
    return [segment.strip().split("*") for segment in path.read_text(encoding="utf-8").split("~") if segment.strip()]


def fhir_people(resources: list[dict[str, Any]]) -> dict[str, Identity]:
    patients = [resource for resource in resources if resource["resourceType"] == "Patient"]
    return {
        _number(p["id"]): identity(p["name"][0]["family"], p["name"][0]["given"][0], p["birthDate"], p["gender"])
        for p in patients
    }


def _number(text: str) -> str:
    return text.rsplit("-", 1)[-1]


def _person(usubjid: str) -> str:
    return str(outward_id(_number(usubjid)))


def hl7_people(path: Path) -> dict[str, Identity]:
    found = {}
    for line in re.split(r"[\r\n]", path.read_text(encoding="utf-8")):
        if line.startswith("PID|"):
            field = line.split("|")
            family, given = field[5].split("^")[:2]
            found[str(outward_id(field[3].split("^")[0]))] = identity(family, given, field[7], field[8])
    return found


def claim_people(path: Path) -> dict[str, Identity]:
    """The patient of each claim of an 837, by record number (REF EA): the last name and DMG before it."""
    found, who, born = {}, ("", ""), ("", "")
    for segment in segments(path):
        if segment[0] == "NM1" and segment[1] in ("IL", "QC"):
            who = (segment[3], segment[4])
        elif segment[0] == "DMG":
            born = (segment[2], segment[3])
        elif segment[:2] == ["REF", "EA"]:
            found[segment[2]] = identity(*who, *born)
    return found


def ncpdp_people(path: Path) -> dict[str, Identity]:
    found = {}
    for claim in path.read_text(encoding="utf-8").split("\x02")[1:]:
        field = {part[:2]: part[2:] for part in re.split(r"[\x1c\x1d\x1e\x03]+", claim) if part}
        found[field["BM"].split()[-1]] = identity(
            field["CB"], field["CA"], field["C4"], {"1": "M", "2": "F"}[field["C5"]]
        )
    return found


def test_charts_know_everybody_by_name_birth_date_and_sex(run: tuple[Result, Path]) -> None:
    assert fhir_people(ndjson(run[1] / "fhir_r4" / "Patient.ndjson")) == people(run[0])


def test_bundles_know_the_same_people(run: tuple[Result, Path]) -> None:
    bundles = ndjson(run[1] / "fhir_bundle" / "bundles.ndjson")
    assert fhir_people([entry["resource"] for bundle in bundles for entry in bundle["entry"]]) == people(run[0])


def test_admissions_messages_know_the_same_people(run: tuple[Result, Path]) -> None:
    found, everybody = hl7_people(run[1] / "hl7v2_adt" / "adt.hl7"), people(run[0])
    assert len(found) == 90 and found == {number: everybody[number] for number in found}


def test_enrolment_knows_the_same_people(run: tuple[Result, Path]) -> None:
    found = {}
    for member in re.split(r"~\s*(?=INS\*)", (run[1] / "x12_834" / "834.edi").read_text(encoding="utf-8"))[1:]:
        name, birth = re.search(r"NM1\*IL\*1\*([^*~]*)\*([^*~]*)", member), re.search(r"DMG\*D8\*(\d{8})\*(\w)", member)
        number = re.search(r"REF\*ZZ\*(\d+)", member)
        assert name and birth and number
        found[number[1]] = identity(name[1], name[2], birth[1], birth[2])
    assert found == people(run[0])


@pytest.mark.parametrize("file", ["837p.edi", "837i.edi"])
def test_claims_know_the_same_people(run: tuple[Result, Path], file: str) -> None:
    found, everybody = claim_people(run[1] / "x12_837" / file), people(run[0])
    assert len(found) >= 60 and found == {number: everybody[number] for number in found}


def test_pharmacy_claims_know_the_same_people(run: tuple[Result, Path]) -> None:
    whose = {str(row["fill_id"]): str(row["person_id"]) for row in run[0].tables["rxmembersim.fill"].to_pylist()}
    found, everybody = ncpdp_people(run[1] / "ncpdp_d0" / "b1.ncpdp"), people(run[0])
    assert len(found) == len(whose) and all(everybody[whose[fill]] == who for fill, who in found.items())


def test_the_trial_knows_the_same_people(run: tuple[Result, Path]) -> None:
    subjects = outside_readers.xpt(run[1] / "sdtm_datasets")["DM"]
    everybody = people(run[0])
    assert len(subjects) == 30
    assert all(
        (row["BRTHDTC"].replace("-", ""), row["SEX"]) == everybody[str(outward_id(row["SUBJID"]))][2:]
        for row in subjects
    )


def test_the_trial_and_the_chart_measure_one_height(run: tuple[Result, Path]) -> None:
    charted = _observed(run[1], "8302-2")
    trial = {
        row["USUBJID"]: row["VSSTRESN"]
        for row in outside_readers.xpt(run[1] / "sdtm_datasets")["VS"]
        if row["VSTESTCD"] == "HEIGHT"
    }
    assert len(trial) == 30
    assert all(abs(charted[_person(subject)][0][1] - height) <= 0.5 for subject, height in trial.items())


def test_the_trial_and_the_chart_weigh_one_body(run: tuple[Result, Path]) -> None:
    charted = _observed(run[1], "29463-7")
    rows = [
        row
        for row in outside_readers.xpt(run[1] / "sdtm_datasets")["VS"]
        if row["VSTESTCD"] == "WEIGHT" and row["VISITNUM"] == 1
    ]
    assert len(rows) == 30
    assert all(abs(min(charted[_person(row["USUBJID"])])[1] - row["VSSTRESN"]) <= 6 for row in rows)


def test_the_trials_history_is_the_problem_list(run: tuple[Result, Path]) -> None:
    known = defaultdict(set)
    for row in run[0].tables["core.condition"].to_pylist():
        known[str(row["person_id"])].add(row["description"])
    history = outside_readers.xpt(run[1] / "sdtm_datasets")["MH"]
    assert history and all(row["MHTERM"] in known[_person(row["USUBJID"])] for row in history)


def test_claims_are_for_the_encounters_of_the_chart(run: tuple[Result, Path]) -> None:
    charted = {_number(encounter["id"]): encounter for encounter in ndjson(run[1] / "fhir_r4" / "Encounter.ndjson")}
    claims = run[0].tables["membersim.claim"].to_pylist()
    told = {
        segment[1]
        for name in ("837p.edi", "837i.edi")
        for segment in segments(run[1] / "x12_837" / name)
        if segment[0] == "CLM"
    }
    assert told == {str(claim["claim_id"]) for claim in claims}
    for claim in claims:
        encounter = charted[str(claim["encounter_id"])]
        assert encounter["period"]["start"][:10] == str(claim["service_from"])
        assert _number(encounter["subject"]["reference"]) == str(claim["person_id"])


def test_a_remittance_pays_what_the_claim_charged_and_no_other(run: tuple[Result, Path]) -> None:
    charged = {
        s[1]: float(s[2])
        for name in ("837p.edi", "837i.edi")
        for s in segments(run[1] / "x12_837" / name)
        if s[0] == "CLM"
    }
    paid = {
        segment[1]: float(segment[3]) for segment in segments(run[1] / "x12_835" / "835.edi") if segment[0] == "CLP"
    }
    medical = {number: amount for number, amount in paid.items() if number in charged}
    assert len(medical) >= 600 and all(amount == charged[number] for number, amount in medical.items())


def test_what_was_ordered_is_what_was_dispensed(run: tuple[Result, Path]) -> None:
    ordered = {_number(order["id"]): order for order in ndjson(run[1] / "fhir_r4" / "MedicationRequest.ndjson")}
    written = {
        row["prescription_id"]: str(row["medication_request_id"])
        for row in run[0].tables["rxmembersim.prescription"].to_pylist()
    }
    for fill in run[0].tables["rxmembersim.fill"].to_pylist():
        coding = ordered[written[fill["prescription_id"]]]["medicationCodeableConcept"]["coding"]
        assert fill["ndc"] in [code["code"] for code in coding]


def test_every_loinc_code_has_its_check_digit(run: tuple[Result, Path]) -> None:
    codes = {
        code
        for table in ("patientsim.observation", "trialsim.lab")
        for code in run[0].tables[table]["loinc"].to_pylist()
    }
    assert len(codes) >= 20
    assert [code for code in sorted(codes) if not re.fullmatch(r"\d{1,6}-\d", code)] == []
    assert [code for code in sorted(codes) if int(code[-1]) != outside_readers.loinc_digit(code[:-2])] == []


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_holds_a_placeholder_or_a_missing_value_in_words(run: tuple[Result, Path], name: str) -> None:
    texts = [path for path in (run[1] / name).iterdir() if path.suffix != ".xpt"]
    words = re.compile(
        r"(?<![A-Za-z])(LASTNAME|FIRSTNAME|PLACEHOLDER|TODO|XXX+|None|NaN|NaT|nan|<NA>|undefined)(?![A-Za-z])"
    )
    assert (
        texts
        and [(path.name, found[0]) for path in texts if (found := words.search(path.read_text(encoding="utf-8")))] == []
    )


def _observed(out: Path, loinc: str) -> dict[str, list[tuple[str, float]]]:
    found = defaultdict(list)
    for resource in ndjson(out / "fhir_r4" / "Observation.ndjson"):
        if resource["code"]["coding"][0]["code"] == loinc:
            found[_number(resource["subject"]["reference"])].append(
                (resource["effectiveDateTime"], resource["valueQuantity"]["value"])
            )
    return found
