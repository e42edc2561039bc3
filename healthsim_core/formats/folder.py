"""A folder on this machine or behind an fsspec URL; a file in it is there whole, or not at all."""

from __future__ import annotations

import errno
import functools
import hashlib
import io
import itertools
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import attrs

from healthsim_core.errors import OutputError
from healthsim_core.formats.store import Store

COPY = 1 << 20  # bytes read at a time
_GATHERED = 1 << 16  # bytes of small writes put together; what is larger is written from where it lies
MEMORY = "memory://"
_COUNT = itertools.count()  # of the files that this process has begun


class Started(Protocol):
    """A file that is being written."""

    def write(self, content: bytes | memoryview, /) -> int:
        """Append bytes."""

    def close(self) -> None:
        """Finish it: from now on it has its name."""

    def discard(self) -> None:
        """Drop it: it never has its name. One that is closed already stays."""


def _placed(place: str | Path) -> str:
    text = str(place)
    if text.startswith(("file://", "local://")):
        return os.path.abspath(text.split("://", 1)[1])
    return text.rstrip("/") if "://" in text else os.path.abspath(text)


@attrs.frozen(slots=False)
class Folder:
    """Where files lie; it can be sent to another process, or to another machine that reaches the same place.

    Attributes:
        place: An absolute path, or an fsspec URL; `file://` is a path.
    """

    place: str = attrs.field(converter=_placed)

    @property
    def local(self) -> Path | None:
        """The path, where it is on this machine."""
        return None if "://" in self.place else Path(self.place)

    def of(self, path: str) -> str:
        """The path or URL of a file in it."""
        return f"{self.place}/{path}"

    def create(self, path: str) -> Started:
        """Start a file; it has its name when it is closed."""
        if self.local is not None:
            return _Unfinished(self.local / path)
        return self._store.create(path)

    def open(self, path: str) -> BinaryIO:
        """A file, to be read."""
        if self.local is not None:
            return (self.local / path).open("rb")
        return self._store.open(path)

    def copy(self, paths: Iterable[str], here: Path) -> None:
        """Copy files into a folder on this machine."""
        for path in paths:
            (here / path).parent.mkdir(parents=True, exist_ok=True)
            with self.open(path) as file, (here / path).open("wb") as copied:
                shutil.copyfileobj(file, copied, COPY)

    def read(self, path: str) -> bytes:
        """What a file holds."""
        with self.open(path) as file:
            return file.read()

    def read_json(self, path: str) -> Any:
        """What a JSON file holds, whoever wrote it.

        Raises:
            ValueError: It is no JSON.
        """
        return parsed(self.read(path))

    def write(self, path: str, content: bytes) -> None:
        """Write a whole file."""
        with refused(path):
            file = self.create(path)
            try:
                file.write(content)
                file.close()
            finally:
                file.discard()

    def paths(self) -> list[str]:
        """All files in it and below, in order; none where it does not exist."""
        if self.local is not None:
            return sorted(path.relative_to(self.local).as_posix() for path in self.local.rglob("*") if path.is_file())
        return self._store.paths()

    def sizes(self) -> dict[str, int | None]:
        """Bytes of all files in it and below; None where a store does not say."""
        if self.local is not None:
            return {path: (self.local / path).stat().st_size for path in self.paths()}
        return self._store.sizes()

    def size(self, path: str) -> int:
        """Bytes of a file of this machine; -1 where it is not there."""
        assert self.local is not None
        file = self.local / path
        return file.stat().st_size if file.is_file() else -1

    def holds(self, path: str) -> bool:
        """Whether a file is there."""
        if self.local is not None:
            return os.path.isfile(self.local / path)  # False too for a name that no file can have
        return self._store.holds(path)

    def digest(self, path: str) -> tuple[int, str]:
        """Bytes and SHA-256 of a file."""
        digest, size = hashlib.sha256(), 0
        with self.open(path) as file:
            for block in iter(functools.partial(file.read, COPY), b""):
                digest.update(block)
                size += len(block)
        return size, digest.hexdigest()

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; those that are not there are gone already."""
        if self.local is None:
            self._store.remove(paths)
            return
        for path in paths:
            (self.local / path).unlink(missing_ok=True)

    def files(self) -> Any:
        """The folder as a file system of Arrow's, whose paths are those in it."""
        from pyarrow.fs import FSSpecHandler, LocalFileSystem, PyFileSystem, SubTreeFileSystem

        if self.local is not None:
            return SubTreeFileSystem(str(self.local), LocalFileSystem())
        return SubTreeFileSystem(self._store.root, PyFileSystem(FSSpecHandler(self._store.files)))

    def register(self, connection: Any) -> None:
        """Let a DuckDB connection read `of(path)`."""
        protocol = self.place.split("://")[0]
        if self.local is None and not connection.filesystem_is_registered(protocol):
            connection.register_filesystem(self._store.files)

    @functools.cached_property
    def _store(self) -> Store:
        return Store(self.place)

    def __getstate__(self) -> str:
        return self.place  # a connection stays where it was opened

    def __setstate__(self, place: str) -> None:
        object.__setattr__(self, "place", place)


class _Unfinished:
    """A file beside its place, put there by `close` alone: one whose run failed is dropped, whoever still holds it."""

    def __init__(self, path: Path) -> None:
        self._path, self._beside = path, path.with_name(f".{path.name}.{os.getpid()}-{next(_COUNT)}")  # no later run's
        with refused(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = io.BufferedWriter(io.FileIO(self._beside, "xb"), _GATHERED)
        self.write = self._file.write

    def close(self) -> None:
        if not self._file.closed:
            self._file.close()
            os.replace(self._beside, self._path)

    def discard(self) -> None:
        if not self._file.closed:
            with suppress(OSError):  # a full disk has no room for what waits
                self._file.close()
            with suppress(OSError):
                self._beside.unlink()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.discard()


def parsed(content: bytes) -> Any:
    """The JSON that bytes hold.

    Raises:
        ValueError: They are no JSON.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("it has too many levels") from None


def own_path(path: Any) -> str:
    """The path of a file in a folder, as it is; what leads out of the folder is none.

    Raises:
        ValueError: It is no text, absolute, empty, or goes up, on any operating system: Windows has drives,
            and drops dots and blanks.
    """
    if (
        not isinstance(path, str)
        or not path.isprintable()
        or any(part == "" or part[-1] in ". " for part in path.split("/"))
    ):
        raise ValueError(f"{path!r:.80} is not in the folder")
    if "\\" in path or ":" in path:
        raise ValueError(f"{path!r:.80} is not in the folder")
    return path


@contextmanager
def refused(name: str | Path) -> Iterator[None]:
    """Turn what the operating system refuses into one clear line."""
    try:
        yield
    except OSError as error:
        remedy = (
            "Free some space or choose another folder." if error.errno == errno.ENOSPC else "Choose another folder."
        )
        raise OutputError(f"cannot be written: {error.strerror or error}.", str(name), remedy) from error
