"""The output folder: written in a hidden folder of it and put in place whole, or not at all.

Behind a URL nothing can be moved: files are written in their place, and the manifest, written last,
is what makes them a run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import OutputError
from healthsim_core.execution import shared
from healthsim_core.execution.read_back import ReadBack
from healthsim_core.execution.whole import write_whole
from healthsim_core.execution.worker import job_of
from healthsim_core.formats.destination import WrittenFile
from healthsim_core.formats.folder import Folder
from healthsim_core.generation.result import Result
from healthsim_core.output import unfinished
from healthsim_core.output.manifest import HIDDEN, MANIFEST, VALIDATION, as_json, manifest, read_manifest
from healthsim_core.output.parts import TABLES, Job, PartResult, parts_of
from healthsim_core.output.stored import StoredTables, table_name
from healthsim_core.output.workplace import Workplace
from healthsim_core.planning.plan import Plan


class OutputFolder:
    """Where a run's files go.

    Args:
        plan: The plan.
        out: The folder, or an fsspec URL.
        overwrite: Whether files of an earlier run are replaced (others are never touched).
        resume: Whether parts that a run of the same plan has finished here are kept, and those of this one if it fails.
        lasting: Whether the files stay; if not, they are read once, and no manifest lists them.

    Attributes:
        parts: The run's parts.
        done: Those that are finished, by number.
        manifest: The run's manifest; empty until it is finished.

    Raises:
        OutputError: The folder cannot be written, holds something, or is being written by another run.
    """

    def __init__(
        self, plan: Plan, out: str | Path, overwrite: bool = False, resume: bool = False, lasting: bool = True
    ) -> None:
        self._plan, self._resume, self.out = plan, resume, Folder(out)
        self.parts = parts_of(plan)
        self._workplace = None if self.out.local is None else _entered(self.out)
        self.staging = self.out if self._workplace is None else self._workplace.staging
        self.done: dict[int, PartResult] = {}
        self._read_back = ReadBack(self.staging, lasting)
        self._files: dict[str, list[str]] = {}
        self.manifest: dict[str, Any] = {}
        self._keep = True  # what another run has left, until this one begins
        try:
            self._earlier = _earlier_files(self.out, overwrite, resume)
            self._begin()
        except BaseException:
            self._leave()
            raise

    def job(self, chunk_size: int) -> Job:
        """What workers are told."""
        return job_of(self._plan, self.staging, self._seen_by, len(self.parts) > 1, chunk_size)

    def add(self, result: PartResult) -> None:
        """Take note of a part that is finished.

        Raises:
            OutputError: A file of it, or of an earlier one, is not there, or not what was written.
        """
        self._read_back.part(result)
        self.done[result.part.number] = result

    def table_paths(self, number: int) -> dict[str, str]:
        """Where a finished part's tables lie, by name."""
        return {table_name(file.path): file.path for file in self.done[number].files[TABLES]}

    def tables(self) -> StoredTables:
        """The tables of all parts, where they lie until they are published."""
        return StoredTables(self.staging, (file.path for result in self._results for file in result.files[TABLES]))

    def finish(self, result: Result) -> None:
        """Write what is of the whole run, the manifest and the validation report: all that may fail for want of space.

        Args:
            result: What was made; its tables are those that have no person.

        Raises:
            OutputError: A file is not there, or not what was written.
        """
        whole = write_whole(self._plan, self.staging, self.tables(), result.tables, self._results)
        self._read_back.end(self._results, whole)
        self.manifest = manifest(self._plan.request.name, result.execution, self._results, whole)
        self.staging.write(VALIDATION, as_json({**result.validation.document(), "notes": list(result.notes)}))
        if self.out.local is not None:
            self.staging.write(MANIFEST, as_json(self.manifest))
        self._files = {
            name: self._paths(name, whole) for name in (*(offer.name for offer in self._plan.formats), TABLES)
        }

    def publish(self) -> dict[str, list[str]]:
        """Put everything in place.

        Returns:
            Paths below the folder of the files of each format, and of "tables".
        """
        if self._workplace is None:
            self.out.write(MANIFEST, as_json(self.manifest))
            self.out.remove(path for path in self.out.paths() if unfinished.is_record(path))
        else:
            self._workplace.publish(
                [*(path for paths in self._files.values() for path in paths), VALIDATION, MANIFEST], self._earlier
            )
            self._workplace.leave()
        return self._files

    @property
    def digest(self) -> str:
        """The digest of what was made, as its manifest has it."""
        return str(self.manifest["digest"])

    def abort(self) -> None:
        """Leave nothing behind; of a run that may be resumed, what is finished."""
        self._read_back.stop()
        if self._workplace is None:
            if not self._resume:
                self.out.remove(path for path in self.out.paths() if path not in self._before)
        else:
            _recovered(self._workplace).leave(keep=self._resume)

    @property
    def _results(self) -> list[PartResult]:
        return [self.done[number] for number in sorted(self.done)]

    def _begin(self) -> None:
        if self._workplace is not None:
            self._workplace.refuse_other_disks((TABLES, *(offer.name for offer in self._plan.formats)))
        if self._resume and unfinished.is_unfinished(self.staging):
            self.done = unfinished.finished(self.staging, self._plan, self.parts)
        elif self._workplace is not None:
            self._workplace.clear()
            self._keep = self._resume
        else:
            self.out.remove([MANIFEST] if MANIFEST in self._earlier else [])  # first: what is left without it is no run
            self.out.remove(self._earlier)
        self._before = set() if self.out.local is not None else set(self.out.paths())
        unfinished.begin(self.staging, self._plan)
        self._seen_by = shared.begin(self.staging)

    def _paths(self, name: str, whole: Mapping[str, Sequence[WrittenFile]]) -> list[str]:
        cut = [file.path for result in self._results for file in result.files.get(name, ())]
        return sorted([*cut, *(file.path for file in whole.get(name, ()))])

    def _leave(self) -> None:
        if self._workplace is not None:
            self._workplace.leave(keep=self._keep and unfinished.is_unfinished(self.staging))


def recovered(out: Path, clear: bool = False) -> str:
    """End what a killed run left in an output folder; what is there now, in words.

    Args:
        out: The folder.
        clear: Whether what an unfinished run has made is dropped.

    Raises:
        OutputError: Another run is writing it.
    """
    folder = Folder(out)
    entered = _entered(folder)
    unfinished_run = not clear and unfinished.is_unfinished(entered.staging)
    entered.leave(keep=unfinished_run)
    words = f"{out}: {'a finished run' if folder.holds(MANIFEST) else 'no finished run'} is in place"
    return f"{words}, an unfinished one beside it: --resume goes on with it." if unfinished_run else f"{words}."


def _entered(out: Folder) -> Workplace:
    """The folder's workplace; a run that was interrupted while it was put in place is out of it again, or in."""
    assert out.local is not None
    if os.path.isfile(out.local):
        raise OutputError("is a file, not a folder.", out.place, "Choose another folder.")
    return _recovered(Workplace(out.local))


def _recovered(entered: Workplace) -> Workplace:
    """The workplace after it was put right; whoever cannot do that leaves it to others."""
    try:
        entered.recover()
    except BaseException:
        entered.leave(keep=True)
        raise
    return entered


def _earlier_files(out: Folder, overwrite: bool, resume: bool) -> list[str]:
    """The files that are replaced."""
    paths = [path for path in out.paths() if not path.startswith(f"{HIDDEN}/")]
    if not paths:
        return []
    if out.local is None and unfinished.is_unfinished(out):
        if not (overwrite or resume):
            raise OutputError(
                "holds an unfinished run.", out.place, "--resume goes on with it, --overwrite begins anew."
            )
        return unfinished.written(out)
    if resume and not overwrite and MANIFEST in paths:
        raise OutputError("holds a finished run.", out.place, "Nothing is left to resume.")
    if not overwrite:
        raise OutputError(
            "is not empty.", out.place, "Choose another folder, or --overwrite to replace what an earlier run wrote."
        )
    if MANIFEST not in paths:
        what = f"is not empty, and no earlier run of ours wrote it (there is no {MANIFEST})."
        raise OutputError(what, out.place, "Choose another folder.")
    files = read_manifest(out)["files"]
    for file in files:
        _refuse_others_file(out, file)
    return [MANIFEST, VALIDATION, *(file["path"] for file in files)]


def _refuse_others_file(out: Folder, file: Mapping[str, Any]) -> None:
    """Raise OutputError where a manifest lists what is of no format that anybody offers, and not what was written.

    A manifest that somebody sent may list the reader's own files.
    """
    path, known = file["path"], default_catalog().formats
    ours = file["format"] in known or (file["format"] == TABLES and path.endswith(".parquet"))
    if not ours and out.holds(path) and out.digest(path) != (file["bytes"], file["sha256"]):
        raise OutputError(
            f"holds a {MANIFEST} that lists {path}, which no run of ours wrote.", out.place, "Choose another folder."
        )
