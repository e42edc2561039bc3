"""Whether all who work for a run reach its folder: a path is a place on every machine, but not the same place.

A run leaves a file of a name that nobody else has where it writes. Whoever does not see it is somewhere else, and would
write a part that nobody finds. What lies behind a URL is one place for all.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterable

import attrs

from healthsim_core.errors import OutputError
from healthsim_core.formats.folder import Folder
from healthsim_core.output.manifest import HIDDEN
from healthsim_core.output.parts import Job
from healthsim_core.output.unfinished import RECORDS

# seconds until a shared folder must show what another machine has written: some keep what they knew for so long
PATIENCE = 3.0
_LOOK = 0.1
REMEDY = "Name a folder that all of them share, or an fsspec URL, with --out."


@attrs.frozen
class Sighting:
    """What a worker saw.

    Attributes:
        worker: Who it is.
        left: The file that it has left in the folder; None where it did not see the run's own.
    """

    worker: str
    left: str | None


def worker_name() -> str:
    """Who this process is."""
    return f"{socket.gethostname()}, process {os.getpid()}"


def begin(folder: Folder) -> str:
    """Leave the file that says that a run works here; its path."""
    return _leave(folder, "run")


def require_seen(job: Job) -> None:
    """Raise OutputError where this process does not see what the run has left in its folder."""
    if job.folder.local is not None and not _is_there(job.folder, job.seen_by):
        raise _refused(job.folder, [worker_name()])


def look(job: Job) -> Sighting:
    """See from a worker whether the folder is the run's, and leave a file there."""
    seen = _is_there(job.folder, job.seen_by)
    return Sighting(worker_name(), _leave(job.folder, "worker") if seen else None)


def refuse_unless_shared(folder: Folder, sightings: Iterable[Sighting]) -> None:
    """Compare what workers saw with what is here.

    Raises:
        OutputError: One does not see the run's folder, or what it has left is not here.
    """
    seen = list(sightings)
    strangers = [sighting.worker for sighting in seen if sighting.left is None or not _is_there(folder, sighting.left)]
    folder.remove(sighting.left for sighting in seen if sighting.left is not None)
    if strangers:
        raise _refused(folder, strangers)


def _leave(folder: Folder, what: str) -> str:
    path = f"{RECORDS}/{what}-{uuid.uuid4().hex}"
    folder.write(path, worker_name().encode())
    return path


def _is_there(folder: Folder, path: str) -> bool:
    until = time.monotonic() + PATIENCE
    while not folder.holds(path):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK)
    return True


def _refused(folder: Folder, strangers: list[str]) -> OutputError:
    who, more = strangers[0], f" (nor do {len(strangers) - 1:,} more)" if len(strangers) > 1 else ""
    what = f"is not one folder for all workers: {who} does not see what {socket.gethostname()} sees there{more}."
    return OutputError(what, folder.place.removesuffix(f"/{HIDDEN}/new"), REMEDY)
