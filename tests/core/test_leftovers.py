"""What killed runs have left is removed by the next run that uses the same place: only what is ours, of nobody alive,
through no link."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from healthsim import generate
from healthsim_core.database.file import Transaction, writing
from healthsim_core.formats.scratch import Scratch

HOLDS_SCRATCH = """
import sys, time
from healthsim_core.formats.scratch import Scratch
scratch = Scratch()
open(scratch.name + "/file", "w").close()
print(scratch.name, flush=True)
time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    return place


@pytest.fixture
def another(temporary: Path):
    """Another process that has a scratch folder."""
    with subprocess.Popen([sys.executable, "-c", HOLDS_SCRATCH], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
        running.kill()


def test_a_scratch_folder_of_a_killed_process_is_removed_by_the_next(
    temporary: Path, another: subprocess.Popen[str]
) -> None:
    another.send_signal(signal.SIGKILL)
    another.wait()
    assert len(list(temporary.iterdir())) == 1
    with Scratch():
        assert len(list(temporary.iterdir())) == 1
    assert not list(temporary.iterdir())


def test_a_scratch_folder_of_a_living_process_stays(temporary: Path, another: subprocess.Popen[str]) -> None:
    with Scratch():
        pass
    assert len(list(temporary.glob("healthsim-*/files/file"))) == 1


def test_a_folder_that_only_has_such_a_name_stays(temporary: Path) -> None:
    (temporary / "healthsim-mine").mkdir()
    (temporary / "healthsim-mine" / "work").write_text("mine")
    Scratch().cleanup()
    assert (temporary / "healthsim-mine" / "work").read_text() == "mine"


def test_a_link_to_a_scratch_folder_is_not_followed(temporary: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".healthsim-lock").touch()
    (temporary / "healthsim-link").symlink_to(elsewhere)
    Scratch().cleanup()
    assert (elsewhere / ".healthsim-lock").exists()


@pytest.mark.parametrize("name", ["x.duckdb.tmp", "x.duckdb.tmp-999999-0"])
def test_what_duckdb_has_put_by_for_a_killed_process_is_removed_by_the_next_that_writes(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"left")
    with writing(tmp_path / "x.duckdb"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]


def test_a_folder_beside_the_database_with_files_of_others_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb.tmp").mkdir()
    (tmp_path / "x.duckdb.tmp" / "mine.txt").write_text("mine")
    with writing(tmp_path / "x.duckdb"):
        pass
    assert (tmp_path / "x.duckdb.tmp" / "mine.txt").read_text() == "mine"


def test_a_link_beside_the_database_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"somebody's")
    (tmp_path / "x.duckdb.tmp").symlink_to(tmp_path / "elsewhere")
    with writing(tmp_path / "x.duckdb"):
        pass
    assert (tmp_path / "elsewhere" / "duckdb_temp_storage_DEFAULT-0.tmp").exists()


def test_a_connection_that_ends_leaves_nothing_that_it_put_by(tmp_path: Path) -> None:
    transaction = Transaction(tmp_path / "x.duckdb")
    transaction.connection.execute("SET memory_limit = '40MB'; SET threads = 1")
    texts = "SELECT range a, md5(range::VARCHAR) b, sha256(range::VARCHAR) c FROM range(400000)"
    transaction.connection.execute(f"CREATE TEMP TABLE t AS {texts}")
    put_by = [path.name for path in tmp_path.iterdir() if path.is_dir()]
    transaction.abort()
    assert put_by == [f"x.duckdb.tmp-{os.getpid()}-{put_by[0].rsplit('-', 1)[1]}"]
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_what_a_killed_run_has_written_beside_the_database_is_gone_after_the_next(tmp_path: Path) -> None:
    left = tmp_path / "x.duckdb.run" / ".healthsim" / "new" / "tables"
    left.mkdir(parents=True)
    (left / "core.person.parquet").write_bytes(b"half")
    adults = {"id": "adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}
    generate(adults, count=2, products=[], persist=True, database=tmp_path / "x.duckdb")
    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM core.person").fetchall() == [(2,)]
