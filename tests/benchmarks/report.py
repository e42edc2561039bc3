"""What was measured, as lines on a terminal and as Markdown tables, with each goal and the distance to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cases import GOALS, WORK, Goal

FIGURES = {  # how the figures of a row are written
    "wall_s": "{:.2f} s", "cpu_s": "{:.2f} CPU s", "people_s": "{:,.0f} people/s", "events_s": "{:,.0f} events/s",
    "times_the_loop": "{:.1f} x loop", "mb": "{:.1f} MB", "mb_s": "{:,.0f} MB/s", "of_raw": "{:.2f} of raw write",
    "units_s": "{:,.0f} units/s", "read_s": "{:.2f} CPU s read", "over_writing": "{:.1f} x writing",
    "over_run": "{:.2f} x run",
    "base_mb": "{:.0f} MB base", "peak_mb": "{:.0f} MB peak",
}  # fmt: skip


def line(row: dict[str, Any]) -> str:
    """One measurement on one line."""
    name = " ".join(
        f"{row[key]:,}" if key == "people" else str(row[key])
        for key in ("what", "work", "sink", "format", "people")
        if key in row
    )
    return f"{name:<36}" + "  ".join(
        shape.format(row[key]) for key, shape in FIGURES.items() if row.get(key) is not None
    )


def goals(found: dict[str, Any]) -> str:
    """The goals as a table."""
    return _table(("goal", "wanted", "measured", "distance"), [row for goal in GOALS for row in _goal(goal, found)])


def markdown(found: dict[str, Any]) -> str:
    """Every table of docs/explanation/performance.md."""
    machine, versions = found["machine"], found["versions"]
    about = (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
    )
    loop = (
        f"The loop makes {found['loop']['people_s']:,.0f} people and {found['loop']['events_s']:,.0f} events a second."
    )
    return "\n\n".join(
        [
            about,
            "### Goals",
            goals(found),
            "### Start-up",
            _startup(found),
            "### Runs",
            loop,
            _runs(found),
            "### Text formats",
            _formats(found),
            "### Reading back",
            _reading(found),
        ]
    )


def _goal(goal: Goal, found: dict[str, Any]) -> Iterable[Sequence[str]]:
    rows = [row for row in found.get(goal.section, ()) if _has(row, goal.row)]
    values = [row[goal.figure] for row in rows]
    if goal.over:
        others = [row for row in found.get(goal.section, ()) if _has(row, {**goal.row, **goal.over})]
        values = [other[goal.figure] / row[goal.figure] for row, other in zip(rows, others, strict=True)]
    if not values and goal.section == "formats" and found.get("formats"):
        return  # every format that is installed was measured
    if not values:
        yield goal.what, _figure(goal.wanted), "not at this size", ""
        return
    value = min(values) if goal.least else max(values)
    short = value / goal.wanted if goal.least else goal.wanted / value
    yield goal.what, _figure(goal.wanted), _figure(value), "reached" if short >= 1 else f"{1 / short:.1f} times"


def _has(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(row.get(key) == value for key, value in wanted.items())


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _startup(found: dict[str, Any]) -> str:
    rows = [
        (row["what"], f"{row['wall_s']:.2f}", f"{row['cpu_s']:.2f}", f"{row['peak_mb']:.0f}")
        for row in found["startup"]
    ]
    return _table(("what", "s", "CPU s", "peak MB"), rows)


def _runs(found: dict[str, Any]) -> str:
    rows = []
    for row in found["runs"]:
        times = f"{row['times_the_loop']:.1f}" if row["times_the_loop"] else ""
        spent = (
            f"{row['wall_s']:.1f}",
            f"{row['cpu_s']:.1f}",
            f"{row['people_s']:,.0f}",
            f"{row['events_s']:,.0f}",
            times,
        )
        rows.append(
            (
                WORK[row["work"]],
                row["sink"],
                f"{row['people']:,}",
                *spent,
                f"{row['base_mb']:.0f}",
                f"{row['peak_mb']:.0f}",
            )
        )
    return _table(
        ("what", "to", "people", "s", "CPU s", "people/s", "events/s", "times the loop", "base MB", "peak MB"), rows
    )


def _formats(found: dict[str, Any]) -> str:
    rows = [
        (
            row["format"], f"{row['people']:,}", f"{row['mb']:.1f}", f"{row['mb_s']:,.0f}", f"{row['of_raw']:.2f}",
            f"{row['units_s']:,.0f} {row['unit']}", f"{row['peak_mb']:.0f}",
        )
        for row in found["formats"]
    ]  # fmt: skip
    return _table(("format", "people", "MB", "MB/s", "of raw write", "a second", "peak MB"), rows)


def _reading(found: dict[str, Any]) -> str:
    rows = [
        (
            row["format"], f"{row['people']:,}", f"{row['read_s']:.2f}", f"{row['over_writing']:.1f}",
            f"{row['over_run']:.2f}",
            f"{row['base_mb']:.0f}", f"{row['peak_mb']:.0f}",
        )
        for row in found.get("reading", ())
    ]  # fmt: skip
    return _table(("format", "people", "CPU s", "times writing", "`verify`, times the run", "base MB", "peak MB"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in lines
    )
