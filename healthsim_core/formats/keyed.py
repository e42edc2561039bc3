"""Rows of a run's tables that a writer looks up one at a time, by key: providers by number, payers by id."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa


class Row(Mapping[str, Any]):
    """One row of a table: a value by column, read when it is asked for."""

    def __init__(self, columns: Mapping[str, pa.Array], row: int) -> None:
        self._columns, self._row = columns, row

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self._row].as_py()

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def stated(self) -> dict[str, Any]:
        """The values that are there: neither null nor an empty text."""
        return {name: value for name, value in self.items() if value not in (None, "")}


class TableByKey(Mapping[str | None, Row]):
    """The rows of a table by their key, from all chunks that were added.

    Args:
        key: The column whose values are the keys.

    Examples:
        >>> payers = TableByKey("payer_id")
        >>> payers.add(pa.table({"payer_id": ["A1"], "name": ["Acme"], "phone": [None]}))
        >>> payers["A1"]["name"], payers["A1"].stated(), payers.get("B2")
        ('Acme', {'payer_id': 'A1', 'name': 'Acme'}, None)
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._rows: dict[str | None, Row] = {}

    def add(self, table: pa.Table | None) -> None:
        """Take the rows whose keys are not known yet; None adds nothing."""
        columns = {} if table is None else {name: table[name].combine_chunks() for name in table.column_names}
        for row, key in enumerate(columns[self._key].to_pylist() if columns else ()):
            if key not in self._rows:
                self._rows[key] = Row(columns, row)

    def __getitem__(self, key: str | None) -> Row:
        return self._rows[key]

    def __iter__(self) -> Iterator[str | None]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class KeyedTables:
    """The run's tables that a writer looks rows up in, as far as it has met them, and what it has rendered of them.

    Args:
        keys: The key column of each table, by the table's name.

    Attributes:
        by_name: Each table's rows by key; without rows where the run has no such table.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self.by_name = {name: TableByKey(key) for name, key in keys.items()}
        self._rendered: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def learn(self, tables: Mapping[str, pa.Table]) -> None:
        """Take the rows that a chunk brings; what was rendered without them is rendered anew."""
        self._rendered.clear()
        for name, rows in self.by_name.items():
            rows.add(tables.get(name))

    def once(self, render: Callable[..., str | None], *fixed: str) -> Callable[..., Any]:
        """`render(self, *fixed, *values)` as a function of the values that remembers what it has rendered.

        For `Text.recode`, which calls it once for each distinct value of a chunk; this remembers from chunk to chunk.
        """
        if (render, *fixed) not in self._rendered:
            self._rendered[render, *fixed] = functools.cache(functools.partial(render, self, *fixed))
        return self._rendered[render, *fixed]
