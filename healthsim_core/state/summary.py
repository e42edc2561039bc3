"""A cohort in a few lines: small enough for a chat, a notebook or a log."""

from __future__ import annotations

import datetime
import html
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.calls import checked_call
from healthsim_core.database.file import database_path, first_row, reading
from healthsim_core.state.cohorts import StoredTable, attach, cohort_id, stored_tables

MOST_CONDITIONS = 10


@attrs.frozen
class ConditionCount:
    """How many people have a condition."""

    code: str
    description: str
    people: int


@attrs.frozen
class CohortSummary:
    """What a cohort holds.

    Attributes:
        cohort: Its name.
        people: Number of people.
        events: Number of events.
        first: Date of the first event, None where there is none.
        last: Date of the last one.
        conditions: The most common conditions, by people, at most ten.
        records: Rows by table, of the products' tables that have some.
        products: Products that wrote tables.
        seed: The run's seed.
        as_of: The run's today.
        execution: Id of the execution that made it.
    """

    cohort: str
    people: int
    events: int
    first: datetime.date | None
    last: datetime.date | None
    conditions: tuple[ConditionCount, ...]
    records: dict[str, int]
    products: tuple[str, ...]
    seed: int
    as_of: datetime.date
    execution: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with dates as ISO text."""
        plain = attrs.asdict(self, value_serializer=lambda _, __, value: _plain(value))
        return {**plain, "conditions": list(plain["conditions"]), "products": list(self.products)}

    def __str__(self) -> str:
        return "\n".join([f"cohort {self.cohort}", *(f"  {name:<11} {words}" for name, words in self._lines())])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{html.escape(n)}</th><td>{html.escape(s)}</td></tr>" for n, s in self._lines())
        return f"<table><caption>cohort {html.escape(self.cohort)}</caption>{rows}</table>"

    def _lines(self) -> list[tuple[str, str]]:
        span = f" from {self.first} to {self.last}" if self.first else ""
        everybody = max(self.people, 1)
        phrases = (
            f"{c.code} {c.description} {c.people:,} ({100 * c.people / everybody:.0f}%)" for c in self.conditions
        )
        conditions = "; ".join(text.replace("  ", " ") for text in phrases)
        lines = [("people", f"{self.people:,}"), ("events", f"{self.events:,}{span}")]
        if conditions:
            lines.append(("conditions", conditions))
        for product in self.products:
            rows = {name.split(".", 1)[1]: n for name, n in self.records.items() if name.startswith(f"{product}.")}
            lines.append((product, ", ".join(f"{name} {n:,}" for name, n in rows.items()) or "no records"))
        return [*lines, ("run", f"seed {self.seed}, as of {self.as_of}, execution {self.execution}")]


@checked_call()
def get_summary(cohort: str, database: Path | str | None = None) -> CohortSummary:
    """What a stored cohort holds, in a few lines.

    Raises:
        StateError: There is no such cohort.
    """
    path = database_path(database)
    with reading(path) as connection:
        number = cohort_id(connection, cohort, path)
        tables = {table.name: table for table in stored_tables(connection, number, cohort)}
        attach(connection, tables.values())
        run = first_row(
            connection, "SELECT seed, as_of, execution_id FROM healthsim.cohort WHERE cohort_id = ?", [number]
        )
        assert run is not None
        first, last = _span(connection, tables, number)
        conditions = _conditions(connection, tables, number)
    counts = {name: table.rows for name, table in tables.items()}
    records = {name: rows for name, rows in counts.items() if not name.startswith("core.")}
    return CohortSummary(
        cohort=cohort,
        people=counts.get("core.person", 0),
        events=counts.get("core.event", 0),
        first=first,
        last=last,
        conditions=conditions,
        records={name: rows for name, rows in records.items() if rows},
        products=tuple(dict.fromkeys(name.split(".")[0] for name in records)),
        seed=run[0],
        as_of=run[1],
        execution=run[2],
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _span(
    connection: Any, tables: dict[str, StoredTable], number: int
) -> tuple[datetime.date | None, datetime.date | None]:
    if "core.event" not in tables:
        return None, None
    sql = f"SELECT min(time)::DATE, max(time)::DATE FROM ({tables['core.event'].select(number)})"
    row = first_row(connection, sql)
    return (row[0], row[1]) if row else (None, None)


def _conditions(connection: Any, tables: dict[str, StoredTable], number: int) -> tuple[ConditionCount, ...]:
    if "core.condition" not in tables:
        return ()
    sql = f"""SELECT code, coalesce(any_value(description), ''), count(DISTINCT person_id) AS people
              FROM ({tables["core.condition"].select(number)}) WHERE event_id IS NULL
              GROUP BY code ORDER BY people DESC, code LIMIT {MOST_CONDITIONS}"""
    return tuple(ConditionCount(*row) for row in connection.execute(sql).fetchall())
