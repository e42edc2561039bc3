"""What files say and what tables say of one kind of record, side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import duckdb
import numpy as np
import pyarrow as pa

from healthsim_core.offers import names_of
from healthsim_core.tables import Table


@attrs.frozen(eq=False)
class Records:
    """One kind of record of a format: an X12 segment in its loop, an HL7 segment, a FHIR resource, a dataset.

    Both tables have a row a record, and a column a field, named as the format's standard names it. Columns may be
    nested: they are compared member by member. A record that is in one table only, a field that differs, and a field
    that is in one table only are findings.

    Attributes:
        name: What the standard calls it.
        key: Names of the columns that tell its records apart.
        said: What the files say, made by a parser that shares no code with the writer.
        truth: What the tables say it should be.
        unread: Fields that the files say and that are not compared, with the reason of each:
            they are listed in the report.
    """

    name: str
    key: tuple[str, ...] = attrs.field(converter=names_of)
    said: pa.Table = attrs.field(repr=False)
    truth: pa.Table = attrs.field(repr=False)
    unread: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Truth:
    """The tables of a run, or of one part of it, as relations that SQL can ask.

    Attributes:
        as_of: The world's today.
        settings: The `products` section of what was run, by product.
        part: The part's number, from 0; None where the run's files are not cut.
    """

    as_of: np.datetime64
    settings: Mapping[str, Mapping[str, Any]]
    part: int | None
    _sources: Mapping[str, Callable[[], pa.Table]] = attrs.field(repr=False)
    _declared: Mapping[str, Table] = attrs.field(repr=False)
    _pieces: Callable[[str, Sequence[str]], Iterable[pa.Table]] = attrs.field(repr=False)
    _connection: duckdb.DuckDBPyConnection = attrs.field(factory=duckdb.connect, repr=False)
    _known: set[str] = attrs.field(factory=set, init=False, repr=False)

    def __contains__(self, name: object) -> bool:
        """Whether the run has that table."""
        return name in self._sources

    def select(self, sql: str) -> pa.Table:
        """The answer to a question, in DuckDB's SQL.

        Relations are the run's tables (`"core.person"`), what was registered, and a fact of the world: `"facts.county"`
        (county_fips, name, state, zone). `display(system, code)` is what the list of a code system calls a code,
        `minutes_ahead(zone, civil)` how far a zone's clock is from UTC at a local time (west of Greenwich: negative).
        A table that the run did not make has no rows.

        Args:
            sql: One SELECT.
        """
        for name in self._named(sql):
            self._connection.register(
                name, self._sources[name]() if name in self._sources else self._declared[name].empty()
            )
            self._known.add(name)
        answer: pa.Table = self._connection.sql(sql).to_arrow_table()
        return answer

    def of_run(self, name: str, columns: Sequence[str]) -> pa.Table:
        """The distinct values of a table's columns in all parts of the run: for files of the whole run.
        None where it has no such table."""
        if name not in self:
            return pa.table({column: pa.array([], pa.string()) for column in columns})
        pieces = [
            piece.unify_dictionaries().group_by(list(columns)).aggregate([]) for piece in self._pieces(name, columns)
        ]
        return pa.concat_tables(pieces).unify_dictionaries().group_by(list(columns)).aggregate([])

    def register(self, name: str, rows: pa.Table) -> None:
        """Make a relation known: codes of a format's own declaration, or what its files say."""
        self._connection.register(name, rows)
        self._known.add(name)

    def define(self, macros: str) -> None:
        """Make macros known that questions use: one or more `CREATE MACRO`, of what a row says."""
        self._connection.execute(macros)

    def stand_in(self, name: str, schema: pa.Schema) -> None:
        """Make a table of another product known without rows, where the run does not have it and nobody declares it."""
        if name not in self and name not in self._declared:
            self.register(name, schema.empty_table())

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def _named(self, sql: str) -> Iterator[str]:
        every: Collection[str] = self._sources.keys() | self._declared.keys()
        yield from (name for name in sorted(every) if name not in self._known and f'"{name}"' in sql)
