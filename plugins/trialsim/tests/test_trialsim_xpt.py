"""SAS transport files, version 5: written by us, read by pyreadstat and by the parser that verify reads them with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trialsim.formats import xpt
from trialsim.formats.sdtm.reading.transport import Transport, read_transport
from trialsim.formats.xpt import XptVariable, ibm_from_float

from healthsim_core import HealthSimError, Text

DAY = np.datetime64("2026-01-01")
IBM_RANGE = st.floats(1e-70, 1e70) | st.floats(-1e70, -1e-70) | st.just(0.0)


def content(names: list[str | None], numbers: list[float], length: int = 12) -> bytes:
    """A file of one text and one number."""
    variables = [XptVariable("NAME", "A name", length), XptVariable("VALUE", "A value", 8, number=True)]
    rows = np.zeros(len(names), xpt.record_type(variables))
    rows["NAME"] = xpt.text_cells(Text.of(names), length)
    rows["VALUE"] = ibm_from_float(np.array(numbers, np.float64))
    raw = rows.tobytes()
    return xpt.header("TEST", "A test", variables, DAY) + raw + xpt.padding(len(raw))


def written(path: Path, names: list[str | None], numbers: list[float], length: int = 12) -> Path:
    """The same on disk."""
    path.write_bytes(content(names, numbers, length))
    return path


def taken_apart(names: list[str | None], numbers: list[float]) -> Transport:
    return read_transport(content(names, numbers), "test.xpt")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(IBM_RANGE, min_size=1))
def test_numbers_survive_ibm_floating_point(values: list[float]) -> None:
    file = taken_apart(["x"] * len(values), values)

    assert (file.observations["VALUE"].to_pylist(), file.problems) == (values, ())


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (1.0, 0x4110000000000000),
        (-1.0, 0xC110000000000000),
        (0.5, 0x4080000000000000),
        (100.0, 0x4264000000000000),
        (0.0, 0),
    ],
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


def test_a_text_too_long_is_cut_at_a_whole_character() -> None:
    assert taken_apart(["abcdefghijké"], [1.0]).observations["NAME"].to_pylist() == ["abcdefghijk"]


def test_blank_text_and_a_missing_number_are_null() -> None:
    file = taken_apart([None], [np.nan])

    assert (file.observations["NAME"].to_pylist(), file.observations["VALUE"].to_pylist()) == ([None], [None])


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 5, 100])
def test_files_are_whole_cards_and_every_row_comes_back(rows: int) -> None:
    raw = content(["x"] * rows, [2.0] * rows)

    assert len(raw) % 80 == 0
    assert read_transport(raw, "test.xpt").observations.num_rows == rows


@pytest.mark.parametrize(
    "word", ["4201000000000000", "41F0000000000001", "8000000000000000", "4100000000000000", "4E00000000000000"]
)
def test_another_word_for_a_number_is_no_normalised_one(word: str) -> None:
    raw = content(["x"], [1.0]).replace(bytes.fromhex("4110000000000000"), bytes.fromhex(word))

    assert read_transport(raw, "test.xpt").problems == ("test.xpt: 1 values of VALUE are no normalised IBM numbers",)


def test_no_clock_stands_in_the_header(tmp_path: Path) -> None:
    path = written(tmp_path / "test.xpt", ["x"], [2.0])

    assert b"01JAN26:00:00:00" in path.read_bytes()[:700]


@pytest.mark.parametrize("raw", [b"not a transport file", b"", content(["x"], [1.0])[:-7], content(["x"], [1.0])[:800]])
def test_another_file_is_refused(raw: bytes) -> None:
    with pytest.raises(HealthSimError, match=r"test\.xpt"):
        read_transport(raw, "test.xpt")
