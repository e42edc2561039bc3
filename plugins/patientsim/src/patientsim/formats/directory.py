"""Who people's records refer to: clinicians, organizations and payers of the run's tables, found by their number."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa


class Directory:
    """The clinicians, facilities and payers of a run; each is empty where its product is not installed.

    Attributes:
        providers: networksim.provider by NPI.
        facilities: networksim.facility by NPI.
        payers: membersim.payer by payer_id.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self.providers = Entries(tables.get("networksim.provider"), "npi")
        self.facilities = Entries(tables.get("networksim.facility"), "npi")
        self.payers = Entries(tables.get("membersim.payer"), "payer_id")
        self._once: dict[Callable[..., str | None], Callable[..., Any]] = {}

    def once(self, render: Callable[..., str | None]) -> Callable[..., Any]:
        """`render(directory, *values)` as a function of the values that remembers what it has rendered."""
        if render not in self._once:
            self._once[render] = functools.cache(functools.partial(render, self))
        return self._once[render]


class Entries:
    """Rows of a table as mappings, by key; a value is read when it is asked for."""

    def __init__(self, table: pa.Table | None, key: str) -> None:
        self._columns = {} if table is None else {name: table[name].combine_chunks() for name in table.column_names}
        self._rows = {} if table is None else {value: row for row, value in enumerate(self._columns[key].to_pylist())}
        self.get = functools.cache(self._get)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def _get(self, key: str | None) -> Mapping[str, Any] | None:
        row = self._rows.get(key)
        return None if row is None else Entry(self._columns, row)


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
