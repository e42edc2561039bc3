"""Layouts of official files: by which header each is recognised, what its columns may hold, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import attrs
import pyarrow as pa

ColumnKind = Literal["text", "number", "count", "percent", "share", "date", "place", "state"]
FIGURES: tuple[ColumnKind, ...] = ("number", "count", "percent", "share")


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


def _limits(value: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names) for names in value)


def _columns(value: Iterable[FileColumn]) -> tuple[FileColumn, ...]:
    return tuple(value)


@attrs.frozen
class FileColumn:
    """What a column of an official file may hold; `healthsim init` refuses a file that holds anything else.

    Attributes:
        name: The column's name, without regard to case; `*` stands for any letters, as in `*_CrudePrev`.
            The first that fits counts.
        kind: text; number; count (a whole number, 0 or more, unless `least` says otherwise); percent (0 to 100, and no
            fractions); share (a percentage that may well lie below 1 everywhere); date (MM/DD/YYYY); place (a county or
            tract by FIPS code); state (by letters or name).
        codes: The code system whose codes the column holds, such as "npi".
        form: A regular expression that its texts must match.
        looks: What such a text looks like, in words, for the message.
        least: The least number.
        most: The greatest number.
        required: Whether every row must have it.
        by: For percent: another column, by whose values the percentages are judged apart.
        within: For place: another column that holds the state of a county's three digits.
        only: Another column and the values of it for which the column is looked at; "" is a blank.
    """

    name: str
    kind: ColumnKind = "text"
    codes: str | None = attrs.field(default=None, kw_only=True)
    form: str = attrs.field(default="", kw_only=True)
    looks: str = attrs.field(default="", kw_only=True)
    least: float | None = attrs.field(default=None, kw_only=True)
    most: float | None = attrs.field(default=None, kw_only=True)
    required: bool = attrs.field(default=False, kw_only=True)
    by: str = attrs.field(default="", kw_only=True)
    within: str = attrs.field(default="", kw_only=True)
    only: tuple[str, tuple[str, ...]] | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class FileLayout:
    """An official file layout, recognised by its header and never by its file's name.

    Attributes:
        name: What it is, such as "CDC PLACES, long".
        header: Column names that must all be in the header, compared without regard to case.
        read: Takes the file's path; returns an Arrow table in the dataset's layout.
        columns: What columns may hold; others are not looked at.
        key: Columns that together name a row's figures: no two rows of a file have the same and say something else.
        limits: Columns of a figure, its lower and its upper limit; or of a figure and both limits written as "(11.9,
            14.2)".
    """

    name: str
    header: tuple[str, ...] = attrs.field(converter=_texts)
    read: Callable[[Path], pa.Table]
    columns: tuple[FileColumn, ...] = attrs.field(default=(), converter=_columns)
    key: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    limits: tuple[tuple[str, ...], ...] = attrs.field(default=(), converter=_limits)
