"""A chunk's tables as the SDTM domains see them: columns, and whose each row is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Text, from_arrow, text
from trialsim.protocol import Protocol


@attrs.frozen(eq=False)
class Source:
    """A chunk's tables.

    Attributes:
        tables: By name.
        protocol: The run's protocol.
        subject: Columns of trialsim.subject.
        as_of: The world's today.
    """

    tables: Mapping[str, pa.Table]
    protocol: Protocol
    subject: Columns
    as_of: np.datetime64

    def has(self, name: str) -> bool:
        """Whether a table is there and holds rows."""
        return name in self.tables and self.tables[name].num_rows > 0

    def rows(self, name: str) -> Rows:
        """The rows of a table that belong to subjects."""
        columns = from_arrow(self.tables[name])
        owner = text.positions(self.subject.array("person_id"), columns.array("person_id"))
        return Rows(self, columns.where(owner >= 0), owner[owner >= 0])


@attrs.frozen(eq=False)
class Rows:
    """Rows of a table and the subject of each: `owner` indexes the rows of trialsim.subject."""

    source: Source
    columns: Columns
    owner: NDArray[np.intp]

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def __len__(self) -> int:
        return self.columns.rows

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """Only the rows where `mask` is True."""
        return Rows(self.source, self.columns.where(mask), self.owner[mask])

    def of_subject(self, name: str) -> Any:
        """A column of trialsim.subject, a row a row."""
        return self.source.subject[name][self.owner]

    def study_day(self, date: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Days from the first dose: 1 on its day, -1 on the day before; null without a first dose."""
        start = self.of_subject("first_dose_date").astype("datetime64[D]")
        days = (date.astype("datetime64[D]") - start).astype("timedelta64[D]")
        number = np.where(np.isnat(days), np.nan, days.astype(np.float64))
        return np.where(number >= 0, number + 1, number)

    def epoch(self, date: NDArray[np.datetime64]) -> Text:
        """Epoch of each date; null before consent."""
        day = date.astype("datetime64[D]")
        code = np.where(day >= self.of_subject("first_dose_date"), 1, 0)
        code = np.where(day > self.of_subject("last_dose_date"), 2, code)
        return Text(code, ["SCREENING", "TREATMENT", "FOLLOW-UP"]).only(~(day < self.of_subject("consent_date")))


def between(tables: Mapping[str, pa.Table], first: int, last: int) -> dict[str, pa.Table]:
    """The rows of the people from `first` to `last` of tables that are sorted by person;
    tables without people as they are."""
    some = {}
    for name, table in tables.items():
        if "person_id" in table.column_names:
            person = table["person_id"].to_numpy()
            start, stop = np.searchsorted(person, first), np.searchsorted(person, last, side="right")
            table = table.slice(start, stop - start)
        some[name] = table
    return some


def flag(mask: NDArray[np.bool_]) -> Text:
    """Y where `mask`, null elsewhere."""
    return Text.constant("Y", len(mask)).only(mask)


def yes_no(mask: NDArray[np.bool_]) -> Text:
    """Y or N."""
    return Text(np.where(mask, 1, 0), ["N", "Y"])


def number_text(values: NDArray[np.float64], places: NDArray[np.int64]) -> Text:
    """Numbers as they are reported, each with its own number of decimals; null for NaN."""
    written = np.full(len(values), None, object)
    for count in np.unique(places).tolist():
        mine = np.flatnonzero(places == count)
        written[mine] = text.decimal(np.asarray(values)[mine], int(count)).to_numpy(zero_copy_only=False)
    return Text.of(pa.array(written, pa.string()))
