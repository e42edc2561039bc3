"""The hidden folder in an output folder where a run is written, and from which it is put in place.

It lies in the output folder itself, so that it is on the same file system whatever the folder is: a mount point, the
target of a link, the current folder. Putting a run in place is one journal and many renames: until the manifest of the
new run is in its place, the files of the earlier run wait beside, and are moved back where anything fails.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from healthsim_core.errors import OutputError
from healthsim_core.formats.folder import Folder, own_path, parsed, refused
from healthsim_core.output.manifest import HIDDEN, MANIFEST, PUBLISHING, STAGING

_TRIES = 100


class Workplace:
    """The hidden folder of one output folder.

    Args:
        out: The output folder; made where it is missing.

    Raises:
        OutputError: It cannot be written, or another run writes it.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.realpath(out))
        self.place = self.out / HIDDEN
        self.new, self._old, self._journal = self.out / STAGING, self.place / "old", self.out / PUBLISHING
        self._lock: int | None = None
        with refused(out):
            self._made = _missing(self.out)
            try:
                self._lock = self._locked()
            except OSError:
                self._remove_made()
                raise
            self._refuse_links()
            self.new.mkdir(exist_ok=True)

    @property
    def staging(self) -> Folder:
        """Where the run's files are written."""
        return Folder(self.new)

    def clear(self) -> None:
        """Remove what a killed run has left."""
        with refused(self.out):
            for left in (self.new, self._old):
                shutil.rmtree(left, ignore_errors=True)
            self.new.mkdir(exist_ok=True)

    def refuse_other_disks(self, names: Iterable[str]) -> None:
        """Raise OutputError where a file could not be moved to its place: below a link, or on another file system."""
        disk = self.out.stat().st_dev
        for path in (self.out / name for name in names):
            wrong = "a link" if path.is_symlink() else "no folder" if path.exists() and not path.is_dir() else ""
            if not wrong and path.exists() and path.stat().st_dev != disk:
                wrong = "on another disk"
            if wrong:
                what = f"files would be written to {path.name}, which is {wrong}."
                raise OutputError(what, str(self.out), "Remove it, or choose another folder.")

    def publish(self, paths: Sequence[str], earlier: Sequence[str]) -> None:
        """Put the run's files in place of those of the earlier run, all of them or none.

        Args:
            paths: Paths of the new files, the manifest among them.
            earlier: Paths of those of the earlier run.
        """
        with refused(self.out):
            for path in (*paths, *earlier):
                _real(self.out, path)
            _flush(self.new, [*paths, *_folders(paths)])
            self._begin(paths, earlier)
            for path in sorted(earlier, key=lambda path: path != MANIFEST):  # first: without it, the rest is no run
                _move(self.out, self._old, path)
            for path in sorted(paths, key=lambda path: path == MANIFEST):  # last: with it, they are a run
                if path == MANIFEST:
                    _flush(self.out, _folders(paths))
                _move(self.new, self.out, path)
            _flush(self.out, [""])
            self._tidy(earlier)

    def recover(self) -> bool:
        """End what was interrupted while a run was put in place: the earlier run is there again, or the new one.

        Returns:
            Whether there was something to end.
        """
        with refused(self.out):
            if not self._journal.is_file():
                return False
            moved = _read(self._journal)
            if (self.new / MANIFEST).exists():
                self._move_back(moved)
            self._tidy(moved["earlier"])
            return True

    def leave(self, keep: bool = False) -> None:
        """Go, and leave nothing hidden behind; `keep` keeps what can be resumed."""
        if self._lock is None:
            return
        if not keep:
            shutil.rmtree(self.place, ignore_errors=True)
            self._remove_made()
        os.close(self._lock)
        self._lock = None

    def _refuse_links(self) -> None:
        """Raise OutputError where there is a link in the workplace: no run makes one,
        and files would be written through it."""
        for folder, folders, files in os.walk(self.place):
            for path in (Path(folder, name) for name in (*folders, *files)):
                if path.is_symlink():
                    self.leave(keep=True)
                    raise self._linked(path.relative_to(self.out))

    def _linked(self, path: Path) -> OutputError:
        return OutputError(f"holds a link, {path}.", str(self.out), "Remove it, or choose another folder.")

    def _remove_made(self) -> None:
        """Remove the folders that were not there before, as long as nothing is in them."""
        for folder in self._made:
            with suppress(OSError):
                folder.rmdir()

    def _begin(self, paths: Sequence[str], earlier: Sequence[str]) -> None:
        self._old.mkdir(exist_ok=True)
        beside = self._journal.with_suffix(".new")
        beside.write_text(json.dumps({"paths": list(paths), "earlier": list(earlier)}), encoding="utf-8")
        _flush(self.place, [beside.name])
        os.replace(beside, self._journal)
        _flush(self.place, [""])

    def _move_back(self, moved: dict[str, list[str]]) -> None:
        for path in moved["paths"]:
            if not (self.new / path).exists():
                _move(self.out, self.new, path)
        for path in sorted(moved["earlier"], key=lambda path: path == MANIFEST):
            _move(self._old, self.out, path)
        _flush(self.out, _folders(moved["earlier"]))
        _remove_empty(self.out, moved["paths"])

    def _tidy(self, earlier: Iterable[str]) -> None:
        """Drop what waited beside, then the journal: whoever dies here leaves a run that is whole."""
        _remove_empty(self.out, earlier)
        if not (self.new / MANIFEST).exists():  # published
            shutil.rmtree(self.new, ignore_errors=True)
        shutil.rmtree(self._old, ignore_errors=True)
        self._journal.unlink(missing_ok=True)

    def _locked(self) -> int:
        for _ in range(_TRIES):
            if self.place.is_symlink():
                raise self._linked(Path(HIDDEN))
            self.place.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another run has ended just now
                lock = os.open(self.place / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
                if self._holds(lock):
                    return lock
                os.close(lock)
        raise OutputError("is being written by another run.", str(self.out), "Wait for it, or choose another folder.")

    def _holds(self, lock: int) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise OutputError(
                "is being written by another run.", str(self.out), "Wait for it, or choose another folder."
            ) from None
        with suppress(FileNotFoundError):
            return os.fstat(lock).st_ino == (self.place / "lock").stat().st_ino
        return False


def _missing(out: Path) -> list[Path]:
    """The folder and those above it that are not there yet, deepest first."""
    return [folder for folder in (out, *out.parents) if not folder.exists()]


def _read(journal: Path) -> dict[str, list[str]]:
    try:
        document = parsed(journal.read_bytes())
        return {name: [own_path(path) for path in document[name]] for name in ("paths", "earlier")}
    except (ValueError, KeyError, TypeError):
        raise OutputError(
            f"holds a {HIDDEN} that is not ours.", str(journal.parents[1]), "Remove it, or choose another folder."
        ) from None


def _move(source: Path, target: Path, path: str) -> None:
    """Move a file, where it is there, through no link."""
    here = source / path
    if here.is_file() and not here.is_symlink():
        here, destination = (_real(folder, path) for folder in (source, target))
        destination.parent.mkdir(parents=True, exist_ok=True)
        os.replace(here, destination)


def _real(folder: Path, path: str) -> Path:
    """A file's path in a folder; an error where a folder on the way is a link."""
    place = folder
    for part in path.split("/")[:-1]:
        place = place / part
        if place.is_symlink():
            raise OutputError(
                f"holds a link, {place.relative_to(folder)}.", str(folder), "Remove it, or choose another folder."
            )
    return folder / path


def _flush(folder: Path, names: Iterable[str]) -> None:
    """Let files, and folders with the names in them, be on the disk itself."""
    for name in names:
        path = folder / name
        if path.exists():
            _sync(path)


def _folders(paths: Iterable[str]) -> list[str]:
    """The folders that name files and each other, deepest first; "" is the one that all lie in."""
    folders = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents}
    return [*sorted(folders - {"."}, reverse=True), ""]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_empty(out: Path, paths: Iterable[str]) -> None:
    """Remove the folders of files that are gone, as far as nothing is in them."""
    for name in _folders(paths)[:-1]:
        if not (out / name).is_symlink():
            with suppress(OSError):
                (out / name).rmdir()
