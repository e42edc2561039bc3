"""A run's parts go into the database beside the making of further parts: all of them in order, or nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from in_tens import A_PART

from healthsim import generate
from healthsim_core.errors import StateError
from healthsim_core.state import StateSink, list_cohorts, load_cohort

pytestmark = pytest.mark.usefixtures("parts_of_ten")

PARTS = 6
WAIT = 30  # seconds, of which a passing test needs none
REQUEST: dict[str, Any] = {
    "profile": "dental-adults",
    "journey": "dental-year",
    "count": A_PART * PARTS,
    "products": ["dentalsim"],
}
WRITE_FILES = StateSink.write_files


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "d.duckdb"


def rows(tables: Mapping[str, pa.Table]) -> dict[str, list[Any]]:
    return {name: table.to_pylist() for name, table in tables.items()}


@pytest.mark.parametrize("workers", [1, 2])
def test_parts_are_stored_in_their_order(database: Path, workers: int) -> None:
    generate(**REQUEST, persist=True, cohort="made", database=database, workers=workers)

    assert rows(load_cohort("made", database)) == rows(generate(**REQUEST).tables)


def test_parts_of_an_unfinished_run_are_stored_with_those_made_now(database: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    into: dict[str, Any] = {
        "out": database.parent / "out",
        "resume": True,
        "persist": True,
        "cohort": "made",
        "database": database,
    }
    with pytest.raises(KeyboardInterrupt):
        generate(**REQUEST, **into, progress=stop)
    generate(**REQUEST, **into)

    assert rows(load_cohort("made", database)) == rows(generate(**REQUEST).tables)


def test_further_parts_are_made_while_one_is_stored(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last, in_time = threading.Event(), []

    def slowly(self: StateSink, *part: Any) -> None:
        in_time.append(last.wait(WAIT))
        WRITE_FILES(self, *part)

    monkeypatch.setattr(StateSink, "write_files", slowly)
    generate(
        **REQUEST, persist=True, database=database, progress=lambda done, total: last.set() if done == total else None
    )

    assert in_time == [True] * PARTS


def test_what_the_database_refuses_meanwhile_ends_the_run_and_leaves_nothing(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: StateSink, *part: Any) -> None:
        raise StateError("the disk is full.")

    monkeypatch.setattr(StateSink, "write_files", refuse)
    with pytest.raises(StateError, match="the disk is full"):
        generate(**REQUEST, persist=True, out=database.parent / "out", database=database)

    assert list(database.parent.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one thread's process")
@pytest.mark.parametrize("halt", [True, False], ids=["while parts are made", "while the last are stored"])
def test_ctrl_c_ends_what_is_being_stored_and_undoes_the_run(
    database: Path, monkeypatch: pytest.MonkeyPatch, halt: bool
) -> None:
    generate(**REQUEST, persist=True, cohort="before", database=database)

    def endlessly(self: StateSink, *part: Any) -> None:
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
        self._writer._connection.execute("SELECT count(*) FROM range(10_000_000_000) a, range(1_000) b")

    def dawdle(done: int, total: int) -> None:
        if halt and done > A_PART:
            time.sleep(WAIT)

    monkeypatch.setattr(StateSink, "write_files", endlessly)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        generate(**REQUEST, persist=True, cohort="stopped", database=database, progress=dawdle)

    assert [cohort.name for cohort in list_cohorts(database)] == ["before"]
    assert time.monotonic() - started < WAIT
