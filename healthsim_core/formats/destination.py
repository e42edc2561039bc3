"""Where a format's files go: counted and hashed as they are written."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any, Self

import attrs
import pyarrow as pa

from healthsim_core.formats.characters import Characters
from healthsim_core.formats.folder import COPY, Folder, Started, refused
from healthsim_core.formats.scratch import Scratch
from healthsim_core.formats.text import data


@attrs.frozen
class WrittenFile:
    """A finished file: its path below the output folder, rows (records, segments, lines), bytes and digest; of a table,
    its values'."""

    path: str
    rows: int
    bytes: int
    sha256: str
    values: str | None = None


class OutputFile:
    """A file that is written once, from start to end.

    Args:
        folder: The output folder.
        name: The file's path in it.
        characters: Those of the format's values, whose escapes are put in; None for none.
    """

    def __init__(self, folder: Folder, name: str, characters: Characters | None = None) -> None:
        self._characters, self._discarded = characters, False
        self.name, self.rows, self.bytes, self.closed = name, 0, 0, False
        self._digest = hashlib.sha256()
        self._file: Started = folder.create(name)

    def write(self, content: bytes | str | memoryview | pa.Array, rows: int | None = None) -> None:
        """Append bytes, text, or all strings of an Arrow array; `rows` defaults to the array's length, else 0."""
        if isinstance(content, pa.Array | pa.ChunkedArray):
            rows = len(content) if rows is None else rows
            content = data(content)
        if self._discarded:  # its run has failed; a library that still holds it writes its last words into the void
            return
        raw = content.encode() if isinstance(content, str) else content
        if self._characters is not None:
            raw = self._characters.given(bytes(raw))
        self.rows += rows or 0
        self.bytes += len(raw)
        self._digest.update(raw)
        with refused(self.name):
            self._file.write(raw)

    def close(self) -> WrittenFile:
        """Finish the file."""
        with refused(self.name):
            self._file.close()
        self.closed = True
        return WrittenFile(self.name, self.rows, self.bytes, self._digest.hexdigest())

    def discard(self) -> None:
        """Drop what is not finished: the run has failed."""
        self._discarded = True
        self._file.discard()


class Destination:
    """A format's folder. Files opened here are finished by `close`, whether or not the writer did.

    Used in a `with` block, files that are not finished at its end are dropped.

    Args:
        folder: The output folder.
        name: The format's folder in it.
        part: The part of a run of several parts that the files are of; None where they are of the whole run.
        characters: Those of the format's values; None for none.

    Attributes:
        part: The part's number from 0; 0 where files are of the whole run. What must be distinct over a run, such as a
            control number, is told apart by it.
    """

    def __init__(
        self, folder: Folder | Path, name: str, part: int | None = None, characters: Characters | None = None
    ) -> None:
        self.part, self._characters = part or 0, characters
        self._out = folder if isinstance(folder, Folder) else Folder(folder)
        self._name, self._cut = name, part is not None
        self._open: dict[str, OutputFile] = {}
        self._beside: Scratch | tempfile.TemporaryDirectory[str] | None = None

    def open(self, name: str) -> OutputFile:
        """Start (or go on with) the file `name` of this format."""
        if name not in self._open:
            path = f"{self._name}/{part_name(name, self.part) if self._cut else name}"
            self._open[name] = OutputFile(self._out, path, self._characters)
        return self._open[name]

    def path(self, name: str) -> Path:
        """A path on this machine for what is put by until the end,
        or for a library that writes files itself (see `adopt`)."""
        if self._beside is None:
            self._beside = Scratch() if self._out.local is None else _beside(self._out.local)
        path = Path(self._beside.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def adopt(self, name: str, rows: int) -> None:
        """Take a file that a library has written to `path(name)`."""
        target = self.open(name)
        with self.path(name).open("rb") as file:
            while block := file.read(COPY):
                target.write(block)
        target.rows = rows

    def close(self) -> list[WrittenFile]:
        """Finish all files, in the order they were opened."""
        if self._beside:
            self._beside.cleanup()
        return [file.close() for file in self._open.values()]

    def discard(self) -> None:
        """Drop what is not finished: the run has failed."""
        for file in self._open.values():
            file.discard()
        if self._beside:
            self._beside.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def _beside(out: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder on the disk that has to hold the files anyhow."""
    out.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".healthsim-", dir=out, ignore_cleanup_errors=True)


def part_name(name: str, part: int) -> str:
    """The name of a part of a file: `Patient.ndjson` of part 3 is `Patient/part-00003.ndjson`."""
    path = PurePosixPath(name)
    return str(path.with_name(path.stem) / f"part-{part:05d}{path.suffix}")


def as_document(files: list[WrittenFile]) -> list[dict[str, Any]]:
    """Finished files as plain JSON."""
    return [attrs.asdict(file) for file in files]
