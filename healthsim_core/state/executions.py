"""The history: what was run, from which profile and seed, with which versions, into which cohort."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.errors import StateError, suggestion
from healthsim_core.state.database import database_path, reading
from healthsim_core.state.record import ExecutionRecord

_COLUMNS = "execution_id, spec, spec_hash, seed, as_of::VARCHAR, versions, cohort, profile, profile_version"


@attrs.frozen
class ExecutionEntry:
    """An execution as the history shows it.

    Attributes:
        record: What was run.
        created_at: When it was stored (UTC).
        stored: Whether its cohort is still there.
    """

    record: ExecutionRecord
    created_at: datetime.datetime
    stored: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without the specification."""
        kept = attrs.asdict(self.record, filter=lambda field, _: field.name != "spec")
        return {**kept, "created_at": self.created_at.isoformat(timespec="seconds"), "stored": self.stored}

    def __str__(self) -> str:
        run = self.record
        version = f" version {run.profile_version}" if run.profile_version is not None else ""
        profile = run.profile or (run.spec.get("profile") or {}).get("id") or "-"
        lines = [
            f"execution {run.id}",
            f"  cohort    {run.cohort}{'' if self.stored else ' (deleted)'}",
            f"  profile   {profile}{version}",
            f"  seed      {run.seed}, as of {run.as_of}",
            f"  spec      {run.spec_hash}",
            f"  versions  {', '.join(f'{name} {version}' for name, version in run.versions.items())}",
        ]
        return "\n".join(lines)


def list_executions(database: Path | str | None = None, cohort: str | None = None) -> list[ExecutionEntry]:
    """Every execution, or those that made one cohort, in the order they were stored."""
    sql = f"""SELECT {_COLUMNS}, created_at, cohort IN (SELECT name FROM healthsim.cohort)
              FROM healthsim.execution WHERE ?::VARCHAR IS NULL OR cohort = ? ORDER BY created_at, rowid"""
    with reading(database) as connection:
        return [_entry(row) for row in connection.execute(sql, [cohort, cohort]).fetchall()]


def show_execution(id: str, database: Path | str | None = None) -> ExecutionEntry:
    """One execution: by its id, an unambiguous beginning of it, or the name of the cohort that it made.

    Raises:
        StateError: There is none, or several begin so.
    """
    entries = list_executions(database)
    exact = [entry for entry in entries if id in (entry.record.id, entry.record.cohort)]
    found = exact or [entry for entry in entries if id and entry.record.id.startswith(id)]
    path = str(database_path(database))
    if not found:
        hint = suggestion(id, {entry.record.id for entry in entries})
        raise StateError(f'no execution is called "{id}".', path, f"{hint} `healthsim executions list` shows them.".strip())
    if len({entry.record.id for entry in found}) > 1 and not exact:
        raise StateError(f'several executions begin with "{id}".', path, "Give more of the id.")
    return found[-1]


def load_execution(id: str, database: Path | str | None = None) -> ExecutionRecord:
    """What was run, to run it again; `id` as in `show_execution`."""
    return show_execution(id, database).record


def _entry(row: tuple[Any, ...]) -> ExecutionEntry:
    identity, spec, spec_hash, seed, as_of, versions, cohort, profile, version, created_at, stored = row
    document: Mapping[str, Any] = json.loads(spec)
    record = ExecutionRecord(identity, document, spec_hash, seed, as_of, json.loads(versions), cohort, profile, version)
    return ExecutionEntry(record, created_at, bool(stored))
