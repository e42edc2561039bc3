"""What does not concern a draw does not change it: where chunks are cut, which formats, what else happens,
other names."""

from __future__ import annotations

import copy
import functools
import itertools
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim import generate
from healthsim_core.generation.chunk import Chunk, run_chunk
from healthsim_core.generator import make_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.validation import Tallies

UNITS = 12
VISIT = {"event_id": "visit", "event_type": "encounter", "delay": {"days": [5, 60]}, "probability": 0.7}
READING = {
    "event_id": "reading", "event_type": "milestone", "depends_on": "visit", "delay": {"days": [1, 9]},
    "outcomes": {"pressure": {"type": "normal", "mean": 130, "sd": 15}},
    "repeat": {"every": {"days": [20, 40]}, "attrition": 0.2},
}  # fmt: skip
CHECKUPS = {"journey_id": "checkups", "duration_days": 200, "events": [VISIT, READING]}
ELSEWHERE = {"journey_id": "elsewhere", "duration_days": 90, "events": [{**VISIT, "event_id": "call"}]}
UNRELATED: dict[str, Any] = {
    "event_id": "reminder",
    "event_type": "milestone",
    "delay": {"days": [1, 100]},
    "probability": 0.5,
}


@functools.cache
def plan() -> Plan:
    return make_plan(profile="commercial-family", journey="primary-care-year", count=UNITS)


def joined(chunks: list[Chunk]) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """The rows of all tables, and all counts."""
    counted = Tallies()
    for chunk in chunks:
        counted.add(chunk.tallies)
    tables = {name: pa.concat_tables([chunk.tables[name] for chunk in chunks]).to_pylist() for name in chunks[0].tables}
    return tables, {name: sorted(rows, key=repr) for name, rows in counted.document().items()}


@functools.cache
def whole() -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    return joined([run_chunk(plan(), 0, UNITS)])


@settings(max_examples=6, deadline=None)
@given(st.sets(st.integers(1, UNITS - 1)))
def test_chunks_may_be_cut_anywhere(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), UNITS]
    tables, counts = joined([run_chunk(plan(), start, stop) for start, stop in itertools.pairwise(edges)])
    assert counts == whole()[1]
    assert tables == whole()[0]


def test_a_report_is_the_same_for_any_chunks() -> None:
    told = {"profile": "medicare-diabetic", "journey": "diabetic-first-year", "count": 60, "products": []}
    assert generate(**told, chunk_size=7).validation == generate(**told).validation


@functools.cache
def plain() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return lived([CHECKUPS, ELSEWHERE])


def lived(
    journeys: list[dict[str, Any]], profile: Any = "commercial-healthy", **options: Any
) -> tuple[list[Any], list[Any]]:
    """People and events."""
    result = generate(profile=profile, journey=journeys, count=300, seed=5, start="2025-01-01", **options)
    return result.entities.to_pylist(), result.timeline.to_pylist()


def of_journey(events: list[dict[str, Any]], journey: str, but: str = "-") -> list[dict[str, Any]]:
    return [event for event in events if event["journey"] == journey and not event["node"].startswith(but)]


def with_event(journey: dict[str, Any], at: int) -> dict[str, Any]:
    events = copy.deepcopy(journey["events"])
    return {**journey, "events": [*events[:at], UNRELATED, *events[at:]]}


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_added_event_changes_nobody_and_no_other_event(at: int) -> None:
    people, events = lived([with_event(CHECKUPS, at), ELSEWHERE])
    assert people == plain()[0]
    assert len(events) > len(plain()[1])
    assert of_journey(events, "checkups", but="reminder") == of_journey(plain()[1], "checkups")
    assert of_journey(events, "elsewhere") == of_journey(plain()[1], "elsewhere")


def test_a_journey_of_another_name_changes_nobody_and_no_other_journey() -> None:
    people, events = lived([CHECKUPS, {**ELSEWHERE, "journey_id": "renamed"}])
    assert people == plain()[0]
    assert of_journey(events, "checkups") == of_journey(plain()[1], "checkups")
    assert len(of_journey(events, "renamed")) > 100
    assert [event["event_id"] for event in of_journey(events, "renamed")] != [
        e["event_id"] for e in of_journey(plain()[1], "elsewhere")
    ]


def test_the_order_of_journeys_changes_nobody_and_no_event() -> None:
    people, events = lived([ELSEWHERE, CHECKUPS])
    assert people == plain()[0]
    assert {event["event_id"]: event for event in events} == {event["event_id"]: event for event in plain()[1]}


@pytest.mark.parametrize("products", [[], ["patientsim"], ["membersim", "networksim"]])
def test_the_products_chosen_change_nobody_and_no_event_that_both_runs_have(products: list[str]) -> None:
    people, events = lived([CHECKUPS, ELSEWHERE], products=products)
    theirs = {event["event_id"]: event for event in plain()[1]}
    assert people == plain()[0]
    assert [event for event in events if event != theirs[event["event_id"]]] == []
    assert written(events) == written(plain()[1])


def written(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events that stand in the journeys themselves; no product's trigger made them."""
    return [event for event in events if ">" not in event["node"]]


@pytest.mark.parametrize("formats", [["x12_834"], ["fhir_r4", "hl7v2_adt"]])
def test_the_formats_chosen_change_no_table(tmp_path: Path, formats: list[str]) -> None:
    told = {"profile": "commercial-healthy", "journey": CHECKUPS, "count": 40, "seed": 5}
    plainly, written = generate(**told), generate(**told, output_formats=formats, out=tmp_path / "out")
    assert {name: table.to_pylist() for name, table in written.tables.items()} == {
        name: table.to_pylist() for name, table in plainly.tables.items()
    }


def test_a_correlation_elsewhere_changes_no_other_attribute() -> None:
    normal = {"type": "normal", "mean": 0.0, "sd": 1.0}
    profile = {"id": "p", "attributes": dict.fromkeys("abc", normal)}
    tied = {**profile, "correlate": [{"attributes": ["a", "b"], "matrix": [[1, 0.8], [0.8, 1]]}]}
    before, after = (generate(profile=each, count=50, products=[]).entities for each in (profile, tied))
    assert before["b"].to_pylist() != after["b"].to_pylist()
    for name in ("a", "c", "age", "sex", "first_name"):
        assert before[name].to_pylist() == after[name].to_pylist()
