"""Tables against their declarations: keys, references, whose rows are, value sets, bounds, sums, and the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import duckdb

from healthsim_core.catalog import Catalog
from healthsim_core.codes import CodeSystem
from healthsim_core.offers import Trigger
from healthsim_core.tables import Field, Table
from healthsim_core.verification.finding import Finding
from healthsim_core.world import EVENT, PERSON

_CENT = 0.005


def table_findings(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, int], catalog: Catalog, as_of: str) -> Iterator[Finding]:
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

    def finding(self, table: Table, what: str, wrong: str, shown: str = "NULL") -> Finding:
        """A finding; `wrong` is what follows FROM in a question for the rows that are wrong, `shown` says which."""
        count, example = self.connection.execute(f"SELECT count(*), any_value({shown}) FROM {wrong}").fetchall()[0]
        return Finding(table.name, what, self.tables[table.name], count, f", such as {example}" if example is not None else "")

    def declared(self, table: Table) -> Iterator[Finding]:
        keys = ", ".join(f'"{key}"' for key in table.key)
        yield self.finding(table, "keys are distinct", f'(SELECT 1 FROM "{table.name}" GROUP BY {keys} HAVING count(*) > 1)')
        if table.person and PERSON.name in self.tables and not table.field(table.person).references:
            there = f'EXISTS (SELECT 1 FROM "{PERSON.name}" AS p WHERE p.person_id = t."{table.person}")'
            yield self.finding(table, f"{table.person} is a {PERSON.name}", f'"{table.name}" AS t WHERE NOT {there}')
        for field in table.fields:
            yield from self.field(table, field)

    def field(self, table: Table, field: Field) -> Iterator[Finding]:
        own = f'"{table.name}" AS t'
        if not field.nullable and field.type != "id":
            yield self.finding(table, f"{field.name} is there", f'{own} WHERE t."{field.name}" IS NULL')
        if field.references in self.tables:
            yield from self.reference(table, field)
        if table.person and PERSON.name in self.tables and table.name != PERSON.name and _is_of_person(field):
            of = f'{own} JOIN "{PERSON.name}" p ON p.person_id = t."{table.person}"'
            yield self.finding(table, f"{field.name} is the person's", f'{of} WHERE t."{field.name}" IS DISTINCT FROM p."{field.name}"')
        bounds = [(field.least, "<"), (field.most, ">"), (field.above, "<=")]
        for bound, outside in () if field.signed_by else bounds:
            if bound is not None:
                what = f"{field.name} is within its bounds"
                yield self.finding(table, what, f'{own} WHERE t."{field.name}" {outside} {bound}', f't."{field.name}"')
        if field.codes:
            yield from self.codes(table, field)
        if field.sum_of:
            yield from self.sums(table, field)

    def reference(self, table: Table, field: Field) -> Iterator[Finding]:
        target = self.catalog.tables[field.references]
        key, column = f'r."{target.key[0]}"', f't."{field.name}"'
        there = f'FROM "{target.name}" AS r WHERE {key} = {column}'
        strangers = f'"{table.name}" AS t WHERE {column} IS NOT NULL AND NOT EXISTS ({there})'
        yield self.finding(table, f"{field.name} is a {field.references}", strangers, column)
        if table.person and target.person and target.name != PERSON.name and PERSON.name in self.tables:
            both = f'"{table.name}" AS t JOIN "{target.name}" AS r ON {key} = {column}'
            homes = " ".join(
                f'JOIN "{PERSON.name}" AS {alias}_p ON {alias}_p.person_id = {alias}."{each.person}"'
                for alias, each in (("t", table), ("r", target))
            )
            # A birth is the mother's and the child's: events of one household may lead to each other's.
            strange = f"{both} {homes} WHERE t_p.household_id <> r_p.household_id"
            if table.name != EVENT.name and target.name != EVENT.name:
                strange = f'{both} WHERE t."{table.person}" <> r."{target.person}"'
            yield self.finding(table, f"{field.name} is of the same person", strange, column)

    def codes(self, table: Table, field: Field) -> Iterator[Finding]:
        said_by = f't."{field.said_by}"' if field.said_by else f"'{field.codes}'"
        sql = f'SELECT {said_by}, t."{field.name}", count(*) FROM "{table.name}" AS t WHERE t."{field.name}" IS NOT NULL GROUP BY ALL'
        wrong, example = 0, ""
        for system, code, rows in self.connection.execute(sql).fetchall():
            known: CodeSystem | None = self.catalog.code_systems.get(str(system).lower())
            if known is not None and known.canonical(str(code)) != str(code):
                wrong, example = wrong + rows, f", such as {code}"
        yield Finding(table.name, f"{field.name} is a code of its system", self.tables[table.name], wrong, example)

    def sums(self, table: Table, field: Field) -> Iterator[Finding]:
        own, first = f't."{field.name}"', field.sum_of[0]
        if "." not in first:
            total = " + ".join(f'coalesce(t."{part}", 0)' for part in field.sum_of)
            what, wrong = f"{field.name} is {' + '.join(field.sum_of)}", f'"{table.name}" AS t WHERE abs({own} - ({total})) > {_CENT}'
        else:
            rows, column = first.rsplit(".", 1)
            if rows not in self.tables:
                return
            link = next(each.name for each in self.catalog.tables[rows].fields if each.references == table.name)
            sums = f'(SELECT "{link}" AS key, sum("{column}") AS total FROM "{rows}" GROUP BY ALL) AS s'
            what = f"{field.name} is the sum of {first}"
            on = f't."{table.key[0]}" = s.key'
            wrong = f'"{table.name}" AS t LEFT JOIN {sums} ON {on} WHERE abs(coalesce({own}, 0) - coalesce(total, 0)) > {_CENT}'
        yield self.finding(table, what, wrong, f't."{table.key[0]}"')

    def chronology(self, as_of: str) -> Iterator[Finding]:
        of = f'"{EVENT.name}" AS t JOIN "{PERSON.name}" AS p USING (person_id)'
        caused = f'"{EVENT.name}" AS t JOIN "{EVENT.name}" AS c ON c.event_id = t.cause_id'
        ordered = f'(SELECT *, lag((person_id, time)) OVER () AS before FROM "{EVENT.name}") AS t'
        shown = "t.event_id"
        yield self.finding(EVENT, "time is not before birth", f"{of} WHERE t.time::DATE < p.birth_date", shown)
        living = f"NOT coalesce(list_contains({self.outliving()}, split_part(t.node, '>', -1)), false)"
        yield self.finding(EVENT, "time is not after death", f"{of} WHERE t.time::DATE > p.death_date AND {living}", shown)
        yield self.finding(EVENT, "time is not before its cause", f"{caused} WHERE t.time < c.time", shown)
        yield self.finding(EVENT, "rows are in order of person and time", f"{ordered} WHERE (person_id, time) < before", shown)
        yield self.finding(EVENT, f"time is not after {as_of}", f"\"{EVENT.name}\" AS t WHERE t.time::DATE > DATE '{as_of}'", shown)

    def outliving(self) -> str:
        """Names of what triggers cause after death too, such as the bill of a stay, as a list of SQL."""
        names = sorted(f"'{trigger.product}.{trigger.then}'" for trigger in self.catalog.of(Trigger) if trigger.outlives)
        return f"[{', '.join(names)}]::VARCHAR[]"


def _is_of_person(field: Field) -> bool:
    """Whether a field says of a person what `core.person` says: the same name, of the same value set."""
    return bool(field.codes) and any(own.name == field.name and own.codes == field.codes for own in PERSON.fields)
