"""No value of a table brings a separator, a quote or a control character into a file: hostile ones change words, never structure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthsim_core.catalog import default_catalog
from healthsim_core.format_offers import OutputFormat
from healthsim_core.formats.destination import Destination
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.generation.met import run_tables
from healthsim_core.generation.plan import Plan
from healthsim_core.generator import make_plan

SEPARATORS = {"x12_834": b"*:^~", "x12_837": b"*:^~", "x12_835": b"*:^~", "hl7v2_adt": b"|^~&\r\n", "ncpdp_d0": b"\x02\x03\x1c\x1d\x1e\n"}
JSON = ("fhir_r4", "fhir_bundle")
HOSTILE = [
    "en~NM1*IL*1*EVIL", "\rMSH|^~\\&|EVIL", "a|b^c~d&e\\f", '","evil":{"a":"', "\\", '"', "\x02\x1e\x1cAM07\x03", "a\tb\nc\r\nd",
    "\x00\x01\x1f\x7f", "e\u0301cole", "\u202eevil\u202c", "\u65e5\u672c", "\U0001f600", "\ue000\ue001", "a:b*c", "\u2028\u2029\x85",
    "</a><b>", "=1+1", "'; DROP TABLE x; --",
]  # fmt: skip
RULED = (
    "_id", "npi", "code", "category", "status", "type", "class", "relationship", "sex", "role", "system", "fips", "pointers",
)  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> Plan:
    journeys = ["member-year", "diabetic-first-year", "diabetes-drug-therapy"]
    return make_plan("medicare-diabetic", journeys, count=6, formats=[*SEPARATORS, *JSON], seed=3)


@pytest.fixture(scope="module")
def tables(plan: Plan) -> dict[str, pa.Table]:
    return {**run_in_memory(plan).tables}


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


def both(plan: Plan, offer: OutputFormat, tables: dict[str, pa.Table], folder: Path, value: str) -> list[dict[str, bytes]]:
    """The files of a format whose texts end in something harmless, and of one where they end in a hostile value."""
    assert offer.characters is not None
    nothing_stays, found = offer.characters.taken(f"A{value}").strip(" ") == "A", []
    for name, ending in (("harmless", "" if nothing_stays else "ZZ"), ("hostile", value)):
        ended = dict(tables)
        for table, column in free_columns(offer, tables):
            ended[table] = poisoned(ended[table], column, ending)
        found.append(written(plan, offer, ended, folder / name))
    return found


def free_columns(offer: OutputFormat, tables: Mapping[str, pa.Table]) -> list[tuple[str, str]]:
    """Text columns of a format's tables that hold words: others are keys and codes, by which rows and words are found."""
    return [
        (name, field.name)
        for name in (*offer.needs, *offer.wants)
        if name in tables
        for field in tables[name].schema
        if (pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)) and not field.name.endswith(RULED)
    ]


def separators(content: bytes, which: bytes) -> Counter[int]:
    return Counter(byte for byte in content if byte in which)


def shape(value: Any) -> Any:
    """A document without its texts."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", SEPARATORS)
def test_a_hostile_text_in_any_column_adds_no_separator(
    plan: Plan, tables: dict[str, pa.Table], tmp_path: Path, name: str, value: str
) -> None:
    offer = default_catalog().formats[name]
    before, after = both(plan, offer, tables, tmp_path, value)
    assert {file: separators(content, SEPARATORS[name]) for file, content in after.items()} == {
        file: separators(content, SEPARATORS[name]) for file, content in before.items()
    }
    if name != "hl7v2_adt":
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
