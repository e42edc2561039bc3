"""Independent validators accept every file: of the Oswald family, of a thousand such,
and of a thousand diabetic seniors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import outside_readers
import pytest

from healthsim import generate
from healthsim_core.generation.result import Result
from healthsim_core.verification.verify import verify_folder

OSWALD = json.loads((Path(__file__).parents[2] / "examples" / "oswald_family.json").read_text(encoding="utf-8"))
FORMATS = ["fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0", "sdtm_datasets"]
RUNS: dict[str, dict[str, Any]] = {
    "oswald": {"scenario": OSWALD},
    "families": {"scenario": OSWALD, "count": 1_000},
    "diabetics": {
        "profile": "medicare-diabetic",
        "journey": ["diabetic-first-year", "trial_participation"],
        "count": 1_000,
    },
}


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("standards") / request.param
    return generate(**RUNS[request.param], output_formats=FORMATS, out=out), out


def column(result: Result, table: str, name: str) -> list[Any]:
    return result.tables[table][name].to_pylist()


def test_the_run_is_valid(run: tuple[Result, Path]) -> None:
    assert [str(check) for check in run[0].validation.failures] == []


def test_all_formats_tell_one_truth(run: tuple[Result, Path]) -> None:
    assert [str(finding) for finding in verify_folder(run[1]).findings if finding.wrong] == []


@pytest.mark.parametrize("name", ["fhir_r4", "fhir_bundle"])
def test_fhir(run: tuple[Result, Path], name: str) -> None:
    assert list(outside_readers.fhir(run[1] / name)) == []


def test_hl7v2(run: tuple[Result, Path]) -> None:
    every = 1 if "HEALTHSIM_ALL_MESSAGES" in os.environ or len(run[0]) < 100 else 17
    assert list(outside_readers.hl7v2(run[1] / "hl7v2_adt", every)) == []


@pytest.mark.parametrize("name", ["x12_834", "x12_837", "x12_835"])
def test_x12(run: tuple[Result, Path], name: str) -> None:
    assert list(outside_readers.x12(run[1] / name)) == []


def test_sdtm(run: tuple[Result, Path]) -> None:
    folder = run[1] / "sdtm_datasets"
    datasets = outside_readers.xpt(folder)
    assert len(datasets["DM"]) == run[0].rows["trialsim.subject"]
    assert outside_readers.define(folder)


def test_diagnoses_are_billable_icd_10_cm(run: tuple[Result, Path]) -> None:
    result = run[0]
    codes = column(result, "core.condition", "code") + column(result, "patientsim.condition", "code")
    codes += column(result, "membersim.claim_diagnosis", "code") + column(result, "patientsim.encounter", "reason_code")
    assert outside_readers.not_billable(codes) == []


def test_every_npi_is_of_the_network_and_passes_the_check(run: tuple[Result, Path]) -> None:
    result = run[0]
    network = {
        npi for name in ("provider", "facility", "pharmacy") for npi in column(result, f"networksim.{name}", "npi")
    }
    used: set[str | None] = set()
    for name, table in result.tables.items():
        if not name.startswith("networksim."):
            for field in [field for field in table.column_names if field == "npi" or field.endswith("_npi")]:
                used |= set(table[field].to_pylist())
    assert used - network - {None} == set() and all(map(outside_readers.luhn, used - {None}))


def test_money_adds_up_on_every_claim_and_line(run: tuple[Result, Path]) -> None:
    for table in ("membersim.claim", "membersim.claim_line"):
        adjudicated = [row for row in run[0].tables[table].to_pylist() if row["paid"] is not None]
        assert adjudicated and all(
            row["billed"] == row["paid"] + row["member_share"] + row["adjustment"] for row in adjudicated
        )
