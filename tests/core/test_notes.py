"""What a run tells of itself: texts with counts, the same for any chunking, and nothing that is zero."""

from __future__ import annotations

from typing import Any

import clinic
import numpy as np
import pytest

from healthsim_core import EventHandler
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.generation.plan import compile_plan
from healthsim_core.generation.request import make_request
from healthsim_core.generation.tallies import Tallies

LOW, NEVER = "visits with a score below 10 were not billed", "visits that nobody came to"


def counted(events: Any, written: Any) -> dict[str, int]:
    """Low scores, of what the handler wrote, and something that never happens."""
    return {LOW: int(np.sum(written["clinic.visit"]["score"] < 10)), NEVER: 0}


@pytest.fixture
def plan() -> Any:
    handler = EventHandler("clinic_visit", clinic.visit, writes=[clinic.VISIT], parameters=[clinic.REASON, clinic.SCORE], notes=counted)
    catalog = clinic.catalog(healthsim_event_handlers=[handler], healthsim_triggers=[])
    score = {"score": {"type": "uniform", "min": 0, "max": 100}}
    visit = clinic.event("visit", "clinic_visit", outcomes=score, parameters={"score": "${outcome.score}"})
    return compile_plan(make_request(clinic.adults(), clinic.journey(visit), catalog=catalog, count=500), catalog)


def test_a_product_tells_how_often_something_happened(plan: Any) -> None:
    result = run_in_memory(plan)
    low = sum(row["score"] < 10 for row in result.tables["clinic.visit"].to_pylist())
    assert result.notes == (f"{LOW}: {low:,}",)


@pytest.mark.parametrize("chunk_size", [7, 100, 499])
def test_notes_are_the_same_for_any_chunking(plan: Any, chunk_size: int) -> None:
    assert run_in_memory(plan, chunk_size).notes == run_in_memory(plan).notes


def test_a_result_that_is_printed_shows_its_notes(plan: Any) -> None:
    result = run_in_memory(plan)
    assert result.notes[0] in repr(result)
    assert result.notes[0] in result._repr_html_()


def test_notes_survive_a_part_that_is_written_and_read_again() -> None:
    tallies = Tallies()
    tallies.note("of some", 3, 10)
    tallies.note("of nothing", 2)
    again = Tallies.from_document(tallies.document())
    again.add(tallies)
    assert again.told == ("of nothing: 4", "of some: 6 of 20")
