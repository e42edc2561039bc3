"""People and claims by hand, and a database of their own, for the tests of state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from healthsim_core import Columns, Field, Table, world
from healthsim_core.state import ExecutionRecord, StateSink
from healthsim_core.testing import make_people

CLAIM = Table(
    "payer.claim",
    (
        Field("claim_id", "id", "The claim."),
        Field("person_id", "id", "The person.", references="core.person"),
        Field("date", "date", "Date of service."),
        Field("billed", "money", "Amount billed."),
        Field("note", "text", "Free text.", nullable=True),
    ),
    key=("claim_id",),
    description="A claim.",
)
PROVIDER = Table(
    "payer.provider", (Field("npi", "category", "The provider."),), key=("npi",), description="Providers.", person=""
)


class Store:
    """Made-up cohorts, and a database to put them in."""

    claim, provider = CLAIM, PROVIDER
    tables: Mapping[str, Table] = {table.name: table for table in (*world.CORE_TABLES, CLAIM, PROVIDER)}

    def __init__(self, database: Path) -> None:
        self.database = database

    def record(self, **changes: Any) -> ExecutionRecord:
        values = {
            "id": "abc123",
            "spec": {"name": "made", "count": 2},
            "spec_hash": "ff00",
            "seed": 42,
            "as_of": "2026-01-01",
        }
        return ExecutionRecord(**{**values, "versions": {"healthsim-core": "0.1.0"}, **changes})

    def chunk(self, people: int = 2, first: int = 1, **columns: Any) -> dict[str, pa.Table]:
        ids = (np.arange(people, dtype=np.int64) + first) * 16
        everybody = make_people(people, person_id=ids, household_id=ids, subscriber_id=ids)
        person = world.PERSON.arrow(everybody.columns.select(field.name for field in world.PERSON.fields))
        for name, values in columns.items():
            person = person.append_column(name, pa.array(values))
        twice = np.repeat(ids, 2)
        condition = {"person_id": ids, "category": "E11", "code": "E11.9", "description": "Type 2 diabetes",
                     "severity": None,
                     "onset_date": np.full(people, np.datetime64("2019-05-01")),
                     "primary": np.ones(people, bool)}  # fmt: skip
        event = {"event_id": twice * 100 + np.tile([1, 2], people), "person_id": twice, "event_type": "encounter",
                 "journey": "year",
                 "time": np.tile(np.array(["2025-02-01T09:00", "2025-11-30T17:05"], "datetime64[s]"), people),
                 "node": "visit",
                 "occurrence": np.tile([0, 1], people), "label": "Visit"}  # fmt: skip
        claim = {"claim_id": ids * 100 + 3, "person_id": ids, "date": np.full(people, np.datetime64("2025-02-03")),
                 "billed": np.full(people, 12_345), "note": 'said "aïe"; twice'}  # fmt: skip
        return {
            "core.person": person,
            "core.condition": world.CONDITION.arrow(Columns(condition, people)),
            "core.event": world.EVENT.arrow(Columns(event, 2 * people)),
            "payer.claim": CLAIM.arrow(Columns(claim, people)),
            "payer.provider": PROVIDER.arrow(Columns({"npi": "1234567893"}, 1)),
        }

    def sink(self, cohort: str = "made", chunk: Mapping[str, pa.Table] | None = None, **options: Any) -> StateSink:
        person = (chunk or self.chunk())["core.person"].schema
        tables = options.pop("tables", self.tables)
        return StateSink(
            self.database, cohort, tables, person, options.pop("record", self.record(cohort=cohort)), **options
        )

    def save(self, cohort: str = "made", *chunks: Mapping[str, pa.Table], **options: Any) -> None:
        written = chunks or (self.chunk(),)
        sink = self.sink(cohort, written[0], **options)
        try:
            for chunk in written:
                sink.write(chunk)
            sink.commit()
        except BaseException:
            sink.abort()
            raise


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A database that does not exist yet; it is also the default one."""
    database = tmp_path / "healthsim.duckdb"
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(database))
    return Store(database)


@pytest.fixture
def content() -> Callable[[Path], dict[str, list[Any]]]:
    """Everything that a database file says, by table, read by DuckDB itself."""

    def read(path: Path) -> dict[str, list[Any]]:
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{path}' AS content (READ_ONLY); USE content")
            names = connection.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1"
            ).fetchall()
            return {name: connection.execute(f"FROM {name}").fetchall() for (name,) in names}

    return read
