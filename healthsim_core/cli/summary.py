"""What a run made, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.generation.result import Result

PEOPLE_SHOWN, MOST_COMMON = 6, 6


def summary(result: Result, out: str | None, database: Any) -> str:
    """Who, what happened, which records and files, whether it is valid, where it is."""
    execution = result.execution
    made = f"{result.rows['core.person']:,} people, {result.rows['core.event']:,} events"
    lines = [f"{result.name}: {made}, as of {execution.as_of}, seed {execution.seed}"]
    lines += ["", "Who", *_who(result.entities)] if len(result) else []
    lines += ["", "What happened", *_events(result.timeline)] if result.rows["core.event"] else []
    lines += ["", "Records", *_records(result.rows)]
    if result.outputs:
        lines += ["", f"Files in {out}", *_files(result)]
    validity = str(result.validation) if result.validation.checks else str(result.validation).capitalize()
    lines += ["", *(f"Note: {note}" for note in result.notes), validity]
    if result.cohort:
        lines.append(f"stored as cohort {result.cohort} in {database}")
    return "\n".join(lines)


def _who(people: pa.Table) -> Iterator[str]:
    if people.num_rows <= PEOPLE_SHOWN:
        for person in people.to_pylist():
            place = f"{person['city']}, {person['state']}"
            has = f", {person['conditions']}" if person["conditions"] else ""
            who = f"{person['role']:<10} {person['first_name']} {person['last_name']}, {person['sex']}"
            yield f"  {who}, born {person['birth_date']}, {place}{has}"
        return
    ages = pc.min_max(people["age"]).as_py()
    yield f"  ages {ages['min']} to {ages['max']}, mean {pc.mean(people['age']).as_py():.1f}"
    for column in ("role", "sex", "county_fips", "coverage_type"):
        yield f"  {column}: {_common(people[column])}"
    words = pc.list_flatten(pc.split_pattern(people["conditions"].cast(pa.string()).drop_null(), " "))
    yield f"  conditions: {_common(words)}"


def _events(timeline: pa.Table) -> Iterator[str]:
    first, last = (value.date() for value in pc.min_max(timeline["time"]).as_py().values())
    yield f"  from {first} to {last}"
    counts = sorted(_counts(timeline["event_type"]).items(), key=lambda pair: (-pair[1], pair[0]))
    yield "  " + ", ".join(f"{count:,} {name}" for name, count in counts)


def _records(rows: dict[str, int] | Any) -> Iterator[str]:
    products: dict[str, list[str]] = {}
    for name, count in rows.items():
        product, table = name.split(".", 1)
        if count and product != "core":
            products.setdefault(product, []).append(f"{count:,} {table.replace('_', ' ')}")
    for product, tables in products.items():
        yield f"  {product:<14} {', '.join(tables)}"


def _files(result: Result) -> Iterator[str]:
    for name, paths in result.outputs.items():
        shown = ", ".join(Path(path).name for path in paths[:8]) + (f", ... ({len(paths)} files)" if len(paths) > 8 else "")
        yield f"  {name + '/':<16} {shown}"


def _counts(column: pa.ChunkedArray | pa.Array) -> dict[str, int]:
    return {str(each["values"]): each["counts"] for each in pc.value_counts(column.cast(pa.string())).to_pylist()}


def _common(column: pa.ChunkedArray | pa.Array) -> str:
    found = sorted(_counts(column).items(), key=lambda pair: (-pair[1], pair[0]))
    total = max(sum(count for _, count in found), 1)
    return ", ".join(f"{name} {count:,} ({100 * count / total:.0f}%)" for name, count in found[:MOST_COMMON])
