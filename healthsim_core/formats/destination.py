"""Where a format's files go: staged, counted and hashed as they are written, put in place when all is done."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import pyarrow as pa

from healthsim_core.errors import OutputError
from healthsim_core.formats.text import data


@attrs.frozen
class WrittenFile:
    """A finished file: its path below the output folder, rows (records, segments, lines), bytes and digest."""

    path: str
    rows: int
    bytes: int
    sha256: str


class OutputFile:
    """A file that is written once, from start to end."""

    def __init__(self, path: Path, name: str) -> None:
        self.name, self.rows, self.bytes = name, 0, 0
        self._path = path
        self._digest = hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("wb", buffering=1 << 20)

    def write(self, content: bytes | str | memoryview | pa.Array, rows: int | None = None) -> None:
        """Append bytes, text, or all strings of an Arrow array; `rows` defaults to the array's length, else 0."""
        if isinstance(content, pa.Array | pa.ChunkedArray):
            rows = len(content) if rows is None else rows
            content = data(content)
        raw = content.encode() if isinstance(content, str) else content
        self.rows += rows or 0
        self.bytes += len(raw)
        self._digest.update(raw)
        with refused(self.name):
            self._file.write(raw)

    def close(self) -> WrittenFile:
        """Finish the file."""
        with refused(self.name):
            self._file.close()
        return WrittenFile(self.name, self.rows, self.bytes, self._digest.hexdigest())


class Destination:
    """A format's folder. Files opened here are finished by `close`, whether or not the writer did."""

    def __init__(self, staging: Path, folder: str) -> None:
        self._staging, self._folder = staging, folder
        self._open: dict[str, OutputFile] = {}

    def open(self, name: str) -> OutputFile:
        """Start (or go on with) the file `name` of this format."""
        if name not in self._open:
            with refused(f"{self._folder}/{name}"):
                self._open[name] = OutputFile(self._staging / self._folder / name, f"{self._folder}/{name}")
        return self._open[name]

    def path(self, name: str) -> Path:
        """A path to write to for a library that writes files itself; call `adopt` when it has."""
        path = self._staging / self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def adopt(self, name: str, rows: int) -> None:
        """Count a file that a library has written to `path(name)`."""
        self._open[name] = _Adopted(self.path(name), f"{self._folder}/{name}", rows)  # type: ignore[assignment]

    def close(self) -> list[WrittenFile]:
        """Finish all files, in the order they were opened."""
        return [file.close() for file in self._open.values()]


class _Adopted:
    def __init__(self, path: Path, name: str, rows: int) -> None:
        self._path, self._name, self._rows = path, name, rows

    def close(self) -> WrittenFile:
        return adopted(self._path, self._name, self._rows)


def adopted(path: Path, name: str, rows: int) -> WrittenFile:
    """The record of a finished file that a library has written."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(name, rows, path.stat().st_size, digest)


class refused:  # noqa: N801 - reads as `with refused(name):`
    """Turn what the operating system refuses into one clear line."""

    def __init__(self, name: str | Path) -> None:
        self._name = str(name)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            remedy = "Free some space or choose another folder." if error.errno == errno.ENOSPC else "Choose another folder."
            raise OutputError(f"cannot be written: {error.strerror or error}.", self._name, remedy) from error
