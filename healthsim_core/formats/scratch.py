"""A folder in the machine's temporary folder for what is put by while a run lasts;
what killed runs left there is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from healthsim_core.formats.folder import refused

_BEGINS, _LOCK = "healthsim-", ".healthsim-lock"


class Scratch:
    """An empty folder, removed by `cleanup`, at the end of a `with` block, or with the last reference to it.

    Attributes:
        name: Its path.
    """

    def __init__(self) -> None:
        place = Path(tempfile.gettempdir())
        with refused(place):
            _sweep(place)
            around = Path(tempfile.mkdtemp(prefix=_BEGINS, dir=place))
            self.name = str(around / "files")
            self._removed = weakref.finalize(self, _remove, around, _locked(around), os.getpid())
            os.mkdir(self.name)

    def cleanup(self) -> None:
        """Remove the folder, if it is still there."""
        self._removed()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()


def _sweep(place: Path) -> None:
    """Remove the folders of processes that are gone: ours, locked by nobody, and no links."""
    for around in place.glob(f"{_BEGINS}*"):
        with suppress(OSError):
            if around.is_symlink() or around.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(around / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(around, ignore_errors=True)
            finally:
                os.close(lock)


def _locked(around: Path) -> int:
    """A lock on the folder: it has its name only when we hold it, so that nobody sweeps what begins."""
    begun = around / f"{_LOCK}.new"
    lock = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(begun, around / _LOCK)
    return lock


def _remove(around: Path, lock: int, process: int) -> None:
    if os.getpid() == process:  # and not a fork of it, which knows of the folder too
        shutil.rmtree(around, ignore_errors=True)
        os.close(lock)
