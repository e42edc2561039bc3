"""A run's output folder as a cohort: its Parquet files are read where they lie, and nothing is copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from healthsim_core.calls import checked_call
from healthsim_core.errors import StateError
from healthsim_core.formats.folder import Folder
from healthsim_core.formats.listing import read_listing
from healthsim_core.state.record import ExecutionRecord
from healthsim_core.state.sink import CohortWriter

_MANIFEST, _TABLES = "manifest.json", "tables"


@checked_call()
def register_dataset(name: str, out: Path | str, database: Path | str | None = None) -> str:
    """Register what a run wrote to a folder as a cohort; the folder must stay where it is.

    Args:
        name: The cohort's name.
        out: The folder or fsspec URL that the run was given.
        database: The database's path; None for the default one.

    Returns:
        The cohort's name.

    Raises:
        StateError: There is no finished run, the name is taken, or the database refuses.
    """
    folder = Folder(out)
    manifest = _manifest(folder)
    files: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(manifest["files"], key=lambda file: str(file["path"])):
        if file["format"] == _TABLES:
            files.setdefault(file["path"].split("/")[1].removesuffix(".parquet"), []).append(file)
    schemas = {}
    for table, parts in files.items():
        with folder.open(parts[0]["path"]) as opened:
            schemas[table] = pq.read_schema(opened)
    spec, spec_hash = manifest["spec"], manifest["spec_hash"]
    profile = (spec.get("profile") or {}).get("id")
    record = ExecutionRecord(
        _id(manifest), spec, spec_hash, manifest["seed"], manifest["as_of"], manifest["versions"], name, profile
    )
    with CohortWriter(database, name, schemas, record) as writer:
        for table, parts in files.items():
            writer.refer(table, folder, [file["path"] for file in parts], sum(file["rows"] for file in parts))
    return writer.cohort


def run_in(folder: Folder) -> str:
    """Id of the execution whose files a folder holds.

    Raises:
        StateError: It holds no finished run.
    """
    return _id(_manifest(folder))


def _id(manifest: dict[str, Any]) -> str:
    return str(manifest["spec_hash"])[:16]


def _manifest(folder: Folder) -> dict[str, Any]:
    try:
        return read_listing(folder, _MANIFEST)
    except (OSError, ValueError) as error:
        raise StateError(
            f"holds no finished run (no {_MANIFEST} of ours).", folder.place, "Name the folder that --out named."
        ) from error
