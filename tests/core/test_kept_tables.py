"""Tables of a folder that are read once, as many as fit."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from healthsim_core.formats.folder import Folder
from healthsim_core.output.stored import Kept, StoredTables

PATH = "tables/core.person.parquet"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tables").mkdir()
    written(tmp_path, "Ng")
    return tmp_path


def written(folder: Path, name: str) -> None:
    pa.parquet.write_table(pa.table({"last_name": [name], "sex": ["F"]}), folder / PATH)


def names_after_a_change(folder: Path, room: int) -> list[str]:
    """What is asked for the second time, after the file changed."""
    stored = StoredTables(Folder(folder), [PATH], kept=Kept(room))
    stored["core.person"]
    written(folder, "Roe")
    return list(stored["core.person"]["last_name"].to_pylist())


def test_a_table_that_fits_is_read_once(folder: Path) -> None:
    assert names_after_a_change(folder, 1 << 20) == ["Ng"]


def test_a_table_that_does_not_fit_is_read_anew(folder: Path) -> None:
    assert names_after_a_change(folder, 1) == ["Roe"]


def test_some_columns_of_a_table_that_is_kept_are_those_columns(folder: Path) -> None:
    stored = StoredTables(Folder(folder), [PATH], kept=Kept(1 << 20))
    stored["core.person"]

    (piece,) = stored.pieces("core.person", ["sex"])

    assert piece.column_names == ["sex"]


def test_whether_a_table_is_there_is_told_without_reading_it(folder: Path) -> None:
    stored = StoredTables(Folder(folder), [PATH])
    (folder / PATH).write_bytes(b"no Parquet")

    assert "core.person" in stored
