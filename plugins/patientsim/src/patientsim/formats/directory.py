"""Who people's records refer to: clinicians, organizations and payers of the run's tables, found by their number."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa


class Directory:
    """The clinicians, facilities and payers that a run has met so far;
    each is empty where its product is not installed.

    Attributes:
        providers: networksim.provider by NPI.
        facilities: networksim.facility by NPI.
        payers: membersim.payer by payer_id.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self.providers, self.facilities, self.payers = Entries("npi"), Entries("npi"), Entries("payer_id")
        self._once: dict[Callable[..., str | None], Callable[..., Any]] = {}
        self.learn(tables)

    def learn(self, tables: Mapping[str, pa.Table]) -> None:
        """Take the rows of the run's tables that a chunk names; what was rendered without them is rendered anew."""
        self._once.clear()
        self.providers.add(tables.get("networksim.provider"))
        self.facilities.add(tables.get("networksim.facility"))
        self.payers.add(tables.get("membersim.payer"))

    def once(self, render: Callable[..., str | None]) -> Callable[..., Any]:
        """`render(directory, *values)` as a function of the values that remembers what it has rendered."""
        if render not in self._once:
            self._once[render] = functools.cache(functools.partial(render, self))
        return self._once[render]


class Entries:
    """Rows of a table as mappings, by key; a value is read when it is asked for."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._rows: dict[str | None, Entry] = {}

    def add(self, table: pa.Table | None) -> None:
        """Take rows whose keys are not known yet."""
        columns = {} if table is None else {name: table[name].combine_chunks() for name in table.column_names}
        for row, key in enumerate(columns[self._key].to_pylist() if columns else ()):
            if key not in self._rows:
                self._rows[key] = Entry(columns, row)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def get(self, key: str | None) -> Mapping[str, Any] | None:
        """The row of a key; None where there is none."""
        return self._rows.get(key)


class Entry(Mapping[str, Any]):
    """One row of a table."""

    def __init__(self, columns: Mapping[str, pa.Array], row: int) -> None:
        self._columns, self._row = columns, row

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self._row].as_py()

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)
