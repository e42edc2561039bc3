"""The product's data files, each read once: prices, plans, payers, billing rules."""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import SkillResolver, Text, read_skill

HOME = Path(__file__).parent
DATA = HOME / "data"


@functools.cache
def document(name: str) -> Mapping[str, Any]:
    """The JSON document `data/<name>.json`."""
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`, as text."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@functools.cache
def billing_skill() -> SkillResolver:
    """Which service a visit is billed as."""
    return read_skill(HOME / "skills" / "professional-billing.md")


@functools.cache
def visits_skill() -> SkillResolver:
    """What the visits of MemberSim's own journeys are coded as."""
    return read_skill(HOME / "skills" / "member-visits.md")


@functools.cache
def states() -> Mapping[str, dict[str, str]]:
    """Price and wage factors, capital and FIPS code by two-letter state."""
    return {row["state"]: row for row in rows("states")}


def state_factor(state: Text, name: str) -> NDArray[np.float64]:
    """The factor `price` or `wage` of each row's state; 1 for a state that is not listed."""
    known = states()
    return state.map(lambda value: float(known[value][name]) if value in known else 1.0, np.float64, 1.0)


def longest_prefix(code: str, table: Mapping[str, str]) -> str | None:
    """The entry of the longest key that `code` begins with."""
    found = [key for key in table if code.startswith(key)]
    return table[max(found, key=len)] if found else None
