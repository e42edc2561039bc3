"""What is wrong in an official file: each mistake by line and column, found before anything of the file is stored."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.codes import CodeSystem
from healthsim_core.errors import ReferenceDataError
from healthsim_core.file_layouts import FIGURES, FileColumn, FileLayout
from healthsim_core.reference import official
from healthsim_core.reference.file_values import Wrong, is_missing, number, wrong_with

KEPT = 1_000  # mistakes of a file that are kept to be told by line; the others are counted
_ENOUGH = 3  # so many percentages can be judged by themselves


@attrs.frozen(order=True)
class FileMistake:
    """A mistake in a file: the row among its data rows (0 is the first), the column, what is wrong."""

    row: int
    column: str
    what: str


@attrs.define
class FileMistakes:
    """The mistakes of a file: the first ones, and how many there are."""

    count: int = 0
    first: list[FileMistake] = attrs.field(factory=list)

    def add(self, row: int, column: str, what: str) -> None:
        """Count a mistake, and keep it where few are kept so far."""
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append(FileMistake(row, column, what))


def file_mistakes(path: Path, layout: FileLayout, systems: Mapping[str, CodeSystem]) -> FileMistakes:
    """Everything that a file holds and its layout does not allow.

    Args:
        path: The file.
        layout: Its layout.
        systems: Code systems by name.

    Raises:
        ReferenceDataError: The file cannot be read.
        pyarrow.ArrowException: A row has more or fewer values than the header.
    """
    check = _Check(path, layout, systems)
    first = 0
    for batch in official.batches(path, check.names):
        check.look_at({name: _texts(batch[name]) for name in check.names}, first)
        first += batch.num_rows
    check.judge_percentages()
    check.find_doubles(path)
    return check.mistakes


class _Check:
    """One file as it is gone through, batch by batch."""

    def __init__(self, path: Path, layout: FileLayout, systems: Mapping[str, CodeSystem]) -> None:
        self.header = _header(path)
        self.columns = dict(_fitting(layout.columns, self.header.values()))
        self.wrong = {name: wrong_with(column, systems) for name, column in self.columns.items()}
        self.key = tuple(self.header[name.lower()] for name in layout.key if name.lower() in self.header)
        self.limits = list(self._present_limits(layout))
        others = [*self.key, *(name for names in self.limits for name in names)]
        others += [name for column in self.columns.values() for name in _others(column)]
        present = [self.header[name.lower()] for name in others if name.lower() in self.header]
        self.names = tuple(dict.fromkeys([*self.columns, *present]))
        self.mistakes = FileMistakes()
        self.percentages: dict[tuple[str, str], _Range] = {}
        self.keys: list[pa.Array] = []

    def look_at(self, texts: Mapping[str, pa.Array], first: int) -> None:
        """Look at a batch whose first row is the file's `first`."""
        for name, column in self.columns.items():
            self._values(name, column, texts, first)
        for names in self.limits:
            self._limits(names, texts, first)
        if self.key:
            self.keys.append(_joined([texts[name] for name in self.key]))

    def judge_percentages(self) -> None:
        """A whole column (or measure) of percentages from 0 to 1 is one of fractions."""
        judged = {key: span for key, span in self.percentages.items() if span.most > 0}
        all_of_them = bool(judged) and max(span.most for span in judged.values()) <= 1
        for (name, group), span in judged.items():
            if span.most <= 1 and (all_of_them or span.count >= _ENOUGH):
                of_group = f" of {group}" if group else ""
                what = (
                    f"all values{of_group} lie from 0 to 1 ({span.count:,}): percentages are meant, not fractions. "
                    "Multiply them by 100."
                )
                self.mistakes.add(span.row, name, what)

    def find_doubles(self, path: Path) -> None:
        """Rows with one key that say different things, and rows that stand twice."""
        if not self.keys:
            return
        codes = pa.chunked_array(self.keys).combine_chunks().dictionary_encode().indices.to_numpy()
        often = np.flatnonzero(np.bincount(codes)[codes] > 1)
        if not len(often):
            return
        figures = [name for name in self.names if name in self.columns and self.columns[name].kind in FIGURES]
        seen: dict[int, tuple[int, dict[str, str]]] = {}
        for row, values in zip(often.tolist(), _rows(path, self.names, often), strict=True):
            before, values_before = seen.setdefault(int(codes[row]), (row, values))
            if before != row:
                self._double(row, values, values_before, figures)

    def _double(self, row: int, values: dict[str, str], values_before: dict[str, str], figures: list[str]) -> None:
        named = ", ".join(values[name] for name in self.key)
        other = next((name for name in figures if not _same(values[name], values_before[name])), None)
        if other:
            self.mistakes.add(
                row, other, f"{values[other]} is a second figure for {named}, beside {values_before[other]}."
            )
        elif not figures or all(_same(values[name], values_before[name]) for name in self.names):
            self.mistakes.add(row, self.key[0], f"{named} stands twice.")

    def _present_limits(self, layout: FileLayout) -> Iterator[tuple[str, ...]]:
        for patterns in layout.limits:
            for low, name in self.header.items():
                if not fnmatch.fnmatchcase(low, patterns[0].lower()):
                    continue
                star = (
                    low[len(patterns[0].split("*")[0]) : len(low) - len(patterns[0].split("*")[-1])]
                    if "*" in patterns[0]
                    else ""
                )
                names = [self.header.get(pattern.lower().replace("*", star)) for pattern in patterns[1:]]
                if all(names):
                    yield (name, *(limit for limit in names if limit))

    def _values(self, name: str, column: FileColumn, texts: Mapping[str, pa.Array], first: int) -> None:
        column_texts = texts[name]
        if column.within and self._has(column.within):
            column_texts = _with_state(texts[self.header[column.within.lower()]], column_texts)
        looked_at = self._looked_at(column, texts, len(column_texts))
        encoded = column_texts.dictionary_encode()
        values, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        faults = np.array([_said(text, column, self.wrong[name]) for text in values], object)
        bad = np.array([bool(what) for what in faults], bool)[codes] & looked_at if len(values) else np.zeros(0, bool)
        for row in np.flatnonzero(bad).tolist():
            self.mistakes.add(first + row, name, faults[codes[row]])
        if column.kind == "percent":
            groups = texts[self.header[column.by.lower()]].to_pylist() if self._has(column.by) else [""] * len(codes)
            self._note(name, groups, [number(text) for text in values], codes, first)

    def _note(self, name: str, groups: list[str], figures: list[float | None], codes: Any, first: int) -> None:
        numbers = np.array([np.nan if figure is None or figure == -999 else figure for figure in figures], float)[codes]
        table = pa.table(
            {"group": groups, "value": pa.array(numbers, from_pandas=True), "row": np.arange(len(codes)) + first}
        )
        summed = (
            table.filter(pc.is_valid(table["value"]))
            .group_by("group")
            .aggregate([("value", "max"), ("value", "count"), ("row", "min")])
        )
        for summary in summed.to_pylist():
            span = _Range(summary["value_max"], summary["value_count"], summary["row_min"])
            key = (name, summary["group"])
            self.percentages[key] = span.joined(self.percentages[key]) if key in self.percentages else span

    def _limits(self, names: tuple[str, ...], texts: Mapping[str, pa.Array], first: int) -> None:
        value = official.numbers(texts[names[0]])
        low, high = (
            official.interval(texts[names[1]])
            if len(names) == 2
            else (official.numbers(texts[name]) for name in names[1:])
        )
        for row in np.flatnonzero(low > high).tolist():
            self.mistakes.add(
                first + row, names[1], f"the limits {low[row]:g} and {high[row]:g} are the wrong way round."
            )
        outside = (low <= high) & ((value < low) | (value > high))
        for row in np.flatnonzero(outside).tolist():
            self.mistakes.add(
                first + row, names[0], f"{value[row]:g} lies outside of its limits, {low[row]:g} and {high[row]:g}."
            )

    def _looked_at(self, column: FileColumn, texts: Mapping[str, pa.Array], rows: int) -> Any:
        if column.only is None or not self._has(column.only[0]):
            return np.ones(rows, bool)
        trimmed = pc.utf8_trim_whitespace(texts[self.header[column.only[0].lower()]])
        return pc.is_in(trimmed, value_set=pa.array(column.only[1])).to_numpy(zero_copy_only=False)

    def _has(self, name: str) -> bool:
        return name.lower() in self.header


@attrs.frozen
class _Range:
    """The greatest of some percentages, how many there are, and the row of the first."""

    most: float
    count: int
    row: int

    def joined(self, before: _Range) -> _Range:
        return _Range(max(self.most, before.most), self.count + before.count, min(self.row, before.row))


def _header(path: Path) -> dict[str, str]:
    """A file's column names by their small letters."""
    names = [name for name in official.header(path) if name]
    twice = [name for name, count in Counter(name.lower() for name in names).items() if count > 1]
    if twice:
        raise ReferenceDataError(f'the header names "{twice[0]}" twice.', path.name)
    return {name.lower(): name for name in names}


def _fitting(columns: Iterable[FileColumn], header: Iterable[str]) -> Iterator[tuple[str, FileColumn]]:
    for name in header:
        for column in columns:
            if fnmatch.fnmatchcase(name.lower(), column.name.lower()):
                yield name, column
                break


def _others(column: FileColumn) -> list[str]:
    return [name for name in (column.by, column.within, column.only[0] if column.only else "") if name]


def _said(text: str, column: FileColumn, wrong: Wrong) -> str:
    if is_missing(text):
        return "is missing." if column.required else ""
    return wrong(text)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(column, "").combine_chunks() if column.num_chunks != 1 else pc.fill_null(column.chunk(0), "")


def _with_state(states: pa.Array, counties: pa.Array) -> pa.Array:
    """County codes of five digits from those of three and their states'; longer ones are whole already."""
    short = pc.less_equal(pc.utf8_length(pc.utf8_trim_whitespace(counties)), 3)
    whole = pc.binary_join_element_wise(official.zero_padded(states, 2), official.zero_padded(counties, 3), "")
    return pc.if_else(short, whole, counties)


def _joined(texts: list[pa.Array]) -> pa.Array:
    plain = [pc.utf8_upper(pc.utf8_ltrim(pc.utf8_trim_whitespace(text), "0")) for text in texts]
    return pc.binary_join_element_wise(*plain, "\x1f")


def _rows(path: Path, names: tuple[str, ...], wanted: Any) -> Iterator[dict[str, str]]:
    """Some rows of a file, without blanks around their texts."""
    first = 0
    for batch in official.batches(path, names):
        offsets = wanted[(wanted >= first) & (wanted < first + batch.num_rows)] - first
        for row in batch.take(pa.array(offsets)).to_pylist():
            yield {name: (text or "").strip() for name, text in row.items()}
        first += batch.num_rows


def _same(text: str, other: str) -> bool:
    figure = number(text)
    return text == other or (figure is not None and figure == number(other))
