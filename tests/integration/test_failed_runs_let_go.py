"""A run that fails lets go of its files: they are never finished later, and never touch a run of the same process."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from healthsim import generate
from healthsim_core.execution import worker
from healthsim_core.formats.destination import Destination, OutputFile
from healthsim_core.formats.folder import Folder
from healthsim_core.output.parquet import ParquetTable

REQUEST = {
    "profile": "adult-wellness",
    "count": 40,
    "seed": 3,
    "output_formats": ["hl7v2_adt", "fhir_r4", "x12_837"],
    "chunk_size": 10,
}


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class BrokenError(Exception):
    """What makes a run fail."""


def fail_at(monkeypatch: pytest.MonkeyPatch, where: str, at: int) -> None:
    """Let the n-th call of what a run does raise."""
    owner: Any = {"run_chunk": worker, "write": OutputFile, "close": ParquetTable}[where]
    real, count = getattr(owner, where), iter(range(1_000_000))

    def failing(*given: Any, **named: Any) -> Any:
        if next(count) == at:
            raise BrokenError(f"{where} {at}")
        return real(*given, **named)

    monkeypatch.setattr(owner, where, failing)


@pytest.mark.parametrize("where", ["run_chunk", "write", "close"])
def test_a_run_after_failed_ones_that_are_still_held_is_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    generate(**REQUEST, out=tmp_path / "clean")
    held: list[BaseException] = []  # as a notebook holds the last error, and with it all that its frames hold
    for at in (1, 2, 3):
        with monkeypatch.context() as patched:
            fail_at(patched, where, at)
            with pytest.raises(BrokenError) as broken:
                generate(**REQUEST, out=tmp_path / "out")
        held.append(broken.value)
        del broken

    def let_go(done: int, _: int) -> None:
        held.clear()
        gc.collect()

    generate(**REQUEST, out=tmp_path / "out", progress=let_go)

    assert digest(tmp_path / "out") == digest(tmp_path / "clean")
    assert files_in(tmp_path / "out") == files_in(tmp_path / "clean")


def digest(out: Path) -> Mapping[str, Any]:
    return json.loads((out / "manifest.json").read_text())["digest"]  # type: ignore[no-any-return]


def test_a_file_that_nobody_closes_never_has_its_name(tmp_path: Path) -> None:
    file = OutputFile(Folder(tmp_path), "half.txt")
    file.write("half")

    del file
    gc.collect()

    assert files_in(tmp_path) == []


def test_files_of_a_block_that_fails_are_dropped_while_somebody_still_holds_them(tmp_path: Path) -> None:
    held: list[OutputFile] = []

    def fail() -> None:
        with Destination(tmp_path, "own") as destination:
            held.append(destination.open("half.txt"))
            held[0].write("half")
            raise BrokenError

    with pytest.raises(BrokenError):
        fail()

    assert files_in(tmp_path) == []


def test_what_a_library_writes_to_a_dropped_file_goes_nowhere(tmp_path: Path) -> None:
    file = OutputFile(Folder(tmp_path), "half.txt")
    file.discard()

    file.write("last words")

    assert files_in(tmp_path) == []


def test_a_finished_file_stays_when_it_is_let_go(tmp_path: Path) -> None:
    with Destination(tmp_path, "own") as destination:
        destination.open("whole.txt").write("whole")
        destination.close()

    assert (tmp_path / "own" / "whole.txt").read_text() == "whole"


def test_two_files_of_one_name_begun_by_one_process_do_not_touch_each_other(tmp_path: Path) -> None:
    first, second = OutputFile(Folder(tmp_path), "a.txt"), OutputFile(Folder(tmp_path), "a.txt")
    first.write("first")
    second.write("second")

    second.close()
    first.discard()

    assert (tmp_path / "a.txt").read_text() == "second"
