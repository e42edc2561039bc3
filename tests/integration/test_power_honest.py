"""Honest runs of every shipped profile, alone and with the shipped journeys in turn, pass: not one of them may fail."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from seeds import failures


def test_hundreds_of_honest_runs_pass() -> None:
    told: list[str] = []
    runs, failed = failures(range(1, 9), 200, told.append)
    assert runs > 250
    assert (failed, told) == (0, [])
