"""A chunk's tables as columns, cut by person into parts small enough to be rendered at once."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Run, Text, from_arrow, places, text
from patientsim.formats.directory import Directory
from patientsim.tables import TABLES

PERSON, COVERAGE = "core.person", "membersim.coverage"
NEEDS = (PERSON, *(table.name for table in TABLES))
WANTS = ("networksim.provider", "networksim.facility", "membersim.payer", COVERAGE)
PART = 65_536  # rows rendered at once: in the cache, and far below the two gigabytes of one Arrow string array
_STEP, _STEPS = 15, 64  # minutes of which an offset is a multiple, and how many of them at most


class Records:
    """The rows of some people.

    Attributes:
        run: The run.
        directory: The clinicians, organizations and payers they may refer to.
        tables: Columns by table name, sorted by person; `core.person` has one row for each of them.
    """

    def __init__(self, run: Run, directory: Directory, tables: Mapping[str, Columns]) -> None:
        self.run, self.directory, self.tables = run, directory, tables

    @classmethod
    def of(
        cls, tables: Mapping[str, pa.Table], run: Run, directory: Directory, needs: Iterable[str] = NEEDS
    ) -> Records:
        """What a format writer is given: the tables that it needs, and coverage where there is some."""
        return cls(run, directory, {name: from_arrow(tables[name]) for name in (*needs, COVERAGE) if name in tables})

    def __getitem__(self, table: str) -> Columns:
        return self.tables[table]

    @property
    def people(self) -> Columns:
        """The people."""
        return self.tables[PERSON]

    def rows_of(self, person: NDArray[np.int64]) -> NDArray[np.intp]:
        """Each person's row in `people`; persons are sorted, as they are in every table."""
        ends = np.searchsorted(person, self.people.array("person_id"), side="right")
        return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))

    @functools.cached_property
    def person_ids(self) -> pa.Array:
        """Each person's id in decimal."""
        return text.whole(self.people["person_id"])

    def offsets(self, times: Any, person: NDArray[np.intp]) -> Text:
        """How far the clock of their people's county is from UTC at local times, daylight saving included: -06:00;
        null where null.

        Args:
            times: Local civil times (rows,).
            person: Int array (rows,): each row's person in `people`.
        """
        county = self.people.text("county_fips")
        quarters = places.offsets(times, county[person]) // _STEP + _STEPS
        return Text(quarters, _offsets()).only(~np.isnat(times))

    def parts(self, limit: int = PART) -> Iterator[Records]:
        """These records in order of person, cut between households where about `limit` rows have come together."""
        ids = self.people.array("person_id")
        household = self.people.array("household_id")
        ends = {name: np.searchsorted(rows.array("person_id"), ids, side="right") for name, rows in self.tables.items()}
        total = sum(ends.values(), np.zeros(len(ids), np.int64))
        start = 0
        while start < len(ids):
            before = total[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(total, before + limit, side="right")))
            while stop < len(ids) and household[stop] == household[stop - 1]:
                stop += 1
            bounds = {name: (end[start - 1] if start else 0, end[stop - 1]) for name, end in ends.items()}
            yield Records(
                self.run, self.directory, {name: _cut(self.tables[name], *bounds[name]) for name in self.tables}
            )
            start = stop


def _cut(rows: Columns, start: int, stop: int) -> Columns:
    return Columns({name: column[start:stop] for name, column in rows.items()}, int(stop - start))


@functools.cache
def _offsets() -> pa.Array:
    """-16:00 to +16:00, in steps."""
    steps = [(step, abs(step) * _STEP) for step in range(-_STEPS, _STEPS + 1)]
    return pa.array([f"{'-' if step < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}" for step, minutes in steps])
