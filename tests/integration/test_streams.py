"""No two purposes draw from one stream, and the page of streams is that of the code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from streams import PAGE, on_page, table

SHARED = {  # one purpose, in two functions
    "event.time_of_day",  # the minute within office hours, of a delay's end and of the day that a schedule names
    "household.place.county",  # where each household lives; counted beforehand, to know which counties there are
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[str]]:
    # a process that remembers nothing it has drawn
    program = [sys.executable, str(Path(__file__).parents[1] / "streams.py"), "--json"]
    found: dict[str, list[str]] = json.loads(subprocess.run(program, check=True, capture_output=True).stdout)
    return found


def test_no_two_functions_draw_one_stream(drawn: dict[str, list[str]]) -> None:
    by_two = {stream: places for stream, places in drawn.items() if len({place.split(":")[0] for place in places}) > 1}
    assert {stream: by_two[stream] for stream in by_two.keys() - SHARED} == {}


def test_the_page_lists_what_is_drawn(drawn: dict[str, list[str]]) -> None:
    assert PAGE.read_text(encoding="utf-8") == on_page(table(drawn)), "`python tests/streams.py` writes it again"
