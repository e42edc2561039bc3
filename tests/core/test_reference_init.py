"""`healthsim init`: bundled facts and official files into the database, and back out of it."""

import pickle
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from healthsim_core import Field, FileLayout, ReferenceDataset, Table, hookimpl, official, reference_rows
from healthsim_core.catalog import Catalog
from healthsim_core.database.file import writing
from healthsim_core.errors import ReferenceDataError, StateError
from healthsim_core.plugins import load
from healthsim_core.reference.init import InitReport, initialize
from healthsim_core.reference.stored import SMALL, read_facts, stored_in

RAIN = Table(
    "reference.rain",
    (
        Field("county_fips", "category", "County."),
        Field("value", "number", "The figure.", nullable=True),
        Field("unit", "category", "Its unit."),
    ),
    key=("county_fips",),
    description="Rainy days.",
    person="",
)


def rows(*figures: tuple[str, float | None], unit: str = "%") -> pa.Table:
    fips, values = [f for f, _ in figures], [v for _, v in figures]
    columns: dict[str, list[Any]] = {"county_fips": fips, "value": values, "unit": [unit] * len(figures)}
    return pa.table(
        {field.name: pa.array(columns[field.name], field.arrow.type) for field in RAIN.fields}, schema=RAIN.schema
    )


def read_rain(path: Path) -> pa.Table:
    raw = official.read_columns(path, ("FIPS", "Rainy"))
    if "^C" in raw["FIPS"].to_pylist():
        raise KeyboardInterrupt
    return rows(*zip(raw["FIPS"].to_pylist(), official.numbers(raw["Rainy"]).tolist(), strict=True))


@pytest.fixture
def catalog() -> Catalog:
    @hookimpl
    def healthsim_reference_datasets() -> list[ReferenceDataset]:
        facts = types.SimpleNamespace(bundled=rows(("48201", 20.0), ("06073", None)))
        return [
            ReferenceDataset("rain", lambda: facts, RAIN, layouts=(FileLayout("rain", ("FIPS", "Rainy"), read_rain),))
        ]

    plugin = load("weather", types.SimpleNamespace(healthsim_reference_datasets=healthsim_reference_datasets))
    assert plugin.status == "active", plugin.cause
    return Catalog((plugin,))


@pytest.fixture
def run(tmp_path: Path, catalog: Catalog) -> Callable[..., InitReport]:
    (tmp_path / "files").mkdir()

    def call(with_files: bool = True) -> InitReport:
        return initialize(tmp_path / "x.duckdb", tmp_path / "files" if with_files else None, catalog)

    return call


def stored(tmp_path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as connection:
        return connection.sql("SELECT county_fips, value, loaded_from FROM reference.rain ORDER BY ALL").fetchall()


def test_bundled_facts_are_stored(tmp_path: Path, run: Callable[..., InitReport]) -> None:
    report = run(with_files=False)

    assert stored(tmp_path) == [("06073", None, "bundled"), ("48201", 20.0, "bundled")]
    assert report.passed


def test_doing_it_twice_stores_nothing_twice(tmp_path: Path, run: Callable[..., InitReport]) -> None:
    (tmp_path / "files" / "a.csv").write_text("FIPS,Rainy\n36061,30\n")
    run()
    once = stored(tmp_path)
    run()

    assert stored(tmp_path) == once
    assert ("36061", 30.0, "rain: a.csv") in once


def test_a_files_rows_replace_those_it_gave_before(tmp_path: Path, run: Callable[..., InitReport]) -> None:
    path = tmp_path / "files" / "a.csv"
    path.write_text("FIPS,Rainy\n36061,30\n36047,31\n")
    run()
    path.write_text("FIPS,Rainy\n36061,40\n")
    run()

    assert [row for row in stored(tmp_path) if row[2] == "rain: a.csv"] == [("36061", 40.0, "rain: a.csv")]


def test_files_below_the_folder_are_found_and_others_listed_with_the_reason(
    tmp_path: Path, run: Callable[..., InitReport]
) -> None:
    deep = tmp_path / "files" / "deep"
    deep.mkdir()
    (deep / "a.csv").write_text("FIPS,Rainy\n36061,30\n")
    (deep / "b.csv").write_text("something,else\n1,2\n")
    (deep / "c.pdf").write_bytes(b"%PDF")
    (deep / "d.parquet").write_bytes(b"not parquet")
    (deep / "e.csv").write_text("FIPS,Rainy\n")
    report = run()

    assert [(each.file, each.rows) for each in report.loaded if each.file] == [("deep/a.csv", 1)]
    reasons = {each.file: each.reason for each in report.refused}
    assert set(reasons) == {"deep/b.csv", "deep/c.pdf", "deep/d.parquet", "deep/e.csv"}
    assert "no layout" in reasons["deep/b.csv"]
    assert "holds no row" in reasons["deep/e.csv"]
    assert all(file in str(report) for file in reasons)


@pytest.mark.parametrize(
    ("line", "failing"),
    [
        ("36061,130", "% from 0 to 100"),
        ("99999,30", "county codes are known"),
        ("36061,30\n36061,31", "one row for each county_fips"),
    ],
)
def test_rows_that_fail_a_check_are_not_stored_and_the_file_is_named(
    tmp_path: Path, run: Callable[..., InitReport], line: str, failing: str
) -> None:
    (tmp_path / "files" / "a.csv").write_text(f"FIPS,Rainy\n{line}\n")
    (tmp_path / "files" / "b.csv").write_text("FIPS,Rainy\n36047,31\n")
    report = run()

    assert [(check.file, check.name) for check in report.checks if not check.passed] == [("a.csv", failing)]
    assert f"FAILED: rain, a.csv: {failing}" in str(report)
    assert {origin for *_, origin in stored(tmp_path)} == {"bundled", "rain: b.csv"}
    assert not report.passed


def test_stored_rows_come_back_by_column(tmp_path: Path, run: Callable[..., InitReport]) -> None:
    run(with_files=False)
    with stored_in(tmp_path / "x.duckdb"):
        harris, nowhere = reference_rows("rain", county_fips="48201"), reference_rows("rain", county_fips="00000")

    assert harris is not None
    assert harris.to_pylist() == [{"county_fips": "48201", "value": 20.0, "unit": "%", "loaded_from": "bundled"}]
    assert nowhere is not None
    assert nowhere.num_rows == 0


def test_nothing_is_stored_where_there_is_no_database_or_no_dataset(
    tmp_path: Path, run: Callable[..., InitReport]
) -> None:
    with stored_in(tmp_path / "absent.duckdb"):
        assert reference_rows("rain") is None
    run(with_files=False)
    with stored_in(tmp_path / "x.duckdb"):
        assert reference_rows("snow") is None


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path, catalog: Catalog) -> None:
    with pytest.raises(ReferenceDataError, match="is not a folder"):
        initialize(tmp_path / "x.duckdb", tmp_path / "absent", catalog)


def test_a_file_that_is_no_database_is_an_error_and_stays_as_it_was(tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "x.duckdb"
    path.write_text("no database, and longer than a header of one would be " * 20)
    before = path.read_bytes()

    with pytest.raises(StateError, match="not a DuckDB database"):
        initialize(path, None, catalog)
    assert path.read_bytes() == before


def test_an_interruption_in_the_middle_stores_nothing(tmp_path: Path, run: Callable[..., InitReport]) -> None:
    run(with_files=False)
    before = stored(tmp_path)
    (tmp_path / "files" / "a.csv").write_text("FIPS,Rainy\n36061,30\n")
    (tmp_path / "files" / "b.csv").write_text("FIPS,Rainy\n^C,30\n")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert stored(tmp_path) == before


def test_facts_that_were_asked_for_stay_while_the_database_is_written(
    tmp_path: Path, run: Callable[..., InitReport]
) -> None:
    many = "".join(f"06037{index:06},{index % 100}\n" for index in range(SMALL))
    (tmp_path / "files" / "a.csv").write_text(f"FIPS,Rainy\n{many}")
    run()
    facts = read_facts(tmp_path / "x.duckdb")
    asked = facts.rows("rain", {"county_fips": "48201"})

    with writing(tmp_path / "x.duckdb"):
        again = pickle.loads(pickle.dumps(facts)).rows("rain", {"county_fips": "48201"})
        with pytest.raises(StateError):
            facts.rows("rain", {"county_fips": "06073"})
    assert asked is not None
    assert again == asked
    assert asked["value"].to_pylist() == [20.0]


def test_a_digest_tells_what_files_have_brought(tmp_path: Path, run: Callable[..., InitReport]) -> None:
    run(with_files=False)
    bundled_alone = read_facts(tmp_path / "x.duckdb").digests()
    digests = []
    for rainy in ("30", "31", "30"):
        (tmp_path / "files" / "a.csv").write_text(f"FIPS,Rainy\n36061,{rainy}\n")
        run()
        digests.append(read_facts(tmp_path / "x.duckdb").digests()["reference:rain"])

    assert bundled_alone == {}
    assert digests[0] == digests[2] != digests[1]
