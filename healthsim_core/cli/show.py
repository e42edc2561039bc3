"""Printing: tables for people, JSON for programs, progress on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from healthsim_core.strict_json import json_text

# controls, and what turns the direction of text
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
EXACT = 2**53 - 1  # the greatest whole number up to which JavaScript tells all of them apart


def echo(text: object, err: bool = False, nl: bool = True) -> None:
    """Print a line, or several; what would steer the terminal is shown as JSON escapes it,
    for it may come from anybody."""
    click.echo(_STEERS.sub(lambda match: f"\\u{ord(match[0]):04x}", str(text)), err=err, nl=nl)


def rows(records: Sequence[dict[str, Any]], as_json: bool, empty: str = "There are none.") -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        echo(json_text(_exact(records), indent=2))
    elif not records:
        echo(empty)
    else:
        echo(table([{key: _cell(value) for key, value in row.items()} for row in records]))


def table(records: Sequence[dict[str, str]]) -> str:
    """A plain text table."""
    names = list(records[0])
    widths = [max(len(name), *(len(row[name]) for row in records)) for name in names]
    widths[-1] = 0
    lines = [names, *([row[name] for name in names] for row in records)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def first_sentence(text: str) -> str:
    """The first sentence of a description, for lists."""
    return text.split(". ", 1)[0].rstrip(".")


def document(value: Any) -> None:
    """Print a document as JSON."""
    echo(json_text(value, indent=2))


def notes(lines: Sequence[str]) -> None:
    """Print notes where errors go."""
    for line in lines:
        echo(f"Note: {line}", err=True)


@contextmanager
def progress(title: str, quiet: bool) -> Iterator[Any]:
    """A progress bar on a terminal; nothing in a pipe. Yields what `generate` takes as `progress`."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _exact(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with ids as text, and whole numbers that JavaScript would change: all of a column,
    where one of it is."""
    columns = {name: [row[name] for row in records if name in row] for row in records[:1] for name in row}
    texts = {name for name, values in columns.items() if any(_is_inexact(v, name) for v in values)}
    return [
        {name: str(v) if name in texts and _is_whole(v) else _inside(v) for name, v in row.items()} for row in records
    ]


def _inside(value: Any) -> Any:
    """The same for what stands in a list or struct."""
    if isinstance(value, list | tuple):
        texts = any(map(_is_inexact, value))
        return [str(item) if texts and _is_whole(item) else _inside(item) for item in value]
    if isinstance(value, dict):
        return {name: str(item) if _is_inexact(item, str(name)) else _inside(item) for name, item in value.items()}
    return value


def _is_inexact(value: Any, name: str = "") -> bool:
    return _is_whole(value) and (name.endswith("_id") or abs(value) > EXACT)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
