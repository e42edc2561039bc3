"""No value of a table brings a separator, a quote or a control character into a file: hostile ones change words,
never structure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outside_readers import xpt

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.format_offers import OutputFormat
from healthsim_core.formats.characters import json_characters
from healthsim_core.formats.destination import Destination
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.generator import make_plan
from healthsim_core.planning.met import run_tables
from healthsim_core.planning.plan import Plan

# what separates by the standards; any other format's are the characters that it declares
STANDARD = {"x12": b"*:^~", "hl7v2": b"|^~&\r\n", "ncpdp": b"\x02\x03\x1c\x1d\x1e\n"}
CELLS = "sdtm_datasets"
FORMATS = {name: offer for name, offer in default_catalog().formats.items() if offer.characters is not None}
JSON = [name for name, offer in FORMATS.items() if offer.characters == json_characters()]
SEPARATED = [name for name in FORMATS if name not in (*JSON, CELLS)]
HOSTILE = [
    "en~NM1*IL*1*EVIL", "\rMSH|^~\\&|EVIL", "a|b^c~d&e\\f", '","evil":{"a":"', "\\", '"', "\x02\x1e\x1cAM07\x03",
    "a\tb\nc\r\nd",
    "\x00\x01\x1f\x7f", "e\u0301cole", "\u202eevil\u202c", "\u65e5\u672c", "\U0001f600", "\ue000\ue001", "a:b*c",
    "\u2028\u2029\x85",
    "</a><b>", "=1+1", "'; DROP TABLE x; --",
]  # fmt: skip
STUDY = '</a>&"<b>'
RULED = (
    "_id", "npi", "code", "category", "status", "type", "class", "relationship", "sex", "role", "system", "fips",
    "pointers",
)  # fmt: skip
# writers look them up, and refuse a table with any other word
LOOKED_UP = {
    "class", "sex", "county_fips", "system", "npi", "prescriber_npi", "arm_code", "criterion_code", "test_code",
}  # fmt: skip
# no digit: numbers among them are pointers
ALL_AT_ONCE = 'Q~NM*IL:^|\\&\r\n\x02\x1c\x1d\x1e","\x00\u2028\u0301'


@pytest.fixture(scope="module")
def plan() -> Plan:
    journeys = ["member-year", "diabetic-first-year", "diabetes-drug-therapy"]
    return make_plan(
        "medicare-diabetic", journeys, count=6, formats=list({*SEPARATED, *JSON} - {"dental_list"}), seed=3
    )


@pytest.fixture(scope="module")
def tables(plan: Plan) -> dict[str, pa.Table]:
    dental = run_in_memory(make_plan("dental-adults", ["dental-year"], count=6, formats=["dental_list"], seed=3))
    return {**run_in_memory(plan).tables, "dentalsim.visit": dental.tables["dentalsim.visit"]}


def written(plan: Plan, offer: OutputFormat, tables: Mapping[str, pa.Table], folder: Path) -> dict[str, bytes]:
    """The files that a format makes of tables, as a run makes them."""
    destination = Destination(folder, offer.name, characters=offer.characters)
    writer = offer.writer(destination, plan.run)
    known = offer.guarded({name: tables[name] for name in (*offer.needs, *offer.wants) if name in tables})
    writer.write(known)
    left = writer.close()
    if offer.finish is not None:
        whole = offer.guarded({name: tables[name] for name in run_tables(plan, {})})
        offer.finish(destination, plan.run, whole, [left])
    destination.close()
    return {path.name: path.read_bytes() for path in sorted((folder / offer.name).rglob("*")) if path.is_file()}


def poisoned(table: pa.Table, name: str, value: str) -> pa.Table:
    """The table with a value appended to every text that stands in a column."""
    index = table.schema.get_field_index(name)
    field = table.schema.field(index)
    plain = table.column(index).cast(pa.string()).to_pylist()
    values = pa.array([None if each is None else f"{each}{value}" for each in plain], pa.string())
    return table.set_column(index, field, values.dictionary_encode() if pa.types.is_dictionary(field.type) else values)


def both(
    plan: Plan, offer: OutputFormat, tables: dict[str, pa.Table], folder: Path, value: str, one: str = ""
) -> list[dict[str, bytes]]:
    """The files of a format whose texts end in something harmless, and of one where they end in a hostile value.

    Free texts, or those of `one` column.
    """
    assert offer.characters is not None
    stays, found = offer.characters.taken(f"A{value}")[1:], []
    for name, ending in (("harmless", "ZZ" if stays.strip(" ") else stays), ("hostile", value)):
        ended = dict(tables)
        for table, column in text_columns(offer, tables):
            if column == one if one else not column.endswith(RULED):
                ended[table] = poisoned(ended[table], column, ending)
        found.append(written(plan, offer, ended, folder / name))
    return found


def ruled_columns(names: list[str]) -> list[tuple[str, str]]:
    """Keys and codes, of all tables that formats take: format and column."""
    declared = default_catalog().tables
    return [
        (name, column)
        for name in names
        for column in sorted({
            field.name
            for table in (*FORMATS[name].needs, *FORMATS[name].wants)
            for field in declared[table].fields
            if field.type in ("text", "category") and field.name.endswith(RULED)
        })
    ]  # fmt: skip


def refused(plan: Plan, name: str, tables: dict[str, pa.Table], folder: Path, column: str) -> list[dict[str, bytes]]:
    """As `both`, of one column; nothing where the writer refuses other words than those that it looks up."""
    try:
        return both(plan, FORMATS[name], tables, folder, ALL_AT_ONCE, column)
    except (KeyError, ValueError, HealthSimError):
        assert column in LOOKED_UP
        return [{}, {}]


def text_columns(offer: OutputFormat, tables: Mapping[str, pa.Table]) -> list[tuple[str, str]]:
    """Text columns of a format's tables: free words, and keys and codes, by which rows and words are found."""
    return [
        (name, field.name)
        for name in (*offer.needs, *offer.wants)
        if name in tables
        for field in tables[name].schema
        if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
    ]


def special(name: str) -> re.Pattern[str]:
    characters = FORMATS[name].characters
    assert characters is not None
    return re.compile(f"[{characters.special}]")


def separators(content: bytes, name: str) -> Counter[int]:
    characters = FORMATS[name].characters
    assert characters is not None
    escaping = "".join(characters.escapes.values())
    which = {code for code in range(128) if special(name).match(chr(code)) and chr(code) not in escaping}
    which |= set(STANDARD.get(name.split("_")[0], b""))
    return Counter(byte for byte in content if byte in which)


def shape(value: Any) -> Any:
    """A document without its texts."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", SEPARATED)
def test_a_hostile_text_in_any_column_adds_no_separator(
    plan: Plan, tables: dict[str, pa.Table], tmp_path: Path, name: str, value: str
) -> None:
    offer = default_catalog().formats[name]
    before, after = both(plan, offer, tables, tmp_path, value)
    assert {file: separators(content, name) for file, content in after.items()} == {
        file: separators(content, name) for file, content in before.items()
    }
    if special(name).match("é"):
        assert all(content.isascii() for content in after.values())


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", JSON)
def test_a_hostile_text_in_any_column_stays_the_text_of_its_member(
    plan: Plan, tables: dict[str, pa.Table], tmp_path: Path, name: str, value: str
) -> None:
    offer = default_catalog().formats[name]
    before, after = both(plan, offer, tables, tmp_path, value)
    for file, content in after.items():
        assert [shape(line) for line in documents(content)] == [shape(line) for line in documents(before[file])]


@pytest.mark.parametrize(("name", "column"), ruled_columns(SEPARATED))
def test_a_hostile_code_or_key_adds_no_separator(
    plan: Plan, tables: dict[str, pa.Table], tmp_path: Path, name: str, column: str
) -> None:
    before, after = refused(plan, name, tables, tmp_path, column)
    assert {file: separators(content, name) for file, content in after.items()} == {
        file: separators(content, name) for file, content in before.items()
    }


@pytest.mark.parametrize(("name", "column"), ruled_columns(JSON))
def test_a_hostile_code_or_key_stays_the_text_of_its_member(
    plan: Plan, tables: dict[str, pa.Table], tmp_path: Path, name: str, column: str
) -> None:
    before, after = refused(plan, name, tables, tmp_path, column)
    for file, content in after.items():
        assert [shape(line) for line in documents(content)] == [shape(line) for line in documents(before[file])]


def test_every_format_says_which_characters_separate() -> None:
    assert set(default_catalog().formats) == set(FORMATS)


@pytest.mark.parametrize("name", [*SEPARATED, *JSON])
def test_the_people_of_these_tests_are_in_every_format(
    plan: Plan, tables: dict[str, pa.Table], tmp_path: Path, name: str
) -> None:
    assert any(written(plan, FORMATS[name], tables, tmp_path).values())


def test_codes_of_a_table_do_reach_the_files(plan: Plan, tables: dict[str, pa.Table], tmp_path: Path) -> None:
    """What the two tests above would not find in files that no code reaches."""
    ended = {"membersim.claim_line": poisoned(tables["membersim.claim_line"], "service_code", "ZZ")}
    files = written(plan, default_catalog().formats["x12_837"], {**tables, **ended}, tmp_path)
    assert any(b"ZZ" in content for content in files.values())


@pytest.fixture(scope="module")
def trial() -> tuple[Plan, dict[str, pa.Table]]:
    settings = {"trialsim": {"study_id": STUDY}}
    scenario = {"scenario": "Trial", "profile": "trial-diabetes-adults", "settings": settings}
    plan = make_plan(scenario=scenario, count=30, formats=["sdtm_datasets"], seed=3)
    return plan, {**run_in_memory(plan).tables}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_text_in_any_column_stays_in_its_cell(
    trial: tuple[Plan, dict[str, pa.Table]], tmp_path: Path, value: str
) -> None:
    offer = default_catalog().formats["sdtm_datasets"]
    before, after = both(trial[0], offer, trial[1], tmp_path, value)
    assert {name: len(content) for name, content in after.items()} == {
        name: len(content) for name, content in before.items()
    }
    cells = [cell for rows in xpt(tmp_path / "hostile" / offer.name).values() for row in rows for cell in row.values()]
    assert not any(unicodedata.category(letter) == "Cc" for cell in cells if isinstance(cell, str) for letter in cell)


@pytest.mark.parametrize(("name", "column"), ruled_columns([CELLS]))
def test_a_hostile_code_or_key_stays_in_its_cell(
    trial: tuple[Plan, dict[str, pa.Table]], tmp_path: Path, name: str, column: str
) -> None:
    before, after = refused(trial[0], name, trial[1], tmp_path, column)
    assert {file: len(content) for file, content in after.items()} == {
        file: len(content) for file, content in before.items()
    }


def test_a_hostile_text_of_the_settings_is_an_attribute_of_the_xml(
    trial: tuple[Plan, dict[str, pa.Table]], tmp_path: Path
) -> None:
    offer = default_catalog().formats["sdtm_datasets"]
    files = written(trial[0], offer, trial[1], tmp_path)
    study = ET.fromstring(files["define.xml"]).find(".//{*}StudyName")
    assert study is not None and study.text == STUDY
    assert {row["STUDYID"] for row in xpt(tmp_path / offer.name)["DM"]} == {STUDY}


def documents(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.split(b"\n") if line]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(max_size=30))
def test_what_a_hostile_text_becomes_can_be_read_back_where_the_format_has_escapes(value: str) -> None:
    offer = default_catalog().formats["fhir_r4"]
    assert offer.characters is not None
    taken = offer.characters.taken(value)
    private = any(0xE000 <= ord(letter) <= 0xE0FF for letter in value)
    written_text = offer.characters.given(taken.encode("utf-8", "surrogatepass"))
    assert private or json.loads(b'"' + written_text + b'"') == value
