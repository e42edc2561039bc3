"""Runs of shipped journeys, and the rows of their tables."""

import functools
from typing import Any

from healthsim_core import Result, generate


def run(profile: Any, journey: str, count: int) -> Result:
    return generate(profile=profile, journey=journey, count=count, products=["patientsim"])


@functools.cache
def rows(result: Result, table: str) -> list[dict[str, Any]]:
    return result.tables[f"patientsim.{table}"].to_pylist()


def by_person(result: Result, table: str, **wanted: Any) -> dict[int, list[dict[str, Any]]]:
    """A table's rows by person, those of which all of `wanted` holds, in the order of the table."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows(result, table):
        if all(row[name] == value for name, value in wanted.items()):
            found.setdefault(row["person_id"], []).append(row)
    return found
