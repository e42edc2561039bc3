"""Which rows of a run have an id: as keys first, then as what refers to others, then as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.errors import UnknownNameError
from healthsim_core.explaining.opened import OpenedRun
from healthsim_core.tables import Field, Table

Row = Mapping[str, Any]
_IN_FILES = re.compile(r"^(?:.*/)?(?:[a-z]+-)?(?P<id>[^/]+)$")  # http://.../Encounter/hs-17: the id is 17
_MOST = 2**63


@attrs.frozen
class Found:
    """Rows of one table that have an id.

    Attributes:
        table: The table.
        field: The column that holds it.
        value: What it holds.
        rows: The rows.
    """

    table: Table
    field: Field
    value: Any
    rows: tuple[Row, ...]

    @property
    def alone(self) -> bool:
        """Whether the id alone says which row it is."""
        return self.table.key == (self.field.name,)

    def among(self, rows: pa.Table) -> tuple[Row, ...]:
        """The rows of the id among some rows of the same table."""
        return tuple(rows.filter(_is(rows[self.field.name], self.value)).to_pylist())


def found_in(run: OpenedRun, tables: Mapping[str, Table], asked: str) -> list[Found]:
    """The rows that have an id, those first that it alone tells apart.

    Args:
        run: The run.
        tables: The tables that its plan declares.
        asked: The id, as it stands in a table or a file.

    Raises:
        UnknownNameError: No record has it.
    """
    stored = [table for name, table in tables.items() if name in run.tables]
    for value in _values(asked):
        for tier in _TIERS:
            hits = [
                _rows(run, table, field, value) for table in stored for field in tier(table, isinstance(value, int))
            ]
            found = {hit.table.name: hit for hit in reversed(hits) if hit is not None}  # the first of each table
            if found:
                return sorted(
                    _own([*found.values()]), key=lambda hit: (not hit.alone, hit.table.name.startswith("core."))
                )
    remedy = "Give an id as a table or a file of the run has it, such as an `event_id` of core.event."
    raise UnknownNameError(f'no record has the id "{asked}".', run.place, remedy)


def _values(asked: str) -> Iterator[int | str]:
    """What an id may be in a column: a number, a text, and both without what FHIR writes before it."""
    matched = _IN_FILES.match(asked)
    for text in dict.fromkeys([asked.strip(), *([matched["id"]] if matched else [])]):
        if text.isascii() and text.isdigit() and int(text) < _MOST:
            yield int(text)
        yield text


def _own(found: list[Found]) -> list[Found]:
    """Rows of the id itself, where there are some; of several by a text or a person, those that it tells apart."""
    alone = any(hit.alone for hit in found)
    return [
        hit
        for hit in found
        if hit.alone or not alone or not (isinstance(hit.value, str) or hit.field.name == hit.table.person)
    ]


def _keys(table: Table, number: bool) -> list[Field]:
    """What says which row it is, or of which event."""
    kinds = ("id",) if number else ("text", "category")
    named = [field for name in (*table.key, "event_id") for field in table.fields if field.name == name]
    return [field for field in dict.fromkeys(named) if field.type in kinds]


def _others(table: Table, number: bool) -> list[Field]:
    kinds = ("id",) if number else ("text",)
    return [field for field in table.fields if field.name not in table.key and field.type in kinds]


_TIERS = (_keys, _others)


def _rows(run: OpenedRun, table: Table, field: Field, value: Any) -> Found | None:
    if not any(pc.any(_is(piece[field.name], value)).as_py() for piece in run.pieces(table.name, [field.name])):
        return None
    rows = (row for piece in run.pieces(table.name) for row in piece.filter(_is(piece[field.name], value)).to_pylist())
    return Found(table, field, value, tuple(rows))


def _is(column: pa.ChunkedArray, value: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return pc.equal(column, pa.scalar(value, column.type))
