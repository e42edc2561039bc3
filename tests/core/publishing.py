"""An output folder with an earlier run, on a file system, and a new run to put in its place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthsim_core.output.manifest import HIDDEN
from healthsim_core.output.workplace import Workplace

EARLIER = ["manifest.json", "validation.json", "tables/a.parquet", "tables/gone/part-00000.parquet"]
NEW = [
    "tables/a.parquet",
    "tables/more/part-00000.parquet",
    "tables/more/part-00001.parquet",
    "validation.json",
    "manifest.json",
]
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture(params=["disk", "memory"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An output folder with an earlier run and a file of somebody's own, on a file system."""
    if request.param == "memory" and not os.access(SHARED_MEMORY, os.W_OK):
        pytest.skip(f"{SHARED_MEMORY} cannot be written here: the second file system is missing.")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if request.param == "memory" else tmp_path) as scratch:
        folder = Path(scratch, "out")
        written(folder, EARLIER, "earlier")
        (folder / "tables" / "mine.txt").write_text("mine")
        yield folder


def written(folder: Path, paths: list[str], what: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"{what} {path}")


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and HIDDEN not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="latin-1") for path in files}


def run_of(what: str, paths: list[str]) -> dict[str, str]:
    return {path: f"{what} {path}" for path in paths} | {"tables/mine.txt": "mine"}


def kind_left(out: Path, place: Workplace) -> str:
    """Which run is there, after what was interrupted has been put right: all of it, and of a new one that is not,
    all is kept."""
    place.recover()
    there = "new" if content(out) == run_of("new", NEW) else "earlier"
    assert content(out) == (run_of("new", NEW) if there == "new" else run_of("earlier", EARLIER))
    if there == "earlier" and (place.new / "manifest.json").exists():
        assert all((place.new / path).read_text() == f"new {path}" for path in NEW)
    return there


def earlier_again(out: Path) -> None:
    """Put the earlier run back where the new one is."""
    for path in NEW:
        (out / path).unlink()
    written(out, EARLIER, "earlier")
