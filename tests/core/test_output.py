"""Files and cohort are there together, or neither is."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthsim import generate
from healthsim_core import Namespace
from healthsim_core.errors import OutputError, StateError
from healthsim_core.generation import memory
from healthsim_core.state import StateSink, list_cohorts
from healthsim_core.verification.verify import verify_folder


def test_where_the_database_refuses_at_the_end_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: StateSink) -> None:
        self.abort()
        raise StateError("the disk is full.")

    monkeypatch.setattr(StateSink, "commit", refuse)
    with pytest.raises(StateError):
        generate(profile="dental-adults", count=3, out=tmp_path / "out", persist=True, database=tmp_path / "d.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_a_name_takes_the_next_that_is_free(tmp_path: Path) -> None:
    for _ in range(2):
        generate(profile="dental-adults", count=3, products=["dentalsim"], persist=True, database=tmp_path / "d.duckdb")
    assert sorted(cohort.name for cohort in list_cohorts(tmp_path / "d.duckdb")) == ["dental-adults", "dental-adults-2"]


def test_a_long_table_lies_in_several_files_and_is_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "FEW", 0)
    monkeypatch.setattr(memory, "ROWS_A_PART", 200)
    result = generate(profile="dental-adults", count=1_000, products=["dentalsim"], out=tmp_path / "out")
    people = {path.name for path in (tmp_path / "out" / "tables" / "core.person").iterdir()}
    assert people == {f"part-{number:05d}.parquet" for number in range(5)}
    space = Namespace(result.execution.spec["namespace"])
    assert space.outward(result.entities["person_id"].to_numpy()).tolist() == [
        16 * number for number in range(1, 1_001)
    ]
    assert verify_folder(tmp_path / "out").passed


@pytest.mark.parametrize("manifest", ['{"files": [{"path": ""}]}', '{"files": [{}]}', "{}", "[]", "not JSON"])
def test_a_folder_whose_manifest_is_not_ours_is_left_as_it_is(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(OutputError, match=r"holds a manifest\.json that is not ours"):
        generate(profile="dental-adults", count=3, products=["dentalsim"], out=tmp_path, overwrite=True)
    assert (tmp_path / "manifest.json").read_text(encoding="utf-8") == manifest
