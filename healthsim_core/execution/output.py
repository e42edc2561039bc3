"""The output folder: staged beside its place, put there whole, or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa

from healthsim_core.errors import OutputError
from healthsim_core.execution.parquet import ParquetTable
from healthsim_core.formats.destination import Destination, WrittenFile, adopted, refused
from healthsim_core.generation.plan import Plan
from healthsim_core.generation.result import Execution
from healthsim_core.generation.validation import ValidationReport
from healthsim_core.offers import FormatWriter

MANIFEST, VALIDATION, TABLES = "manifest.json", "validation.json", "tables"


class OutputFolder:
    """Where a run's files go.

    Args:
        plan: The plan.
        out: The folder, or an fsspec URL.
        overwrite: Whether files of an earlier run are replaced (others are never touched).

    Raises:
        OutputError: The folder cannot be written, holds something, or is being written by another run.
    """

    def __init__(self, plan: Plan, out: str | Path, overwrite: bool = False) -> None:
        self._plan, self._url = plan, str(out) if "://" in str(out) else None
        self.out = Path(tempfile.mkdtemp(prefix="healthsim-")) / "run" if self._url else Path(out)
        self._earlier = _earlier_files(self.out, overwrite)
        self._staging = staging_of(self.out)
        self._lock = _staged(self._staging)
        self._parquet = {name: ParquetTable(self._path(name), f"{TABLES}/{name}.parquet", t.schema) for name, t in plan.tables.items()}
        self._formats: dict[str, tuple[Destination, FormatWriter]] = {}
        for offer in plan.formats:
            destination = Destination(self._staging, offer.name)
            self._formats[offer.name] = (destination, offer.writer(destination, plan.run))
        self._files: dict[str, list[WrittenFile]] = {}
        self._first = True

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Write one chunk's tables, the run's among them."""
        for name, rows in tables.items():
            if self._first or self._plan.tables[name].person:
                self._parquet[name].write(rows)
        self._first = False
        for offer in self._plan.formats:
            _, writer = self._formats[offer.name]
            writer.write({name: tables[name] for name in (*offer.needs, *offer.wants) if name in tables})

    def finish(self, execution: Execution, validation: ValidationReport) -> None:
        """Finish all files, and write manifest and validation report: all that may fail for want of space."""
        files: dict[str, list[WrittenFile]] = {}
        for name, (destination, writer) in self._formats.items():
            writer.close()
            files[name] = destination.close()
        files[TABLES] = [file for table in self._parquet.values() for file in _closed(table)]
        _write_json(self._staging / VALIDATION, validation.document())
        _write_json(self._staging / MANIFEST, _manifest(execution, self._plan, files))
        self._files = files

    def publish(self) -> dict[str, list[str]]:
        """Put everything in place.

        Returns:
            Paths of the files of each format, and of "tables".
        """
        files = self._files
        self._move([file.path for group in files.values() for file in group] + [VALIDATION, MANIFEST])
        base = self._url.rstrip("/") if self._url else str(self.out)
        if self._url:
            _upload(self.out, self._url)
        return {name: [f"{base}/{file.path}" for file in group] for name, group in files.items()}

    def abort(self) -> None:
        """Leave nothing behind."""
        self._lock.close()
        shutil.rmtree(self._staging, ignore_errors=True)
        if self._url:
            shutil.rmtree(self.out.parent, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._staging / TABLES / f"{name}.parquet"

    def _move(self, paths: list[str]) -> None:
        with refused(self.out):
            self._lock.close()
            (self._staging / ".lock").unlink()
            if not self.out.exists() or not any(self.out.iterdir()):
                os.replace(self._staging, self.out)
                return
            for path in self._earlier:
                (self.out / path).unlink(missing_ok=True)
            for path in paths:
                (self.out / path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(self._staging / path, self.out / path)
        shutil.rmtree(self._staging, ignore_errors=True)
        _remove_empty_folders(self.out)


def _closed(table: ParquetTable) -> list[WrittenFile]:
    table.close()
    return [adopted(path, f"{TABLES}/{path.name}", rows) for path, rows in table.files]


def staging_of(out: Path) -> Path:
    """Where the files of an output folder are until all of them are there."""
    return out.parent / f".{out.name}.partial"


def _earlier_files(out: Path, overwrite: bool) -> list[str]:
    if out.is_file():
        raise OutputError("is a file, not a folder.", str(out), "Choose another folder.")
    if not out.exists() or not any(out.iterdir()):
        return []
    if not overwrite:
        raise OutputError("is not empty.", str(out), "Choose another folder, or --overwrite to replace what an earlier run wrote.")
    manifest = out / MANIFEST
    if not manifest.exists():
        raise OutputError(
            "is not empty, and no earlier run of ours wrote it (there is no manifest.json).", str(out), "Choose another folder."
        )
    try:
        listed = [file["path"] for file in json.loads(manifest.read_text(encoding="utf-8"))["files"]]
    except (ValueError, KeyError, TypeError):
        raise OutputError("holds a manifest.json that is not ours.", str(out), "Choose another folder.") from None
    return [*listed, VALIDATION, MANIFEST]


def _staged(staging: Path) -> Any:
    with refused(staging.parent):
        staging.mkdir(parents=True, exist_ok=True)
        lock = (staging / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise OutputError("is being written by another run.", str(staging), "Wait for it, or choose another folder.") from None
        for entry in staging.iterdir():  # what a killed run has left
            if entry.name != ".lock":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return lock


def _manifest(execution: Execution, plan: Plan, files: Mapping[str, list[WrittenFile]]) -> dict[str, Any]:
    return {
        "name": plan.request.name,
        "spec": dict(execution.spec),
        "spec_hash": execution.spec_hash,
        "seed": execution.seed,
        "as_of": execution.as_of,
        "versions": dict(execution.versions),
        "files": [{"format": name, **attrs.asdict(file)} for name, group in files.items() for file in group],
    }


def _write_json(path: Path, document: Any) -> None:
    with refused(path.name):
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _upload(folder: Path, url: str) -> None:
    import fsspec

    files, root = fsspec.core.url_to_fs(url)
    if files.exists(root) and files.find(root):
        raise OutputError("is not empty.", url, "Choose another place.")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: path.name == MANIFEST):  # the manifest last: it says that all is there
        target = f"{root.rstrip('/')}/{path.relative_to(folder)}"
        files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        files.put_file(str(path), target)
    shutil.rmtree(folder.parent)


def _remove_empty_folders(out: Path) -> None:
    for folder in sorted((path for path in out.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
