"""Read a run's files back and prove that they tell one truth: keys, references, ids, codes, dates and amounts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import duckdb
import pyarrow as pa

from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import HealthSimError, OutputError
from healthsim_core.execution.output import MANIFEST, TABLES
from healthsim_core.generation.result import StoredTables
from healthsim_core.offers import ReadBack
from healthsim_core.tables import Table, to_arrow

SHOWN = 20
TOLERANCE = 1e-9  # of numbers that a file prints in decimal


@attrs.frozen
class Finding:
    """One thing that was checked: where, what, how many rows were looked at, how many are wrong, an example."""

    where: str
    what: str
    rows: int
    wrong: int
    example: str = ""

    def __str__(self) -> str:
        mark = "ok  " if not self.wrong else "FAIL"
        return f"{mark} {self.where}: {self.what} ({self.rows:,})" + (f": {self.wrong:,} wrong{self.example}" if self.wrong else "")


@attrs.frozen
class Verification:
    """Everything that was checked."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.wrong for finding in self.findings)

    def document(self) -> dict[str, Any]:
        """The findings as plain JSON."""
        return {"passed": self.passed, "findings": [attrs.asdict(finding) for finding in self.findings]}

    def __str__(self) -> str:
        bad = [finding for finding in self.findings if finding.wrong]
        rows = sum(finding.rows for finding in self.findings)
        head = f"verified {rows:,} values in {len(self.findings)} checks: {'all agree' if not bad else f'{len(bad)} checks FAILED'}"
        places = dict.fromkeys(finding.where for finding in self.findings if finding.what.startswith(("agrees", "is sound", "files")))
        shown = [str(finding) for finding in bad[:SHOWN]] if bad else [f"ok   {place}" for place in places]
        return "\n".join([head, *(f"  {line}" for line in shown)])


def verify_folder(out: Path, catalog: Catalog | None = None) -> Verification:
    """Check an output folder: files against the manifest, tables against each other, every format against the tables.

    Raises:
        OutputError: The folder holds no run of ours.
    """
    if not (out / MANIFEST).is_file():
        raise OutputError("holds no manifest.json.", str(out), "Name the folder that --out named.")
    offers = catalog or default_catalog()
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    findings = [_files(out, manifest)]
    stored = StoredTables((out / TABLES).glob("*.parquet"))
    tables = {name: stored[name] for name in sorted(stored)}
    findings += _tables(tables, offers)
    for name in dict.fromkeys(file["format"] for file in manifest["files"] if file["format"] != TABLES):
        findings += _format(out / name, name, tables, offers)
    return Verification(tuple(findings))


def verify_cohort(name: str, database: str | Path | None = None, catalog: Catalog | None = None) -> Verification:
    """Check the keys and references of a stored cohort."""
    from healthsim_core.state import load_cohort

    return Verification(tuple(_tables(dict(load_cohort(name, database)), catalog or default_catalog())))


def _files(out: Path, manifest: Mapping[str, Any]) -> Finding:
    wrong = []
    for file in manifest["files"]:
        path = out / file["path"]
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            wrong.append(file["path"])
    return Finding(
        MANIFEST, "files are those that were written", len(manifest["files"]), len(wrong), f", such as {wrong[0]}" if wrong else ""
    )


def _tables(tables: Mapping[str, pa.Table], catalog: Catalog) -> Iterator[Finding]:
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        for name, rows in tables.items():
            declared = catalog.tables.get(name)
            if declared is None:
                continue
            keys = ", ".join(f'"{key}"' for key in declared.key)
            repeated = _count(connection, f'SELECT count(*) FROM (SELECT 1 FROM "{name}" GROUP BY {keys} HAVING count(*) > 1)')
            yield Finding(name, "keys are distinct", rows.num_rows, repeated)
            for field in declared.fields:
                if field.references in tables:
                    target = catalog.tables[field.references].key[0]
                    there = f'FROM "{field.references}" t WHERE t."{target}" = "{name}"."{field.name}"'
                    lost = f'"{field.name}" IS NOT NULL AND NOT EXISTS ({there})'
                    strangers = _count(connection, f'SELECT count(*) FROM "{name}" WHERE {lost}')
                    yield Finding(name, f"{field.name} is a {field.references}", rows.num_rows, strangers)


def _format(folder: Path, name: str, tables: Mapping[str, pa.Table], catalog: Catalog) -> Iterator[Finding]:
    offer = catalog.formats.get(name)
    if offer is None or offer.read is None:
        return
    try:
        back: ReadBack = offer.read(folder)
    except HealthSimError as error:
        yield Finding(name, "can be read back", 1, 1, f": {error}")
        return
    yield Finding(name, "is sound in itself", 1, len(back.problems), f", such as: {back.problems[0]}" if back.problems else "")
    for table_name, columns in back.tables.items():
        if table_name in tables:
            said = _as_declared(catalog.tables[table_name], columns)
            yield from _agrees(name, catalog.tables[table_name], said, tables[table_name], table_name in back.complete)


def _as_declared(table: Table, columns: Mapping[str, Any]) -> pa.Table:
    return pa.table({name: to_arrow(column, table.field(name).type) for name, column in columns.items()})


def _agrees(format_name: str, table: Table, said: pa.Table, truth: pa.Table, complete: bool) -> Iterator[Finding]:
    keys = ", ".join(f'"{key}"' for key in table.key)
    where = f"{format_name} and {table.name}"
    with duckdb.connect() as connection:
        connection.register("said", said)
        connection.register("truth", truth)
        strange = _count(connection, f"SELECT count(*) FROM said ANTI JOIN truth USING ({keys})")
        yield Finding(where, "agrees: every id is one of the table's", said.num_rows, strange)
        if complete:
            lost = _count(connection, f"SELECT count(*) FROM truth ANTI JOIN said USING ({keys})")
            yield Finding(where, "agrees: every row of the table is there", truth.num_rows, lost)
        for name in said.column_names:
            if name not in table.key:
                differs = _differs(table, name)
                first = connection.execute(
                    f'SELECT said."{name}", truth."{name}" FROM said JOIN truth USING ({keys}) WHERE {differs} LIMIT 1'
                ).fetchone()
                wrong = _count(connection, f"SELECT count(*) FROM said JOIN truth USING ({keys}) WHERE {differs}") if first else 0
                example = f", such as {first[0]} where the table has {first[1]}" if first else ""
                yield Finding(where, f"agrees: {name}", said.num_rows, wrong, example)


def _differs(table: Table, name: str) -> str:
    if table.field(name).type == "number":
        close = f'abs(said."{name}" - truth."{name}") <= {TOLERANCE} * greatest(1, abs(truth."{name}"))'
        return f'(said."{name}" IS NULL) <> (truth."{name}" IS NULL) OR NOT ({close})'
    return f'said."{name}" IS DISTINCT FROM truth."{name}"'


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
