"""Ctrl-C at any step of a commit: what is told is what is there,
and a later transaction finds a database that is whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from healthsim_core.database import file as database
from healthsim_core.database.file import reading, writing


def interrupted(path: Path, name: str, at: int) -> str | None:
    """Make a table in a transaction that Ctrl-C comes to at the n-th step of its end; what it told,
    None where it came to its end."""
    steps = 0

    def step(frame: Any, event: str, _: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        if event == "opcode":
            steps += 1
            if steps == at:
                raise KeyboardInterrupt
        return step

    def call(frame: Any, event: str, _: object) -> Any:
        own = frame.f_code.co_filename == database.__file__ and frame.f_code.co_name in ("commit", "abort", "_undo")
        return step(frame, "call", None) if own else None

    before = sys.gettrace()
    try:
        with writing(path) as connection:
            connection.execute(f"CREATE TABLE {name} AS FROM range(10)")
            sys.settrace(call)
    except KeyboardInterrupt as error:
        return str(error)
    finally:
        sys.settrace(before)
    return None


def tables(path: Path) -> list[str]:
    with reading(path) as connection:
        found = (
            "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name "
            "= 'main' ORDER BY 1"
        )
        return [name for (name,) in connection.execute(found).fetchall()]


@pytest.mark.parametrize("new", [True, False], ids=["a new database", "one that is there"])
def test_what_is_told_of_an_interrupted_commit_is_what_is_there(tmp_path: Path, new: bool) -> None:
    kinds, at, expected = [], int(new), []  # every second step: those of even number here, the others there
    path = tmp_path / "one.duckdb"
    while kinds[-1:] != [None]:
        at += 2
        name = f"made_{at:03}"
        if new:
            path, expected = tmp_path / f"{name}.duckdb", []
        said = interrupted(path, name, at)
        expected += [name] if said is None or said else []
        assert tables(path) == expected, (at, said)
        kinds.append(said)
    assert {bool(said) for said in kinds[:-1]} == {False, True} and at > 20
