"""Tables against their declarations: what each row says, keys, references, whose rows are, sums of other rows,
and the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs
import duckdb
import pyarrow as pa

from healthsim_core.benefits.enrolment import columns_of
from healthsim_core.catalog import Catalog
from healthsim_core.database.file import identifier
from healthsim_core.offers import Trigger
from healthsim_core.tables import Field, Table
from healthsim_core.verification.finding import Finding, such_as
from healthsim_core.verification.row_checks import CENT, Codes, row_findings
from healthsim_core.world import EVENT, PERSON

# what must hold, in SQL what does not, and what is shown of a row of which it does not hold
Check = tuple[str, str, str]


def table_findings(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, int],
    catalog: Catalog,
    as_of: str,
    pieces: Callable[[str], Iterable[pa.Table]] | None = None,
) -> Iterator[Finding]:
    """Check tables against each other.

    Args:
        connection: Where each is a relation.
        tables: Their rows, by name.
        catalog: All that plugins offer; of a table that none declares nothing is known.
        as_of: The world's today, ISO.
        pieces: A table's rows, piece by piece; None to ask the connection for all of them.
    """
    asking, codes = _Asking(connection, tables, catalog), Codes(catalog)
    for name in tables:
        if name in catalog.tables and tables[name]:
            rows = pieces(name) if pieces else [connection.table(identifier(name)).to_arrow_table()]
            yield from row_findings(catalog.tables[name], rows, codes)
            yield from asking.declared(catalog.tables[name])
    if EVENT.name in tables and PERSON.name in tables:
        yield from asking.chronology(as_of)


@attrs.frozen
class _Asking:
    connection: duckdb.DuckDBPyConnection
    tables: Mapping[str, int]
    catalog: Catalog

    def finding(self, table: Table, what: str, wrong: str, shown: str = "NULL") -> Finding:
        """A finding; `wrong` is what follows FROM in a question for the rows that are wrong, `shown` says which."""
        count, example = self.connection.execute(f"SELECT count(*), any_value({shown}) FROM {wrong}").fetchall()[0]
        return self._found(table, what, count, example)

    def findings(self, table: Table, rows: str, checks: Iterable[Check]) -> Iterator[Finding]:
        """A finding for each of some checks of the same rows, by one question; `rows` is what follows FROM in it."""
        asked = list(checks)
        if not asked:
            return
        selected = (
            f"count(*) FILTER (WHERE {wrong}), any_value({shown}) FILTER (WHERE {wrong})" for _, wrong, shown in asked
        )
        answers = self.connection.execute(f"SELECT {', '.join(selected)} FROM {rows}").fetchall()[0]
        for (what, _, _), count, example in zip(asked, answers[::2], answers[1::2], strict=True):
            yield self._found(table, what, count, example)

    def _found(self, table: Table, what: str, count: int, example: Any) -> Finding:
        return Finding(
            table.name, what, self.tables[table.name], count, such_as([] if example is None else [str(example)])
        )

    def declared(self, table: Table) -> Iterator[Finding]:
        keys = ", ".join(f'"{key}"' for key in table.key)
        yield self.finding(
            table, "keys are distinct", f'(SELECT 1 FROM "{table.name}" GROUP BY {keys} HAVING count(*) > 1)'
        )
        if table.person and PERSON.name in self.tables:
            yield from self.of_person(table)
        for field in table.fields:
            if field.references in self.tables:
                yield from self.reference(table, field)
            if field.sum_of and "." in field.sum_of[0]:
                yield from self.sum_of_others(table, field)

    def of_person(self, table: Table) -> Iterator[Finding]:
        if not table.field(table.person).references:
            exists = f'EXISTS (SELECT 1 FROM "{PERSON.name}" AS p WHERE p.person_id = t."{table.person}")'
            yield self.finding(table, f"{table.person} is a {PERSON.name}", f'"{table.name}" AS t WHERE NOT {exists}')
        same = [field.name for field in table.fields if table.name != PERSON.name and _is_of_person(field)]
        both = f'"{table.name}" AS t JOIN "{PERSON.name}" p ON p.person_id = t."{table.person}"'
        ranked = any(field.name == "rank" for field in table.fields)  # of several coverages the first is the person's
        first = {name: ' AND t."rank" = 1' if ranked and name in columns_of(1) else "" for name in same}
        checks = (
            (f"{name} is the person's", f't."{name}" IS DISTINCT FROM p."{name}"{first[name]}', "NULL") for name in same
        )
        yield from self.findings(table, both, checks)

    def reference(self, table: Table, field: Field) -> Iterator[Finding]:
        target = self.catalog.tables[field.references]
        key, column = f'r."{target.key[0]}"', f't."{field.name}"'
        both = f'"{table.name}" AS t LEFT JOIN "{target.name}" AS r ON {key} = {column}'
        checks = [(f"{field.name} is a {field.references}", f"{column} IS NOT NULL AND {key} IS NULL", column)]
        if table.person and target.person and target.name != PERSON.name and PERSON.name in self.tables:
            other = f't."{table.person}" <> r."{target.person}"'
            if EVENT.name in (table.name, target.name):
                # A birth is the mother's and the child's: events of one household may lead to each other's.
                other = "t_p.household_id <> r_p.household_id"
                for alias, side in (("t", table), ("r", target)):
                    both += f' LEFT JOIN "{PERSON.name}" AS {alias}_p ON {alias}_p.person_id = {alias}."{side.person}"'
            checks.append((f"{field.name} is of the same person", other, column))
        yield from self.findings(table, both, checks)

    def sum_of_others(self, table: Table, field: Field) -> Iterator[Finding]:
        first = field.sum_of[0]
        rows, column = first.rsplit(".", 1)
        if rows not in self.tables:
            return
        link = next(
            reference.name for reference in self.catalog.tables[rows].fields if reference.references == table.name
        )
        sums = f'(SELECT "{link}" AS key, sum("{column}") AS total FROM "{rows}" GROUP BY ALL) AS s'
        key = f't."{table.key[0]}"'
        differs = f't."{field.name}", 0) - coalesce(total, 0)) > {CENT}'
        wrong = f'"{table.name}" AS t LEFT JOIN {sums} ON {key} = s.key WHERE abs(coalesce({differs}'
        yield self.finding(table, f"{field.name} is the sum of {first}", wrong, key)

    def chronology(self, as_of: str) -> Iterator[Finding]:
        events = f'"{EVENT.name}" AS t JOIN "{PERSON.name}" AS p USING (person_id)'
        caused = f'"{EVENT.name}" AS t JOIN "{EVENT.name}" AS c ON c.event_id = t.cause_id'
        ordered = f'(SELECT *, lag((person_id, time)) OVER () AS before FROM "{EVENT.name}") AS t'
        shown = "t.event_id"
        yield self.finding(EVENT, "time is not before birth", f"{events} WHERE t.time::DATE < p.birth_date", shown)
        living = f"NOT coalesce(list_contains({self.outliving()}, split_part(t.node, '>', -1)), false)"
        yield self.finding(
            EVENT, "time is not after death", f"{events} WHERE t.time::DATE > p.death_date AND {living}", shown
        )
        yield self.finding(EVENT, "time is not before its cause", f"{caused} WHERE t.time < c.time", shown)
        yield self.finding(
            EVENT, "rows are in order of person and time", f"{ordered} WHERE (person_id, time) < before", shown
        )
        yield self.finding(
            EVENT, f"time is not after {as_of}", f"\"{EVENT.name}\" AS t WHERE t.time::DATE > DATE '{as_of}'", shown
        )

    def outliving(self) -> str:
        """Names of what triggers cause after death too, such as the bill of a stay, as a list of SQL."""
        names = sorted(
            f"'{trigger.product}.{trigger.then}'" for trigger in self.catalog.of(Trigger) if trigger.outlives
        )
        return f"[{', '.join(names)}]::VARCHAR[]"


def _is_of_person(field: Field) -> bool:
    """Whether a field says of a person what `core.person` says: the same name, of the same value set."""
    return bool(field.codes) and any(
        person_field.name == field.name and person_field.codes == field.codes for person_field in PERSON.fields
    )
