"""A result shows its own run, or says that what it showed is gone; it never shows another run's people."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from healthsim import generate
from healthsim_core.errors import GoneError, StateError
from healthsim_core.generation.result import Result
from healthsim_core.state import delete_cohort, list_cohorts, load_cohort, register_dataset

ADULTS = {"id": "adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}
END_AFTER_READING = """
import json, sys
from healthsim_core.output.stored import StoredTables
from healthsim_core.formats.folder import Folder

folder = Folder(sys.argv[1])
files = json.loads(folder.read("manifest.json"))["files"]
tables = StoredTables(folder, [file["path"] for file in files if file["format"] == "tables"])
for name in tables:
    tables[name]
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "whose.duckdb"


def people(seed: int = 1, **options: Any) -> Result:
    return generate(**{"profile": ADULTS, "count": 5, "products": [], "seed": seed, **options})


READS: dict[str, Callable[[Result], object]] = {
    "table": lambda result: result.tables["core.condition"],
    "entities": lambda result: result.entities,
    "timeline": lambda result: result.timeline,
    "pieces": lambda result: list(result.tables.pieces("core.person", ["person_id"])),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("read", READS)
def test_a_result_whose_files_were_replaced_says_so(tmp_path: Path, read: str) -> None:
    earlier = people(seed=1, out=tmp_path / "out")

    people(seed=2, out=tmp_path / "out", overwrite=True)

    with pytest.raises(GoneError, match="replaced by a later run"):
        READS[read](earlier)


def test_paths_of_files_that_were_replaced_are_not_given(tmp_path: Path) -> None:
    earlier = people(seed=1, out=tmp_path / "out")

    people(seed=2, out=tmp_path / "out", overwrite=True)

    with pytest.raises(GoneError, match="replaced by a later run"):
        earlier.tables.paths("core.person")  # type: ignore[attr-defined]


def test_a_result_whose_files_were_replaced_by_the_same_run_still_shows_them(tmp_path: Path) -> None:
    earlier = people(out=tmp_path / "out")

    again = people(out=tmp_path / "out", overwrite=True)

    assert earlier.entities.equals(again.entities)


def test_a_result_whose_run_was_replaced_by_one_of_other_tables_says_so(tmp_path: Path) -> None:
    earlier = people(products=["membersim"], out=tmp_path / "out")

    people(seed=2, out=tmp_path / "out", overwrite=True)

    with pytest.raises(GoneError, match="replaced by a later run"):
        earlier.tables["membersim.coverage"]


def test_a_result_whose_folder_was_removed_says_so(tmp_path: Path) -> None:
    earlier = people(out=tmp_path / "out")

    shutil.rmtree(tmp_path / "out")

    with pytest.raises(GoneError, match="what this result showed is gone"):
        _ = earlier.entities


def test_a_result_behind_a_url_whose_files_were_replaced_says_so() -> None:
    earlier = people(seed=1, out="memory://whose/replaced", overwrite=True)

    people(seed=2, out="memory://whose/replaced", overwrite=True)

    with pytest.raises(GoneError, match="replaced by a later run"):
        _ = earlier.entities


@pytest.mark.parametrize("kept_in", ["database", "database and files"])
def test_a_result_whose_cohort_was_deleted_shows_nobody_else(database: Path, tmp_path: Path, kept_in: str) -> None:
    out = tmp_path / "out" if kept_in == "database and files" else None
    earlier = people(seed=1, cohort="a", database=database, out=out)

    delete_cohort("a", database)
    people(seed=2, cohort="b", database=database, out=out, overwrite=True)

    with pytest.raises(GoneError):
        _ = earlier.entities


def test_a_result_whose_cohort_was_replaced_says_so(database: Path) -> None:
    earlier = people(seed=1, cohort="a", database=database)

    people(seed=2, cohort="a", database=database, overwrite=True)

    with pytest.raises(GoneError, match="the cohort it showed"):
        _ = earlier.entities


def test_a_loaded_cohort_whose_database_was_replaced_says_so(database: Path, tmp_path: Path) -> None:
    people(seed=1, cohort="a", database=database)
    people(seed=2, cohort="a", database=tmp_path / "other.duckdb")
    loaded = load_cohort("a", database)

    shutil.copy(tmp_path / "other.duckdb", database)

    with pytest.raises(GoneError):
        list(loaded.pieces("core.person"))


@pytest.mark.parametrize("deleted", [["c"], ["a", "c"], ["c", "b", "a"]])
def test_a_deleted_cohorts_number_is_never_given_out_again(database: Path, deleted: list[str]) -> None:
    for name in "abc":
        people(cohort=name, database=database)
    before = numbers(database)

    for name in deleted:
        delete_cohort(name, database)
    people(cohort="d", database=database)

    assert numbers(database)["d"] > max(before.values())


def test_a_registered_cohort_whose_folder_holds_another_run_says_so(database: Path, tmp_path: Path) -> None:
    people(seed=1, out=tmp_path / "out")
    register_dataset("a", tmp_path / "out", database)

    people(seed=2, out=tmp_path / "out", overwrite=True)

    with pytest.raises(StateError, match="replaced by a later run"):
        load_cohort("a", database)
    assert [entry.name for entry in list_cohorts(database)] == ["a"]


def test_a_registered_cohort_that_was_loaded_before_its_folder_holds_another_run_says_so(
    database: Path, tmp_path: Path
) -> None:
    people(seed=1, out=tmp_path / "out")
    register_dataset("a", tmp_path / "out", database)
    loaded = load_cohort("a", database)

    people(seed=2, out=tmp_path / "out", overwrite=True)

    with pytest.raises(StateError, match="replaced by a later run"):
        loaded["core.person"]


def test_a_script_that_reads_a_result_and_ends_ends_well(tmp_path: Path) -> None:
    generate(profile="adult-wellness", count=300, seed=1, out=tmp_path / "out")

    ended = [
        subprocess.run(
            [sys.executable, "-c", END_AFTER_READING, str(tmp_path / "out")],
            check=False,
            capture_output=True,
            text=True,
        )
        for _ in range(10)
    ]

    assert [(each.returncode, each.stderr) for each in ended] == [(0, "")] * 10


def numbers(database: Path) -> dict[str, int]:
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return dict(connection.execute("SELECT name, cohort_id FROM healthsim.cohort").fetchall())
