"""What every resource of a person is: a type, an id and pieces of JSON; the same for NDJSON and for Bundles."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Text, display_of, text
from patientsim.formats.records import Records

Pieces = list[text.Piece]


@attrs.frozen(eq=False, slots=False)
class Rows:
    """The rows of one table that become resources, with their people.

    Attributes:
        columns: The table's columns.
        person: Int array (rows,): each row's person in `records.people`.
        records: The part of the chunk that they belong to.
        ids: The rows' ids in decimal.
    """

    columns: Columns
    person: NDArray[np.intp]
    records: Records
    ids: pa.Array

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def moment(self, before: str, times: Any, after: str = '"') -> Pieces:
        """dateTimes of local times that are never null, with their offsets, between two texts."""
        return [
            before,
            text.dates(times, "%Y-%m-%dT"),
            text.clock(times),
            self.records.offsets(times, self.person),
            after,
        ]

    def optional_moment(self, before: str, times: Any, after: str = '"') -> text.Piece:
        """dateTimes between two texts; nothing where null."""
        return text.choose(~np.isnat(times), text.joined(*self.moment(before, times, after)), "")

    @functools.cached_property
    def person_ids(self) -> Text:
        """The ids of their people in decimal."""
        return Text(self.person, self.records.person_ids)

    def of_person(self) -> Columns:
        """The people's columns, a row each."""
        return self.records.people.take(self.person)

    def said(self, system: str | Text, code: str, words: str) -> tuple[Text, Text, Text]:
        """A code, what its system calls it, and the words that stand beside it in the table."""
        codes: Text = self[code]
        return codes, display_of(system, codes), self[words]

    def told(self, name: str) -> Any:
        """A text column that another product's table may lack; then null."""
        return self.columns[name] if name in self.columns else Text.constant(None, self.columns.rows)


@attrs.frozen(eq=False)
class Resource:
    """How a table's rows become resources of one type.

    Attributes:
        type: FHIR resource type.
        table: The table.
        key: The table's id column.
        build: From rows to pieces of JSON that follow the id; each begins with a comma.
        where: Which rows; all where None.
    """

    type: str
    table: str
    key: str
    build: Callable[[Rows], Pieces]
    where: Callable[[Columns], NDArray[np.bool_]] | None = None

    def rows(self, records: Records) -> Rows:
        """The rows of a part of a chunk; none where the table is not there."""
        if self.table not in records.tables:
            return Rows(
                Columns({self.key: np.zeros(0, np.int64)}), np.zeros(0, np.intp), records, pa.array([], pa.string())
            )
        columns = records[self.table]
        if self.where is not None:
            columns = columns.where(self.where(columns))
        return Rows(columns, records.rows_of(columns.array("person_id")), records, text.whole(columns[self.key]))
