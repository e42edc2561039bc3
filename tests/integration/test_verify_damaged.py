"""What became of a run's files is what `verify` is asked about: a damaged one is a finding,
never a failure of the question."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from healthsim import generate
from healthsim_core.cli import main
from healthsim_core.output.manifest import as_json
from healthsim_core.verification.verify import verify_folder

FILES = (
    "tables/patientsim.patient.parquet", "tables/core.event.parquet", "fhir_r4/Patient.ndjson", "hl7v2_adt/adt.hl7",
    "x12_834/834.edi",
    "x12_837/837p.edi", "ncpdp_d0/b1.ncpdp",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    formats = ["fhir_r4", "hl7v2_adt", "x12_834", "x12_837", "ncpdp_d0"]
    generate(profile="medicare-diabetic", journey="diabetic-first-year", count=5, output_formats=formats, out=out)
    return out


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "out"))


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_gone_is_named(copied: Path, path: str) -> None:
    (copied / path).unlink()
    report = verify_folder(copied)
    assert not report.passed
    assert f"1 wrong, such as {path}" in str(report)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("path", FILES)
def test_a_file_of_which_a_part_is_left_is_named(copied: Path, path: str, share: float) -> None:
    content = (copied / path).read_bytes()
    (copied / path).write_bytes(content[: int(share * len(content))])
    report = verify_folder(copied)
    assert not report.passed
    assert f"1 wrong, such as {path}" in str(report)


@pytest.mark.parametrize("path", [path for path in FILES if not path.startswith("tables/")])
def test_other_rows_than_a_file_has_are_found(copied: Path, path: str) -> None:
    manifest = json.loads((copied / "manifest.json").read_bytes())
    next(file for file in manifest["files"] if file["path"] == path)["rows"] += 1
    (copied / "manifest.json").write_bytes(as_json(manifest))
    wrong = [str(finding) for finding in verify_folder(copied, formats=[path.split("/")[0]]).findings if finding.wrong]
    assert [f"such as {path}" in finding for finding in wrong] == [True]


@pytest.mark.parametrize("spec", [{}, {"settings": []}, {"as_of": "some day"}], ids=str)
def test_a_manifest_whose_specification_is_none_is_a_finding(copied: Path, spec: dict[str, object]) -> None:
    manifest = json.loads((copied / "manifest.json").read_bytes())
    (copied / "manifest.json").write_bytes(as_json({**manifest, "spec": spec}))
    wrong = [finding.what for finding in verify_folder(copied).findings if finding.wrong]
    assert "its specification can be compiled" in wrong


def test_the_command_line_says_so_with_its_exit_code(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / FILES[0]).unlink()
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(copied)])
    assert ended.value.code == 1
    assert "FAIL manifest.json: files are those that were written" in capsys.readouterr().out


def test_what_lies_behind_a_url_is_verified_as_a_folder_is() -> None:
    generate(
        "dental-adults", count=2, products=["dentalsim"], output_formats=["dental_list"], out="memory://verified/sound"
    )
    behind = verify_folder("memory://verified/sound")
    assert [str(finding) for finding in behind.findings if finding.wrong] == []
    assert any(finding.where == "validation.json" for finding in behind.findings)
