"""The product's bundled facts, read once."""

from __future__ import annotations

import csv
import functools
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@functools.cache
def facts(name: str) -> Any:
    """The JSON document `name` of the data folder."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    """The rows of the CSV table `name` of the data folder."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
