"""Tables against their declarations: keys, references, whose rows are, value sets, bounds, sums,
and the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
import duckdb

from healthsim_core.catalog import Catalog
from healthsim_core.codes import CodeSystem
from healthsim_core.offers import Trigger
from healthsim_core.tables import Field, Table
from healthsim_core.verification.finding import Finding
from healthsim_core.world import EVENT, PERSON

_CENT = 0.005
# what must hold, in SQL what does not, and what is shown of a row of which it does not hold
Check = tuple[str, str, str]


def table_findings(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, int], catalog: Catalog, as_of: str
) -> Iterator[Finding]:
    """Check tables against each other.

    Args:
        connection: Where each is a relation.
        tables: Their rows, by name.
        catalog: All that plugins offer; of a table that none declares nothing is known.
        as_of: The world's today, ISO.
    """
    asking = _Asking(connection, tables, catalog)
    for name in tables:
        if name in catalog.tables and tables[name]:
            yield from asking.declared(catalog.tables[name])
    if EVENT.name in tables and PERSON.name in tables:
        yield from asking.chronology(as_of)


@attrs.frozen
class _Asking:
    connection: duckdb.DuckDBPyConnection
    tables: Mapping[str, int]
    catalog: Catalog
    _known: dict[tuple[str, str], bool] = attrs.field(factory=dict, init=False)  # a provider's number is in many tables

    def finding(self, table: Table, what: str, wrong: str, shown: str = "NULL") -> Finding:
        """A finding; `wrong` is what follows FROM in a question for the rows that are wrong, `shown` says which."""
        count, example = self.connection.execute(f"SELECT count(*), any_value({shown}) FROM {wrong}").fetchall()[0]
        return self._found(table, what, count, example)

    def findings(self, table: Table, rows: str, checks: Iterable[Check]) -> Iterator[Finding]:
        """A finding for each of some checks of the same rows, by one question; `rows` is what follows FROM in it."""
        asked = list(checks)
        if not asked:
            return
        each = (
            f"count(*) FILTER (WHERE {wrong}), any_value({shown}) FILTER (WHERE {wrong})" for _, wrong, shown in asked
        )
        said = self.connection.execute(f"SELECT {', '.join(each)} FROM {rows}").fetchall()[0]
        for (what, _, _), count, example in zip(asked, said[::2], said[1::2], strict=True):
            yield self._found(table, what, count, example)

    def _found(self, table: Table, what: str, count: int, example: Any) -> Finding:
        return Finding(
            table.name, what, self.tables[table.name], count, f", such as {example}" if example is not None else ""
        )

    def declared(self, table: Table) -> Iterator[Finding]:
        own, keys = f'"{table.name}" AS t', ", ".join(f'"{key}"' for key in table.key)
        yield self.finding(
            table, "keys are distinct", f'(SELECT 1 FROM "{table.name}" GROUP BY {keys} HAVING count(*) > 1)'
        )
        yield from self.findings(table, own, (check for field in table.fields for check in _of_row(field)))
        if table.person and PERSON.name in self.tables:
            yield from self.of_person(table)
        for field in table.fields:
            if field.references in self.tables:
                yield from self.reference(table, field)
            if field.sum_of and "." in field.sum_of[0]:
                yield from self.sum_of_others(table, field)
            if field.codes:
                yield self.codes(table, field)

    def of_person(self, table: Table) -> Iterator[Finding]:
        if not table.field(table.person).references:
            there = f'EXISTS (SELECT 1 FROM "{PERSON.name}" AS p WHERE p.person_id = t."{table.person}")'
            yield self.finding(table, f"{table.person} is a {PERSON.name}", f'"{table.name}" AS t WHERE NOT {there}')
        same = [field.name for field in table.fields if table.name != PERSON.name and _is_of_person(field)]
        both = f'"{table.name}" AS t JOIN "{PERSON.name}" p ON p.person_id = t."{table.person}"'
        checks = ((f"{name} is the person's", f't."{name}" IS DISTINCT FROM p."{name}"', "NULL") for name in same)
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
                for alias, each in (("t", table), ("r", target)):
                    both += f' LEFT JOIN "{PERSON.name}" AS {alias}_p ON {alias}_p.person_id = {alias}."{each.person}"'
            checks.append((f"{field.name} is of the same person", other, column))
        yield from self.findings(table, both, checks)

    def codes(self, table: Table, field: Field) -> Finding:
        system = f't."{field.said_by}"' if field.said_by else f"'{field.codes}'"
        sql = (
            f'SELECT {system}, t."{field.name}", count(*) FROM "{table.name}" AS t WHERE t."{field.name}" IS '
            "NOT NULL GROUP BY ALL"
        )
        strangers = [
            each
            for each in self.connection.execute(sql).fetchall()
            if not self._is_known(str(each[0]).lower(), str(each[1]))
        ]
        what, example = f"{field.name} is a code of its system", strangers[-1][1] if strangers else None
        return self._found(table, what, sum(rows for _, _, rows in strangers), example)

    def _is_known(self, system: str, code: str) -> bool:
        if (system, code) not in self._known:
            known: CodeSystem | None = self.catalog.code_systems.get(system)
            self._known[system, code] = known is None or known.canonical(code) == code
        return self._known[system, code]

    def sum_of_others(self, table: Table, field: Field) -> Iterator[Finding]:
        first = field.sum_of[0]
        rows, column = first.rsplit(".", 1)
        if rows not in self.tables:
            return
        link = next(each.name for each in self.catalog.tables[rows].fields if each.references == table.name)
        sums = f'(SELECT "{link}" AS key, sum("{column}") AS total FROM "{rows}" GROUP BY ALL) AS s'
        key = f't."{table.key[0]}"'
        differs = f't."{field.name}", 0) - coalesce(total, 0)) > {_CENT}'
        wrong = f'"{table.name}" AS t LEFT JOIN {sums} ON {key} = s.key WHERE abs(coalesce({differs}'
        yield self.finding(table, f"{field.name} is the sum of {first}", wrong, key)

    def chronology(self, as_of: str) -> Iterator[Finding]:
        of = f'"{EVENT.name}" AS t JOIN "{PERSON.name}" AS p USING (person_id)'
        caused = f'"{EVENT.name}" AS t JOIN "{EVENT.name}" AS c ON c.event_id = t.cause_id'
        ordered = f'(SELECT *, lag((person_id, time)) OVER () AS before FROM "{EVENT.name}") AS t'
        shown = "t.event_id"
        yield self.finding(EVENT, "time is not before birth", f"{of} WHERE t.time::DATE < p.birth_date", shown)
        living = f"NOT coalesce(list_contains({self.outliving()}, split_part(t.node, '>', -1)), false)"
        yield self.finding(
            EVENT, "time is not after death", f"{of} WHERE t.time::DATE > p.death_date AND {living}", shown
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
    return bool(field.codes) and any(own.name == field.name and own.codes == field.codes for own in PERSON.fields)


def _of_row(field: Field) -> Iterator[Check]:
    """What a row says by itself."""
    own = f't."{field.name}"'
    if not field.nullable and field.type != "id":
        yield f"{field.name} is there", f"{own} IS NULL", "NULL"
    for bound, outside in () if field.signed_by else ((field.least, "<"), (field.most, ">"), (field.above, "<=")):
        if bound is not None:
            yield f"{field.name} is within its bounds", f"{own} {outside} {bound}", own
    if field.sum_of and "." not in field.sum_of[0]:
        total = " + ".join(f'coalesce(t."{part}", 0)' for part in field.sum_of)
        yield f"{field.name} is {' + '.join(field.sum_of)}", f"abs({own} - ({total})) > {_CENT}", own
