"""SAS transport files, version 5: written by us, read by pyreadstat and by ourselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trialsim.formats import xpt
from trialsim.formats.xpt import XptVariable, float_from_ibm, ibm_from_float, read_xpt

from healthsim_core import Text

DAY = np.datetime64("2026-01-01")
IBM_RANGE = st.floats(1e-70, 1e70) | st.floats(-1e70, -1e-70) | st.just(0.0)


def written(path: Path, names: list[str | None], numbers: list[float], length: int = 12) -> Path:
    """A file of one text and one number."""
    variables = [XptVariable("NAME", "A name", length), XptVariable("VALUE", "A value", 8, number=True)]
    rows = np.zeros(len(names), xpt.record_type(variables))
    rows["NAME"] = xpt.text_cells(Text.of(names), length)
    rows["VALUE"] = ibm_from_float(np.array(numbers, np.float64))
    raw = rows.tobytes()
    path.write_bytes(xpt.header("TEST", "A test", variables, DAY) + raw + xpt.padding(len(raw)))
    return path


@given(st.lists(IBM_RANGE, min_size=1))
def test_numbers_survive_ibm_floating_point(values: list[float]) -> None:
    numbers = np.array(values)

    assert float_from_ibm(ibm_from_float(numbers)).tolist() == numbers.tolist()


@pytest.mark.parametrize(
    ("value", "word"),
    [(1.0, 0x4110000000000000), (-1.0, 0xC110000000000000), (0.5, 0x4080000000000000), (100.0, 0x4264000000000000), (0.0, 0)],
)
def test_words_are_those_of_the_system_360(value: float, word: int) -> None:
    assert int(ibm_from_float(np.array([value]))[0]) == word


def test_pyreadstat_reads_text_and_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "test.xpt", ["Ana", "O'Neil, é", None], [1.5, -273.15, np.nan])

    columns, meta = pyreadstat.read_xport(str(path), output_format="dict", encoding="utf-8")

    assert list(columns["NAME"]) == ["Ana", "O'Neil, é", ""]
    assert list(columns["VALUE"])[:2] == [1.5, -273.15]
    assert list(columns["VALUE"])[2] is None
    assert (meta.table_name, meta.file_label, meta.column_labels) == ("TEST", "A test", ["A name", "A value"])


def test_lengths_are_those_declared(tmp_path: Path) -> None:
    path = written(tmp_path / "test.xpt", ["Ana"], [1.0], length=12)

    _, meta = pyreadstat.read_xport(str(path), output_format="dict")

    assert meta.variable_storage_width == {"NAME": 12, "VALUE": 8}


def test_a_text_too_long_is_cut_at_a_whole_character(tmp_path: Path) -> None:
    path = written(tmp_path / "test.xpt", ["abcdefghijké"], [1.0], length=12)

    assert read_xpt(path).columns["NAME"].to_pylist() == ["abcdefghijk"]  # type: ignore[union-attr]


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 5, 100])
def test_files_are_whole_cards_and_every_row_comes_back(tmp_path: Path, rows: int) -> None:
    path = written(tmp_path / "test.xpt", ["x"] * rows, [2.0] * rows)

    assert path.stat().st_size % 80 == 0
    assert read_xpt(path).rows == rows


def test_no_clock_stands_in_the_header(tmp_path: Path) -> None:
    path = written(tmp_path / "test.xpt", ["x"], [2.0])

    assert b"01JAN26:00:00:00" in path.read_bytes()[:700]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test.xpt"
    path.write_text("not a transport file")

    with pytest.raises(ValueError, match="not a SAS transport file"):
        read_xpt(path)
