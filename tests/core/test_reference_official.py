"""Official files: known by their header, read whatever their encoding, case and types."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim_core import FileLayout, official
from healthsim_core.errors import ReferenceDataError
from healthsim_core.reference.file_values import number


def layout(name: str, *header: str) -> FileLayout:
    return FileLayout(name, header, lambda path: official.read_columns(path, header))


def written(tmp_path: Path, content: str | bytes, name: str = "any.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


HEADERS = (
    "FIPS,Name\n1,x\n",
    "fips,NAME,more\n1,x,2\n",
    "\ufeffFIPS,Name\n1,x\n",
    "FIPS\tName\n1\tx\n",
    "A title\n\nFIPS,Name\n1,x\n",
)


@pytest.mark.parametrize("header", HEADERS)
def test_a_layout_is_recognised_by_its_header(tmp_path: Path, header: str) -> None:
    found = official.recognised(written(tmp_path, header), [layout("counties", "FIPS", "Name")])

    assert found is not None
    assert found.name == "counties"


def test_the_files_name_says_nothing(tmp_path: Path) -> None:
    assert (
        official.recognised(
            written(tmp_path, "other,columns\n1,2\n", "counties.csv"), [layout("counties", "FIPS", "Name")]
        )
        is None
    )


def test_of_two_fitting_layouts_the_more_exact_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, "FIPS,Name,Year\n1,x,2020\n")
    found = official.recognised(
        path, [layout("any", "FIPS"), layout("exact", "FIPS", "Name", "Year"), layout("some", "FIPS", "Name")]
    )

    assert found is not None
    assert found.name == "exact"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_accents_survive_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, 'FIPS,Name\n35013,"Doña Ana, NM"\n'.encode(encoding))

    assert official.read_columns(path, ("FIPS", "Name")).to_pylist() == [{"FIPS": "35013", "Name": "Doña Ana, NM"}]


def test_codes_keep_their_zeros_and_absent_columns_are_null(tmp_path: Path) -> None:
    path = written(tmp_path, "fips,value\n01001,\n")

    assert official.read_columns(path, ("FIPS", "Value", "Note")).to_pylist() == [
        {"FIPS": "01001", "Value": None, "Note": None}
    ]


def test_title_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    path = written(tmp_path, "TABLE 5\nNotes\nMS-DRG\tWeight\n001\t28.0\n")

    assert official.read_columns(path, ("MS-DRG", "Weight")).to_pylist() == [{"MS-DRG": "001", "Weight": "28.0"}]


def test_parquet_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"FIPS": [1001, None], "Value": [6.5, None]}), path)

    assert official.read_columns(path, ("fips", "Value")).to_pylist() == [
        {"fips": "1001", "Value": "6.5"},
        {"fips": None, "Value": None},
    ]


def test_numbers_of_text_are_null_where_there_is_none() -> None:
    found = official.numbers(pa.array(["6.5", "-999", "", None, "1,234", "n/a", " 7 ", "1e3"]))

    np.testing.assert_array_equal(found, [6.5, np.nan, np.nan, np.nan, 1234, np.nan, 7, 1000])


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234", 1_234), ("12,345,678.5", 12_345_678.5), ("2,7", None), ("1,2345", None), ("12,34", None)],
)
def test_a_comma_parts_thousands_and_nothing_else(text: str, value: float | None) -> None:
    (found,) = official.numbers(pa.array([text]))
    assert (None if np.isnan(found) else found) == value == number(text)


def test_codes_get_their_zeros_back() -> None:
    assert official.zero_padded(pa.array(["1001", "48201", "1001.0", None]), 5).to_pylist() == [
        "01001",
        "48201",
        "01001",
        None,
    ]


@pytest.mark.parametrize("name", ["broken.parquet", "absent.csv"])
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        written(tmp_path, b"not parquet", name)

    with pytest.raises(ReferenceDataError, match=name):
        official.recognised(tmp_path / name, [])


def test_an_empty_file_has_no_layout(tmp_path: Path) -> None:
    assert official.recognised(written(tmp_path, ""), [layout("counties", "FIPS")]) is None
