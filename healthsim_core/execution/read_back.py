"""What workers say they wrote, found: every file, of its size and digest, before a manifest lists it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from healthsim_core.errors import OutputError
from healthsim_core.execution.shared import REMEDY
from healthsim_core.formats.destination import WrittenFile
from healthsim_core.formats.folder import Folder
from healthsim_core.output.manifest import HIDDEN
from healthsim_core.output.parts import PartResult

_AT_ONCE = 4
_HERE = "this process"


class ReadBack:
    """Looks for files as they are told of, and reads them in threads while further parts are made.

    Of what lies behind a URL, only sizes are compared, by one listing at the end: to read it costs what writing it did.

    Args:
        folder: Where they are.
        lasting: Whether they stay there, listed by a manifest; if not, whoever reads them is the one who finds out.
    """

    def __init__(self, folder: Folder, lasting: bool) -> None:
        self._folder, self._reads = folder, lasting and folder.local is not None
        self._threads = ThreadPoolExecutor(_AT_ONCE, "healthsim-read-back")
        self._under_way: deque[Future[None]] = deque()

    def part(self, result: PartResult) -> None:
        """Look for a part's files.

        Raises:
            OutputError: One of them, or of an earlier part, is not there, or not what was written.
        """
        if self._folder.local is None:
            return
        self._compare(_files(result), None, _who(result))
        if self._reads:
            self._read(_files(result), _who(result))
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()

    def end(self, results: Iterable[PartResult], whole: Mapping[str, Sequence[WrittenFile]]) -> None:
        """Wait for what is under way, look for the files of the whole run, and for the others once more.

        Raises:
            OutputError: One of them is not there, or not what was written.
        """
        of_run = [file for files in whole.values() for file in files]
        if self._reads:
            self._read(of_run, _HERE)
        while self._under_way:
            self._under_way.popleft().result()
        sizes = self._folder.sizes()
        self._compare(of_run, sizes, _HERE)
        for result in results:
            self._compare(_files(result), sizes, _who(result))
        self.stop()

    def stop(self) -> None:
        """Read no more."""
        self._threads.shutdown(cancel_futures=True)

    def _compare(self, files: Iterable[WrittenFile], sizes: Mapping[str, int | None] | None, who: str) -> None:
        for file in files:
            size = self._folder.size(file.path) if sizes is None else sizes.get(file.path, -1)
            if size == -1:
                raise self._wrong(file, "is missing", who)
            if size is not None and size != file.bytes:
                raise self._wrong(file, f"has {size:,} bytes of {file.bytes:,}", who)

    def _read(self, files: Iterable[WrittenFile], who: str) -> None:
        self._under_way += [self._threads.submit(self._digest, file, who) for file in files]

    def _digest(self, file: WrittenFile, who: str) -> None:
        try:
            digest = self._folder.digest(file.path)
        except OSError as error:
            raise self._wrong(file, f"cannot be read ({error.strerror or error})", who) from error
        if digest != (file.bytes, file.sha256):
            raise self._wrong(file, "does not hold what was written", who)

    def _wrong(self, file: WrittenFile, what: str, who: str) -> OutputError:
        return OutputError(
            f"{file.path} {what}; {who} wrote it.", self._folder.place.removesuffix(f"/{HIDDEN}/new"), REMEDY
        )


def _files(result: PartResult) -> list[WrittenFile]:
    return [file for files in result.files.values() for file in files]


def _who(result: PartResult) -> str:
    part = result.part
    return f"the worker of part {part.number} (people {part.start:,} to {part.stop:,}), {result.worker},"
