"""The history: what was run, from which profile and seed, with which versions, into which cohort."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.calls import checked_call
from healthsim_core.database.file import database_path, first_row, reading
from healthsim_core.errors import StateError, suggestion
from healthsim_core.state.record import ExecutionRecord


@attrs.frozen
class ExecutionEntry:
    """An execution as the history shows it.

    Attributes:
        id: The execution's id.
        cohort: The cohort that it made.
        stored: Whether that cohort is still there.
        profile: Name of the profile.
        profile_version: Its version, where it is a saved one.
        seed: The seed.
        as_of: The world's today.
        spec_hash: Digest of the request.
        versions: Versions of core, plugins, skills and libraries.
        created_at: When it was stored (UTC).
    """

    id: str
    cohort: str
    stored: bool
    profile: str | None
    profile_version: int | None
    seed: int
    as_of: datetime.date
    spec_hash: str
    versions: Mapping[str, str] = attrs.field(converter=json.loads)
    created_at: datetime.datetime

    def __str__(self) -> str:
        version = f", version {self.profile_version}" if self.profile_version is not None else ""
        lines = [
            f"execution {self.id}",
            f"  cohort    {self.cohort}{'' if self.stored else ' (deleted)'}",
            f"  profile   {self.profile or '-'}{version}",
            f"  run       seed {self.seed}, as of {self.as_of}",
            f"  spec      {self.spec_hash}",
            f"  versions  {', '.join(f'{name} {version}' for name, version in self.versions.items())}",
        ]
        return "\n".join(lines)


@checked_call()
def list_executions(database: Path | str | None = None, cohort: str | None = None) -> list[ExecutionEntry]:
    """Every execution, or those that made one cohort, in the order they were stored."""
    sql = """
        SELECT execution_id, cohort, cohort IN (SELECT name FROM healthsim.cohort), profile, profile_version, seed,
        as_of,
            spec_hash, versions, created_at
        FROM healthsim.execution WHERE ?::VARCHAR IS NULL OR cohort = ? ORDER BY created_at, rowid"""
    with reading(database) as connection:
        return [ExecutionEntry(*row) for row in connection.execute(sql, [cohort, cohort]).fetchall()]


@checked_call()
def show_execution(id: str, database: Path | str | None = None) -> ExecutionEntry:
    """One execution: by its id, an unambiguous beginning of it, or the name of the cohort that it made.

    Raises:
        StateError: There is none, or several begin so.
    """
    entries = list_executions(database)
    exact = [entry for entry in entries if id in (entry.id, entry.cohort)]
    matching = exact or [entry for entry in entries if id and entry.id.startswith(id)]
    path = str(database_path(database))
    if not matching:
        hint = suggestion(id, {entry.id for entry in entries})
        raise StateError(
            f'no execution is called "{id}".', path, f"{hint} `healthsim executions list` shows them.".strip()
        )
    if len({entry.id for entry in matching}) > 1 and not exact:
        raise StateError(f'several executions begin with "{id}".', path, "Give more of the id.")
    return matching[-1]


@checked_call()
def load_execution(id: str, database: Path | str | None = None) -> ExecutionRecord:
    """What was run, with its request, to run it again; `id` as in `show_execution`."""
    entry = show_execution(id, database)
    with reading(database) as connection:
        sql = "SELECT spec FROM healthsim.execution WHERE execution_id = ? AND cohort = ?"
        (document,) = first_row(connection, sql, [entry.id, entry.cohort]) or ("{}",)
    spec: Mapping[str, Any] = json.loads(document)
    return ExecutionRecord(
        entry.id, spec, entry.spec_hash, entry.seed, entry.as_of.isoformat(), entry.versions, entry.cohort,
        entry.profile, entry.profile_version,
    )  # fmt: skip
