"""The manifest: what makes a folder a run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from healthsim_core.errors import OutputError
from healthsim_core.formats.destination import WrittenFile
from healthsim_core.formats.folder import Folder
from healthsim_core.formats.listing import read_listing
from healthsim_core.generation.result import Execution
from healthsim_core.output.parts import PartResult
from healthsim_core.strict_json import json_text

MANIFEST, VALIDATION = "manifest.json", "validation.json"
HIDDEN = ".healthsim"  # the folder in which a run is written; see workplace.py
STAGING = f"{HIDDEN}/new"
PUBLISHING = f"{HIDDEN}/publishing.json"


def manifest(
    name: str, execution: Execution, parts: Sequence[PartResult], whole: Mapping[str, Sequence[WrittenFile]]
) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        name: What the run is called.
        execution: Its record.
        parts: Its parts, in order.
        whole: Files by format, and of "tables", that are of the whole run.
    """
    files = [_entry(format_name, file, result.part.number) for result in parts for format_name, file in _files(result)]
    files += [_entry(format_name, file, None) for format_name, format_files in whole.items() for file in format_files]
    return {
        "name": name,
        "spec": dict(execution.spec),
        "spec_hash": execution.spec_hash,
        "seed": execution.seed,
        "namespace": execution.spec["namespace"],
        "as_of": execution.as_of,
        "versions": dict(execution.versions),
        "digest": digest(file for file in files),
        "values": digest(values(file) for file in files),
        "parts": [_part(result, execution.spec_hash) for result in parts],
        "files": sorted(files, key=lambda file: (file["format"], file["path"])),
    }


def digest(files: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the paths and digests of files: the same for the same run, by whomever it was run."""
    lines = sorted(f"{file['sha256']}  {file['path']}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def values(file: Mapping[str, Any]) -> dict[str, Any]:
    """A file of the manifest with the digest of what it says: of a table that of its values,
    of text that of its bytes."""
    return {**file, "sha256": file.get("values", file["sha256"])}


def read_manifest(folder: Folder) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises:
        OutputError: There is none, or it is not ours.
    """
    if not folder.holds(MANIFEST):
        if folder.holds(PUBLISHING):
            what = "holds a run that was interrupted while it was put in place."
            raise OutputError(what, folder.place, f"`healthsim recover {folder.place}` ends it.")
        raise OutputError(f"holds no {MANIFEST}.", folder.place, "Name the folder that --out named.")
    try:
        return read_listing(folder, MANIFEST)
    except ValueError:
        raise OutputError(f"holds a {MANIFEST} that is not ours.", folder.place, "Choose another folder.") from None


def is_folder(target: str) -> bool:
    """Whether a text names an output folder; else it may be a stored cohort's name.

    Raises:
        OutputError: It is a path at which there is nothing.
    """
    folder = "://" in target or os.path.exists(target)  # False too for a name that no file can have
    if "/" in target and not folder:
        raise OutputError("is not there.", target, "Name a folder that --out named, or a stored cohort.")
    return folder


def as_json(document: Any) -> bytes:
    """A document as the output folder holds it."""
    return (json_text(document, indent=2) + "\n").encode()


def _files(result: PartResult) -> Iterable[tuple[str, WrittenFile]]:
    return ((name, file) for name, files in result.files.items() for file in files)


def _entry(format_name: str, file: WrittenFile, part: int | None) -> dict[str, Any]:
    return {"format": format_name, "part": part, **attrs.asdict(file, filter=lambda _, value: value is not None)}


def _part(result: PartResult, plan_hash: str) -> dict[str, Any]:
    sha256 = digest({"path": file.path, "sha256": file.sha256} for _, file in _files(result))
    return {**attrs.asdict(result.part), "rows": sum(result.rows.values()), "plan_hash": plan_hash, "sha256": sha256}
