"""No JSON of ours holds NaN or Infinity: a number that is none is null, in files, answers and exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from healthsim import generate
from healthsim_core import text
from healthsim_core.cli import cli
from healthsim_core.errors import OutputError, SpecificationError
from healthsim_core.reading.json_lines import read_json_lines
from healthsim_core.spec import ProfileSpecification
from healthsim_core.state import export_cohort
from healthsim_core.strict_json import json_text
from healthsim_core.tables import to_arrow

OVERFLOWS = {
    "id": "overflows",
    "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}},
    "attributes": {
        "wide": {"type": "log_normal", "mu": 1, "sigma": 25},
        "wider": {"type": "derived", "expression": "exp(wide)"},
    },
}


def strictly(content: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} in JSON")

    return json.loads(content, parse_constant=refuse)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of people whose attributes overflow, and the database that it is stored in."""
    place = tmp_path_factory.mktemp("overflows")
    generate(OVERFLOWS, count=60, products=[], seed=5, out=place / "out", database=place / "x.duckdb", cohort="them")
    return place


def test_an_attribute_that_overflows_is_missing(stored: Path) -> None:
    sql = "SELECT count(*) AS n FROM core.person WHERE NOT isfinite(wide) OR NOT isfinite(wider)"
    answer = CliRunner().invoke(cli, ["cohorts", "query", sql, "--json", "--database", str(stored / "x.duckdb")])
    assert strictly(answer.output) == [{"n": 0}]


def test_an_attribute_that_overflows_is_null_in_exported_json(stored: Path) -> None:
    export_cohort("them", stored / "json", "json", database=stored / "x.duckdb")
    rows = [strictly(line) for line in (stored / "json" / "core.person.ndjson").read_text().splitlines()]
    assert {type(row["wider"]) for row in rows} == {type(None), float}


@pytest.mark.parametrize("name", ["manifest.json", "validation.json"])
def test_what_a_run_says_of_itself_is_strict(stored: Path, name: str) -> None:
    assert strictly((stored / "out" / name).read_text())


def test_an_answer_with_numbers_that_are_none_is_strict(stored: Path) -> None:
    sql = "SELECT 'nan'::DOUBLE AS a, ['inf'::DOUBLE, 1.5] AS b, {'c': '-inf'::FLOAT} AS d"
    answer = CliRunner().invoke(cli, ["cohorts", "query", sql, "--json", "--database", str(stored / "x.duckdb")])
    assert strictly(answer.output) == [{"a": None, "b": [None, 1.5], "d": {"c": None}}]


def test_ids_are_text_in_lists_and_structs_of_an_answer_too(stored: Path) -> None:
    sql = "SELECT [9007199254740993, 2] AS a, {'person_id': 16, 'of': [[9007199254740993]], 'n': 3} AS b, [1, 2] AS c"
    answer = CliRunner().invoke(cli, ["cohorts", "query", sql, "--json", "--database", str(stored / "x.duckdb")])
    ids, struct = ["9007199254740993", "2"], {"person_id": "16", "of": [["9007199254740993"]], "n": 3}
    assert strictly(answer.output) == [{"a": ids, "b": struct, "c": [1, 2]}]


@pytest.mark.parametrize(
    "command",
    [
        ["schema", "profile"],
        ["plugins", "list", "--json"],
        ["profiles", "list", "--json"],
        ["formats", "list", "--json"],
    ],
)
def test_what_commands_print_is_strict(stored: Path, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(stored / "x.duckdb"))
    assert strictly(CliRunner().invoke(cli, command).output)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_number_that_is_none_is_null_in_every_table_and_text(value: float) -> None:
    found = np.array([value, 1.5])
    assert (to_arrow(found, "number").to_pylist(), text.decimal(found, 2).to_pylist()) == ([None, 1.5], [None, "1.50"])


def test_a_document_keeps_what_json_can_say() -> None:
    assert json_text({"a": (1, 2.5, None, True), "b": "é"}) == '{"a": [1, 2.5, null, true], "b": "é"}'


LIKE = pa.schema([("a", pa.float64()), ("b", pa.list_(pa.struct([("c", pa.int64())])))])
NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + 400 * "0"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("member", ['{"a": %s}', '{"b": [{"c": 1}, {"c": %s}]}'])
def test_lines_that_are_read_hold_numbers_alone_and_the_wrong_line_is_named(member: str, number: str) -> None:
    with pytest.raises(OutputError, match=r"line 2 is no JSON \(.* is not a number\)"):
        read_json_lines(f'{{"a": 1}}\n{member % number}\n'.encode(), LIKE)


@pytest.mark.parametrize("line", ['{"b": %s}', '{"strange": %s}'])
def test_lines_that_are_too_deep_are_told(line: str) -> None:
    with pytest.raises(OutputError, match="line 1 is no JSON"):
        read_json_lines((line % ("[" * 100_000)).encode(), LIKE)


@pytest.mark.parametrize("number", [*NUMBERS, "7" * 5_000])
def test_a_number_that_is_none_is_refused_in_a_specification_at_its_place(tmp_path: Path, number: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(f'{{"id": "mine", "demographics": {{"age": {number}}}}}')
    with pytest.raises(
        SpecificationError, match=r"^mine\.json: (demographics\.age: |is not JSON: (-?Infinity|NaN|777))"
    ) as told:
        ProfileSpecification.read(path)
    assert "set_int_max_str_digits" not in str(told.value)
