"""What a run made, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.generation.result import Result

PEOPLE_SHOWN, MOST_COMMON = 6, 6
WHO = ("role", "sex", "county_fips", "coverage_type")


def summary(result: Result, out: str | None, database: Any) -> str:
    """Who, what happened, which records and files, whether it is valid, where it is."""
    execution = result.execution
    counts = f"{result.rows['core.person']:,} people, {result.rows['core.event']:,} events"
    lines = [f"{result.name}: {counts}, as of {execution.as_of}, seed {execution.seed}"]
    lines += ["", "Who", *_who(result.tables, len(result))] if len(result) else []
    lines += ["", "What happened", *_events(result.tables)] if result.rows["core.event"] else []
    lines += ["", "Records", *_records(result.rows)]
    if result.outputs:
        lines += ["", f"Files in {out}", *_files(result)]
    validity = str(result.validation) if result.validation.checks else str(result.validation).capitalize()
    lines += ["", *(f"Note: {note}" for note in result.notes), validity]
    if result.cohort:
        lines.append(f"stored as cohort {result.cohort} in {database}")
    return "\n".join(lines)


def _who(tables: Mapping[str, pa.Table], people: int) -> Iterator[str]:
    if people <= PEOPLE_SHOWN:
        for person in tables["core.person"].to_pylist():
            place = f"{person['city']}, {person['state']}"
            has = f", {person['conditions']}" if person["conditions"] else ""
            who = f"{person['role']:<10} {person['first_name']} {person['last_name']}, {person['sex']}"
            yield f"  {who}, born {person['birth_date']}, {place}{has}"
        return
    counts = _counted(_pieces(tables, "core.person", [*WHO, "age", "conditions"]))
    ages = counts["age"]
    mean = sum(age * count for age, count in ages.items()) / people
    yield f"  ages {min(ages)} to {max(ages)}, mean {mean:.1f}"
    for column in WHO:
        yield f"  {column}: {_common(counts[column])}"
    words: Counter[Any] = Counter()
    for text, count in counts["conditions"].items():
        words.update(dict.fromkeys((text or "").split(), count))  # a person with a code twice has it once
    if words:
        yield f"  conditions: {_common(words, people)}"


def _events(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    types: Counter[Any] = Counter()
    spans = []
    for piece in _pieces(tables, "core.event", ["event_type", "time"]):
        types += _counts(piece["event_type"])
        spans.append(pc.min_max(piece["time"]).as_py())
    days = [moment.date() for span in spans for moment in span.values() if moment is not None]
    yield f"  from {min(days)} to {max(days)}"
    yield "  " + ", ".join(
        f"{count:,} {name}" for name, count in sorted(types.items(), key=lambda pair: (-pair[1], pair[0]))
    )


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
        names = list(dict.fromkeys(_file_name(Path(path)) for path in paths))
        shown = (
            ", ".join(names[:8])
            + (", ..." if len(names) > 8 else "")
            + (f" ({len(paths)} files)" if len(paths) > 8 else "")
        )
        yield f"  {name + '/':<16} {shown}"


def _file_name(path: Path) -> str:
    return f"{path.parent.name}/part-*{path.suffix}" if path.stem.startswith("part-") else path.name


def _pieces(tables: Mapping[str, pa.Table], name: str, columns: list[str]) -> Iterable[pa.Table]:
    """A table bit by bit, where it is stored so: the summary of a large run needs no more memory than that of a small
    one."""
    if hasattr(tables, "pieces"):
        pieces: Iterable[pa.Table] = tables.pieces(name, columns)
        return pieces
    return [tables[name].select(columns)]


def _counted(pieces: Iterable[pa.Table]) -> dict[str, Counter[Any]]:
    counts: dict[str, Counter[Any]] = {}
    for piece in pieces:
        for name in piece.column_names:
            counts[name] = counts.get(name, Counter()) + _counts(piece[name])
    return counts


def _counts(column: pa.ChunkedArray) -> Counter[Any]:
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    return Counter({entry["values"]: entry["counts"] for entry in pc.value_counts(plain).to_pylist()})


def _common(counts: Mapping[Any, int], of: int = 0) -> str:
    """The most common values, with percentages `of` people, or of all that is counted."""
    ranked = sorted(((str(name), count) for name, count in counts.items()), key=lambda pair: (-pair[1], pair[0]))
    total = max(of or sum(count for _, count in ranked), 1)
    return ", ".join(f"{name} {count:,} ({100 * count / total:.0f}%)" for name, count in ranked[:MOST_COMMON])
