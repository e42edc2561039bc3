"""Official files with mistakes: what `healthsim init` says of them, and that it stores nothing of them."""

import types
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim_core import Field, FileColumn, FileLayout, ReferenceDataset, Table, hookimpl, official
from healthsim_core.catalog import Catalog
from healthsim_core.cli import main
from healthsim_core.plugins import load
from healthsim_core.reference.init import InitReport, Refused, initialize

NAMES = ("FIPS", "Measure", "Value", "Low", "High", "Clinics", "NPI", "Opened", "State", "Abroad")
FIELDS = tuple(Field(name.lower(), "text", name, nullable=True) for name in NAMES)
CLINIC = Table("reference.clinic", FIELDS, key=("fips",), description="Clinics.", person="")
COLUMNS = (
    FileColumn("fips", "place", required=True),
    FileColumn("Value", "percent", by="Measure"),
    FileColumn("Low", "share"),
    FileColumn("High", "share"),
    FileColumn("Clinics", "count"),
    FileColumn("NPI", codes="npi"),
    FileColumn("Opened", "date"),
    FileColumn("State", "state", only=("Abroad", ("",))),
)
GOOD = "48201,asthma,9.5,9.0,10.1,12,1234567893,05/23/2007,TX,\n"


def read(path: Path) -> pa.Table:
    raw = official.read_columns(path, NAMES)
    return pa.table(
        {field.name: raw[name] for field, name in zip(CLINIC.fields, NAMES, strict=True)}, schema=CLINIC.schema
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


@pytest.fixture
def run(tmp_path: Path, files: Path) -> Callable[[], InitReport]:
    @hookimpl
    def healthsim_reference_datasets() -> list[ReferenceDataset]:
        key, limits = ("FIPS", "Measure"), (("Value", "Low", "High"),)
        layout = FileLayout("clinics", ("FIPS", "Measure", "Value"), read, columns=COLUMNS, key=key, limits=limits)
        return [ReferenceDataset("clinic", lambda: None, CLINIC, layouts=(layout,))]

    plugin = load("clinics", types.SimpleNamespace(healthsim_reference_datasets=healthsim_reference_datasets))
    return lambda: initialize(tmp_path / "x.duckdb", files, Catalog((plugin,)))


@pytest.fixture
def refuse(files: Path, run: Callable[[], InitReport]) -> Callable[[str], Refused]:
    """The refusal of a file with these lines below its header."""

    def call(lines: str) -> Refused:
        (files / "a.csv").write_text(f"{','.join(NAMES)}\n{lines}")
        (refused,) = run().refused
        return refused

    return call


def origins(tmp_path: Path) -> set[str]:
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as connection:
        tables = connection.sql("FROM duckdb_tables() SELECT table_name WHERE schema_name = 'reference'").fetchall()
        return {
            origin
            for (name,) in tables
            for (origin,) in connection.sql(f"SELECT loaded_from FROM reference.{name}").fetchall()
        }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("48201,copd,179,,,,,,,", "line 3, Value: 179 is more than 100 %."),
        ("48201,copd,-0.5,,,,,,,", "line 3, Value: -0.5 is less than 0 %."),
        ("48201,copd,seven,,,,,,,", 'line 3, Value: "seven" is no percentage.'),
        ("48201,copd,6,,,-1,,,,", "line 3, Clinics: -1 is less than 0."),
        ("48201,copd,6,,,a dozen,,,,", 'line 3, Clinics: "a dozen" is no whole number.'),
        ("48201,copd,6,,,1.5,,,,", 'line 3, Clinics: "1.5" is no whole number.'),
        ("48201,copd,6,,,1e400,,,,", 'line 3, Clinics: "1e400" is no whole number.'),
        ("48201,copd,1e400,,,,,,,", 'line 3, Value: "1e400" is no percentage.'),
        ("48201,copd,6,7,5,,,,,", "line 3, Low: the limits 7 and 5 are the wrong way round."),
        ("48201,copd,6,6.5,7,,,,,", "line 3, Value: 6 lies outside of its limits, 6.5 and 7."),
        ("48201,copd,6,,,,1234567890,,,", 'line 3, NPI: "1234567890" is no National Provider Identifier.'),
        ("48201,copd,6,,,,,2007-05-23,,", 'line 3, Opened: "2007-05-23" is no date: MM/DD/YYYY.'),
        ("48201,copd,6,,,,,02/30/2007,,", 'line 3, Opened: "02/30/2007" is no date: MM/DD/YYYY.'),
        ("48201,copd,6,,,,,,Texsa,", 'line 3, State: "Texsa" is no state of the United States.'),
        (
            "06074,copd,6,,,,,,,",
            'line 3, FIPS: no county has the FIPS code "06074". Did you mean "06073" (San Diego County, California)?',
        ),
        ("99001,copd,6,,,,,,,", 'line 3, FIPS: no county has the FIPS code "99001". No state has the code 99'),
        ("4820100,copd,6,,,,,,,", 'line 3, FIPS: "4820100" is no FIPS code of a county (5 digits) or tract (11).'),
        ("４８２０１,copd,6,,,,,,,", 'line 3, FIPS: "４８２０１" is no FIPS code of a county'),
        (",copd,6,,,,,,,", "line 3, FIPS: is missing."),
        ("48201,asthma,9.6,,,,,,,", "line 3, Value: 9.6 is a second figure for 48201, asthma, beside 9.5."),
        (GOOD.strip(), "line 3, FIPS: 48201, asthma stands twice."),
    ],
)
def test_a_mistake_is_told_by_line_and_column(refuse: Callable[[str], Refused], line: str, told: str) -> None:
    refused = refuse(f"{GOOD}{line}\n")

    assert len(refused.mistakes) == 1
    assert refused.mistakes[0].startswith(told)
    assert "1 mistake; nothing of it was stored" in str(refused)


@pytest.mark.parametrize(
    "line",
    [
        "48201,copd,,,,,,,,",
        "48201,copd,-999,-999,-999,n/a,,,,",
        '1001,copd,6,5,7,"1,200",,,Alabama,',
        "01001020100,copd,0,0,0.2,0,,,tx,",
        "09001,copd,100,99,100,,,,,",
        "48201,copd,6,,,,,,Ontario,CA",
    ],
)
def test_what_official_files_may_hold_is_stored(
    tmp_path: Path, files: Path, run: Callable[[], InitReport], line: str
) -> None:
    (files / "a.csv").write_text(f"{','.join(NAMES)}\n{GOOD}{line}\n")
    report = run()

    assert report.refused == ()
    assert report.passed
    assert origins(tmp_path) == {"clinics: a.csv"}


def test_nothing_of_a_refused_file_is_stored_but_of_others(
    tmp_path: Path, files: Path, run: Callable[[], InitReport]
) -> None:
    (files / "a.csv").write_text(f"{','.join(NAMES)}\n{GOOD}06073,copd,179,,,,,,,\n")
    (files / "b.csv").write_text(f"{','.join(NAMES)}\n{GOOD}")
    report = run()

    assert origins(tmp_path) == {"clinics: b.csv"}
    assert not report.passed


def test_what_a_file_brought_before_stays_when_its_new_version_is_refused(
    tmp_path: Path, files: Path, run: Callable[[], InitReport]
) -> None:
    (files / "a.csv").write_text(f"{','.join(NAMES)}\n{GOOD}")
    run()
    (files / "a.csv").write_text(f"{','.join(NAMES)}\n06073,copd,179,,,,,,,\n")

    assert not run().passed
    assert origins(tmp_path) == {"clinics: a.csv"}


def test_all_mistakes_of_a_file_come_at_once_in_the_order_of_its_lines(refuse: Callable[[str], Refused]) -> None:
    refused = refuse("48201,copd,179,,,-3,,,,\n06073,copd,six,9,2,,,,,\n48201,copd,5,,,,,,,\n")

    places = [each.split(":")[0] for each in refused.mistakes]
    assert places == ["line 2, Clinics", "line 2, Value", "line 3, Low", "line 3, Value", "line 4, Value"]


def test_of_many_mistakes_a_few_are_told_and_the_rest_counted(refuse: Callable[[str], Refused]) -> None:
    refused = refuse("".join(f"48201,m{index},{index + 101},,,,,,,\n" for index in range(2_345)))

    assert "2,345 mistakes" in refused.reason
    assert refused.mistakes[0] == "line 2, Value: 101 is more than 100 %."
    assert refused.mistakes[-1] == "... and 2,325 more."


@pytest.mark.parametrize("values", [("0.079", "0.11", "0.2"), ("0", "1", "0.5"), ("0.079",)])
def test_fractions_where_percentages_are_meant_are_refused(
    refuse: Callable[[str], Refused], values: tuple[str, ...]
) -> None:
    counties = ("48201", "06073", "36061")
    refused = refuse("".join(f"{fips},asthma,{value},,,,,,,\n" for fips, value in zip(counties, values, strict=False)))

    assert len(refused.mistakes) == 1
    assert "percentages are meant, not fractions" in refused.mistakes[0]


def test_fractions_of_one_measure_beside_percentages_of_another_are_refused(refuse: Callable[[str], Refused]) -> None:
    counties = ("48201", "06073", "36061")
    refused = refuse("".join(f"{fips},asthma,9,,,,,,,\n{fips},copd,0.06,,,,,,,\n" for fips in counties))

    assert [each.split("(")[0] for each in refused.mistakes] == ["line 3, Value: all values of copd lie from 0 to 1 "]


def test_a_small_percentage_among_others_is_none(files: Path, run: Callable[[], InitReport]) -> None:
    (files / "a.csv").write_text(
        f"{','.join(NAMES)}\n{GOOD}06073,asthma,0.4,,,,,,,\n06073,rare,0.1,,,,,,,\n06073,none,0,,,,,,,\n"
    )

    assert run().passed


@pytest.mark.parametrize("before", ["", "A title\nof two lines\n"])
def test_lines_are_those_that_an_editor_shows(files: Path, run: Callable[[], InitReport], before: str) -> None:
    broken = GOOD.replace("asthma", '"asth\nma"')
    (files / "a.csv").write_text(f"{before}{','.join(NAMES)}\n{broken}\n06073,copd,179,,,,,,,\n")
    (refused,) = run().refused

    assert refused.mistakes == (f"line {5 + before.count(chr(10))}, Value: 179 is more than 100 %.",)


def test_a_column_that_stands_twice_in_the_header_is_refused(files: Path, run: Callable[[], InitReport]) -> None:
    (files / "a.csv").write_text("FIPS,Measure,Value,value\n48201,copd,6,7\n")
    (refused,) = run().refused

    assert refused.wrong
    assert 'the header names "value" twice' in refused.reason


def test_a_parquet_files_mistakes_are_told_by_row(files: Path, run: Callable[[], InitReport]) -> None:
    pq.write_table(
        pa.table({"FIPS": [48201, 6073], "Measure": ["copd"] * 2, "Value": [6.5, 179.0]}), files / "a.parquet"
    )
    (refused,) = run().refused

    assert refused.mistakes == ("row 2, Value: 179 is more than 100 %.",)


def test_the_command_ends_with_1_where_a_file_is_refused(
    tmp_path: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "fees.csv").write_text("code,rvu,replaces\n99213-25-GT,2.7,\n")
    with pytest.raises(SystemExit) as stopped:
        main(["init", "--from", str(files), "--database", str(tmp_path / "x.duckdb")])

    assert stopped.value.code == 1
    assert 'line 2, code: "99213-25-GT" is not a procedure code' in capsys.readouterr().out


@pytest.fixture
def rain(tmp_path: Path, files: Path) -> Callable[..., InitReport]:
    """Loads files of millimetres of rain by county, given by name."""
    amount = Field("amount", "number", "Millimetres.")
    table = Table(
        "reference.rain", (Field("fips", "text", "County."), amount), key=("fips",), description="Rain.", person=""
    )

    def read_rain(path: Path) -> pa.Table:
        raw = official.read_columns(path, ("FIPS", "Rain"))
        return pa.table([raw["FIPS"], pa.array(official.numbers(raw["Rain"]))], schema=table.schema)

    @hookimpl
    def healthsim_reference_datasets() -> list[ReferenceDataset]:
        layout = FileLayout("rain", ("FIPS", "Rain"), read_rain, columns=(FileColumn("Rain", "number"),), key=("FIPS",))
        return [ReferenceDataset("rain", lambda: None, table, layouts=(layout,))]

    plugin = load("rain", types.SimpleNamespace(healthsim_reference_datasets=healthsim_reference_datasets))

    def call(**texts: str) -> InitReport:
        for name, lines in texts.items():
            path = files / f"{name.replace('_in_', '/')}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"FIPS,Rain\n{lines}")
        return initialize(tmp_path / "x.duckdb", files, Catalog((plugin,)))

    return call


@pytest.mark.parametrize(("second", "told"), [
    ("06073,7\n48201,4\n", "line 3, 48201: 4.0 is a second figure, beside 3.0 in line 3 of a.csv."),
    ("48201,3\n", "line 2, 48201: 3.0 stands already in line 3 of a.csv."),
])  # fmt: skip
def test_two_files_with_figures_for_one_key_are_told_and_the_second_is_refused(
    tmp_path: Path, rain: Callable[..., InitReport], second: str, told: str
) -> None:
    report = rain(a="48203,4\n48201,3\n", b=second)

    assert [(each.file, each.wrong, each.mistakes) for each in report.refused] == [("b.csv", True, (told,))]
    assert origins(tmp_path) == {"rain: a.csv"}
    assert not report.passed


def test_files_of_one_name_in_two_folders_are_both_stored(tmp_path: Path, rain: Callable[..., InitReport]) -> None:
    assert rain(texas_in_rain="48201,3\n", california_in_rain="06073,7\n").passed
    assert origins(tmp_path) == {"rain: texas/rain.csv", "rain: california/rain.csv"}


def test_a_file_loaded_again_is_no_second_figure(rain: Callable[..., InitReport]) -> None:
    rain(a="48201,3\n")
    assert rain(a="48201,4\n").passed
