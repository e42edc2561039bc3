"""A run that stores nothing needs no database: one that cannot be read is a note, unless it was named."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthsim import generate
from healthsim_core.database.file import DATABASE_VARIABLE
from healthsim_core.errors import StateError
from healthsim_core.generator import make_plan

NOT_READ = "stored reference figures were not read"


@pytest.fixture
def unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default database, which is none."""
    path = tmp_path / "damaged.duckdb"
    path.write_bytes(b"no database at all " * 1_000)
    monkeypatch.setenv(DATABASE_VARIABLE, str(path))
    return path


def test_a_run_in_memory_goes_on_and_says_what_it_did_not_read(unreadable: Path) -> None:
    result = generate(profile="adult-wellness", count=3, seed=1, persist=False)

    (note,) = [note for note in result.notes if NOT_READ in note]
    assert str(unreadable) in note
    assert "is not a DuckDB database" in note


def test_a_run_into_files_is_as_without_a_database(
    unreadable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread = generate(profile="adult-wellness", count=3, seed=1, out=tmp_path / "a")
    monkeypatch.setenv(DATABASE_VARIABLE, str(tmp_path / "absent.duckdb"))

    absent = generate(profile="adult-wellness", count=3, seed=1, out=tmp_path / "b")

    assert unread.execution.spec_hash == absent.execution.spec_hash
    assert not [note for note in absent.notes if NOT_READ in note]


def test_a_plan_goes_on_and_says_what_it_did_not_read(unreadable: Path) -> None:
    assert [note for note in make_plan("adult-wellness", count=3).remarks if NOT_READ in note]


def test_a_database_that_is_named_must_be_readable(unreadable: Path) -> None:
    with pytest.raises(StateError, match="is not a DuckDB database"):
        make_plan("adult-wellness", count=3, database=unreadable)


def test_a_saved_profile_is_asked_of_the_database(unreadable: Path) -> None:
    with pytest.raises(StateError, match="is not a DuckDB database"):
        make_plan("nobodys-template", count=3)


def test_a_run_that_stores_needs_the_database(unreadable: Path) -> None:
    with pytest.raises(StateError, match="is not a DuckDB database"):
        generate(profile="adult-wellness", count=3, cohort="kept")
