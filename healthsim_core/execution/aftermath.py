"""What a run that Ctrl-C ends leaves, in words: by what is there, and not by how far the run had come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from healthsim_core.errors import OutputError
from healthsim_core.execution.output_folder import OutputFolder
from healthsim_core.formats.folder import Folder
from healthsim_core.output import unfinished
from healthsim_core.output.manifest import MANIFEST, PUBLISHING, STAGING, as_json
from healthsim_core.state import database_path
from healthsim_core.state.sink import StateSink


@attrs.define
class Begun:
    """What a run has begun: its output folder, and its cohort in the database."""

    folder: OutputFolder | None = None
    state: StateSink | None = None


@contextmanager
def saying_what_is_there(out: str | Path | None, database: str | Path | None) -> Iterator[Begun]:
    """Let Ctrl-C in the block say what is stored, what the output folder holds, and which command goes on.

    Args:
        out: The run's output folder; None for none.
        database: The database.

    Raises:
        KeyboardInterrupt: With these words; without any where nothing was written.
    """
    begun = Begun()
    try:
        yield begun
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(_left(begun, out, database)) from error


def whole(cohort: str | None, out: str | Path | None, database: str | Path | None) -> str:
    """What a run that has ended left, in words."""
    return _together(
        _stored(cohort, database) if cohort else "", f"{Folder(out).place} holds the new run" if out is not None else ""
    )


def _left(begun: Begun, out: str | Path | None, database: str | Path | None) -> str:
    state = begun.state
    is_stored = state is not None and state.stored
    cohort = _stored(state.cohort, database) if state and is_stored else "the cohort is not stored" if state else ""
    try:
        folder = _folder(begun, Folder(out), is_stored) if out is not None else ""
    except OutputError as error:
        folder = f"{out} {error.what.rstrip('.')}"
    return _together(cohort, folder) if is_stored or folder else ""


def _folder(begun: Begun, out: Folder, is_stored: bool) -> str:
    """What the output folder holds, and what goes on; nothing where it holds no run, and no cohort is stored."""
    unfinished_run = unfinished.is_unfinished(out if out.local is None else Folder(out.local / STAGING))
    if out.holds(PUBLISHING):
        return f"{out.place} is half put in place; `healthsim recover {out.place}` ends it"
    if out.holds(MANIFEST) and begun.folder and out.read(MANIFEST) == as_json(begun.folder.manifest):
        return f"{out.place} holds the new run"
    held = f"{out.place} holds {'the earlier' if out.holds(MANIFEST) else 'no'} run"
    if unfinished_run:
        return f"{held} beside what was made; --resume{' --no-persist' * is_stored} goes on with it"
    if is_stored:
        return f"{held}; the same with --no-persist writes the files"
    return held if out.holds(MANIFEST) else ""


def _stored(cohort: str, database: str | Path | None) -> str:
    return f'cohort "{cohort}" is stored in {database_path(database)}'


def _together(*clauses: str) -> str:
    return ", and ".join(filter(None, clauses))
