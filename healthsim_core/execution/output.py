"""The output folder: written beside its place and put there whole, or not at all.

Behind a URL nothing can be moved: files are written in their place, and the manifest, written last, is what makes them a run.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from healthsim_core.errors import OutputError
from healthsim_core.execution import unfinished
from healthsim_core.execution.manifest import MANIFEST, VALIDATION, as_json, manifest, read_manifest
from healthsim_core.execution.parts import TABLES, Job, PartResult, parts_of
from healthsim_core.execution.stored import StoredTables, table_name
from healthsim_core.execution.whole import write_whole
from healthsim_core.execution.worker import job_of
from healthsim_core.formats.destination import WrittenFile
from healthsim_core.formats.folder import Folder, refused
from healthsim_core.generation.plan import Plan
from healthsim_core.generation.result import Execution
from healthsim_core.generation.validation import ValidationReport


class OutputFolder:
    """Where a run's files go.

    Args:
        plan: The plan.
        out: The folder, or an fsspec URL.
        overwrite: Whether files of an earlier run are replaced (others are never touched).
        resume: Whether parts that a run of the same plan has finished here are kept, and those of this one if it fails.

    Attributes:
        parts: The run's parts.
        done: Those that are finished, by number.

    Raises:
        OutputError: The folder cannot be written, holds something, or is being written by another run.
    """

    def __init__(self, plan: Plan, out: str | Path, overwrite: bool = False, resume: bool = False) -> None:
        self._plan, self._resume, self.out = plan, resume, Folder(out)
        self.parts = parts_of(plan)
        self._earlier = _earlier_files(self.out, overwrite, resume)
        if self.out.local is not None:
            self.staging, self._lock = Folder(staging_of(self.out.local)), _locked(staging_of(self.out.local))
        else:
            self.staging, self._lock = self.out, None
        self.done: dict[int, PartResult] = {}
        try:
            self._begin()
        except BaseException:
            self._unlock()
            raise
        self._files: dict[str, list[str]] = {}

    def job(self, chunk_size: int) -> Job:
        """What workers are told."""
        return job_of(self._plan, self.staging, len(self.parts) > 1, chunk_size)

    def add(self, result: PartResult) -> None:
        """Take note of a part that is finished."""
        self.done[result.part.number] = result

    def table_paths(self, number: int) -> dict[str, str]:
        """Where a finished part's tables lie, by name."""
        return {table_name(file.path): file.path for file in self.done[number].files[TABLES]}

    def tables(self) -> StoredTables:
        """The tables of all parts, where they lie until they are published."""
        return StoredTables(self.staging, (file.path for result in self._results for file in result.files[TABLES]))

    def finish(self, execution: Execution, validation: ValidationReport, notes: Sequence[str]) -> None:
        """Write what is of the whole run, the manifest and the validation report: all that may fail for want of space."""
        whole = write_whole(self._plan, self.staging, self.tables(), self._results)
        listed = manifest(self._plan.request.name, execution, self._results, whole)
        self.staging.write(VALIDATION, as_json({**validation.document(), "notes": list(notes)}))
        if self.out.local is not None:
            self.staging.write(MANIFEST, as_json(listed))
        self._manifest = listed
        self._files = {name: self._paths(name, whole) for name in (*(offer.name for offer in self._plan.formats), TABLES)}

    def publish(self) -> dict[str, list[str]]:
        """Put everything in place.

        Returns:
            Paths below the folder of the files of each format, and of "tables".
        """
        if self.out.local is None:
            self.out.write(MANIFEST, as_json(self._manifest))
            self.out.remove(path for path in self.out.paths() if unfinished.is_record(path))
        else:
            self._move([path for found in self._files.values() for path in found] + [VALIDATION, MANIFEST])
        return self._files

    def abort(self) -> None:
        """Leave nothing behind; of a run that may be resumed, what is finished."""
        if self._resume:
            self._unlock()
        elif self.out.local is None:
            self.out.remove(path for path in self.out.paths() if path not in self._before)
        else:
            self._unlock()
            shutil.rmtree(self.staging.place, ignore_errors=True)

    @property
    def _results(self) -> list[PartResult]:
        return [self.done[number] for number in sorted(self.done)]

    def _begin(self) -> None:
        if self._resume and unfinished.is_unfinished(self.staging):
            self.done = unfinished.finished(self.staging, self._plan, self.parts)
        elif self.out.local is not None:
            _clear(Path(self.staging.place))
        else:
            self.out.remove([MANIFEST] if MANIFEST in self._earlier else [])  # first: what is left without it is no run
            self.out.remove(self._earlier)
        self._before = set() if self.out.local is not None else set(self.out.paths())
        unfinished.begin(self.staging, self._plan)

    def _paths(self, name: str, whole: Mapping[str, Sequence[WrittenFile]]) -> list[str]:
        cut = [file.path for result in self._results for file in result.files.get(name, ())]
        return sorted([*cut, *(file.path for file in whole.get(name, ()))])

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()

    def _move(self, paths: list[str]) -> None:
        staging, out = Path(self.staging.place), Path(self.out.place)
        with refused(out):
            self._unlock()
            kept = set(paths)
            self.staging.remove(path for path in self.staging.paths() if path not in kept)
            _remove_empty_folders(staging)
            if not out.exists() or not any(out.iterdir()):
                os.replace(staging, out)
                return
            for path in self._earlier:
                (out / path).unlink(missing_ok=True)
            for path in paths:
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(staging / path, out / path)
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty_folders(out)


def staging_of(out: Path) -> Path:
    """Where the files of an output folder are until all of them are there."""
    return out.parent / f".{out.name}.partial"


def _earlier_files(out: Folder, overwrite: bool, resume: bool) -> list[str]:
    """The files that are replaced."""
    if out.local is not None and out.local.is_file():
        raise OutputError("is a file, not a folder.", out.place, "Choose another folder.")
    there = out.paths()
    if not there:
        return []
    if unfinished.is_unfinished(out):
        if not (overwrite or resume):
            raise OutputError("holds an unfinished run.", out.place, "--resume goes on with it, --overwrite begins anew.")
        return unfinished.written(out)
    if resume and not overwrite and MANIFEST in there:
        raise OutputError("holds a finished run.", out.place, "Nothing is left to resume.")
    if not overwrite:
        raise OutputError("is not empty.", out.place, "Choose another folder, or --overwrite to replace what an earlier run wrote.")
    if MANIFEST not in there:
        what = f"is not empty, and no earlier run of ours wrote it (there is no {MANIFEST})."
        raise OutputError(what, out.place, "Choose another folder.")
    return [MANIFEST, VALIDATION, *(file["path"] for file in read_manifest(out)["files"])]


def _locked(staging: Path) -> Any:
    with refused(staging.parent):
        staging.mkdir(parents=True, exist_ok=True)
        lock = (staging / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise OutputError("is being written by another run.", str(staging), "Wait for it, or choose another folder.") from None
    return lock


def _clear(staging: Path) -> None:
    """Remove what a killed run has left."""
    for entry in staging.iterdir():
        if entry.name != ".lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _remove_empty_folders(out: Path) -> None:
    for folder in sorted((path for path in out.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
