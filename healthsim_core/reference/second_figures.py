"""Figures of a file for keys that another file has given figures for, each told with the lines of both."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa

from healthsim_core.file_layouts import FIGURES, FileLayout
from healthsim_core.reference import official
from healthsim_core.reference.stored import LOADED_FROM
from healthsim_core.tables import Table


@attrs.frozen
class SourceFile:
    """A file of official rows.

    Attributes:
        name: Its name, as it is told.
        path: Where it lies.
        layout: Its layout.
    """

    name: str
    path: Path
    layout: FileLayout


def second_figures(
    connection: Any,
    table: Table,
    stored: str,
    file: SourceFile,
    rows: pa.Table,
    earlier: Mapping[str, SourceFile],
    most: int,
) -> tuple[list[str], int]:
    """What a file says of keys that earlier files of one call have given figures for.

    Args:
        connection: The database.
        table: The dataset's table.
        stored: Its name in the database, quoted.
        file: The file.
        rows: Its rows.
        earlier: The earlier files, by the origin that is stored with their rows.
        most: How many are told.

    Returns:
        The first ones, a line each, and how many there are.
    """
    from healthsim_core.database.file import identifier

    figures = [
        field.name for field in table.fields if field.type in ("number", "money") and field.name not in table.key
    ]
    if not earlier or not figures:
        return [], 0
    same = " AND ".join(f"a.{identifier(name)} IS NOT DISTINCT FROM b.{identifier(name)}" for name in table.key)
    key = ", ".join(f"CAST(a.{identifier(name)} AS VARCHAR)" for name in table.key)
    figure = identifier(figures[0])
    sql = f"""SELECT count(*) OVER (), b.{LOADED_FROM}, a.{figure}, b.{figure}, {key}
              FROM healthsim_incoming a JOIN {stored} b
              ON {same} AND b.{LOADED_FROM} IN (SELECT unnest(?)) ORDER BY {key} LIMIT {most}"""
    connection.register("healthsim_incoming", rows)
    repeated = connection.execute(sql, [list(earlier)]).fetchall()
    connection.unregister("healthsim_incoming")
    return list(_told(repeated, file, earlier)), repeated[0][0] if repeated else 0


def rows_told(file: Path, layout: FileLayout, rows: Sequence[int]) -> list[str]:
    """How some data rows of a file are told: by line, or of a Parquet file by row."""
    lines = {} if file.suffix.lower() == ".parquet" else official.line_numbers(file, layout.header, rows)
    return [f"line {lines[row]}" if row in lines else f"row {row + 1:,}" for row in rows]


def _told(rows: Sequence[tuple[Any, ...]], file: SourceFile, earlier: Mapping[str, SourceFile]) -> Iterator[str]:
    keys = [[text for text in row[4:] if text] for row in rows]
    here = _places(file, [(parts, row[2]) for parts, row in zip(keys, rows, strict=True)])
    other_places = [""] * len(rows)
    for origin, other in earlier.items():
        of_origin = [at for at, row in enumerate(rows) if row[1] == origin]
        for at, place in zip(of_origin, _places(other, [(keys[at], rows[at][3]) for at in of_origin]), strict=True):
            other_places[at] = f"{place} of {other.name}" if place else other.name
    for place, key, row, other_place in zip(here, keys, rows, other_places, strict=True):
        against = "stands already in" if row[2] == row[3] else f"is a second figure, beside {row[3]} in"
        yield f"{f'{place}, ' if place else ''}{', '.join(key)}: {row[2]} {against} {other_place}."


def _places(file: SourceFile, wanted: Sequence[tuple[Sequence[str], Any]]) -> list[str]:
    """Where a file says each figure of a key; empty where no row, or more than one, looks most like it."""
    if not wanted:
        return []
    figures = [name for name in official.header(file.path) if _is_figure(name, file.layout)]
    texts = official.read_columns(file.path, dict.fromkeys((*file.layout.key, *figures)))
    names = [np.array([_plain(text) for text in texts[name].to_pylist()], object) for name in file.layout.key]
    numbers = [official.numbers(texts[name]) for name in figures]
    best_rows = []
    for key, figure in wanted:
        like = 2 * sum(np.isin(column, [_plain(text) for text in key]).astype(np.int64) for column in names)
        like = like + np.any([column == figure for column in numbers], axis=0) if numbers else like
        best = np.flatnonzero(like == np.max(like, initial=1))
        best_rows.append(int(best[0]) if len(best) == 1 else None)
    rows = iter(rows_told(file.path, file.layout, [row for row in best_rows if row is not None]))
    return ["" if row is None else next(rows) for row in best_rows]


def _is_figure(name: str, layout: FileLayout) -> bool:
    fitting = (column for column in layout.columns if fnmatch.fnmatchcase(name.lower(), column.name.lower()))
    return getattr(next(fitting, None), "kind", "text") in FIGURES


def _plain(text: str | None) -> str:
    return (text or "").strip().lstrip("0").upper()
