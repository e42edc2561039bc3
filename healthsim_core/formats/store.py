"""A place behind an fsspec URL: an object store, through the driver that the user has installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from healthsim_core.errors import HealthSimError, OutputError, unknown

_AT_ONCE = 16  # removals under way; a store answers each in some ten milliseconds
_ASK = "See that the place exists, and that the driver's keys may write there."


class Store:
    """Files behind a URL; every method tells what the driver refuses in one line.

    Args:
        url: The URL of a folder.

    Raises:
        OutputError: There is no driver of such URLs, or it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        self._url = url
        with _told(url, "reached"):
            if (protocol := url.split("://")[0]) not in fsspec.available_protocols():
                raise unknown("fsspec protocol", protocol, fsspec.available_protocols(), "out")
            try:
                self.files, root = fsspec.core.url_to_fs(url)
            except ImportError as error:
                raise OutputError(f"cannot be reached: {_in_a_line(error)}.", url, _driver(protocol)) from error
            self.root = str(root).rstrip("/")

    def create(self, path: str) -> Sent:
        """Start a file; it is there when it is closed."""
        with _told(self._of(path), "written"):
            return Sent(self.files.open(self._at(path), "wb"), self._of(path))

    def open(self, path: str) -> BinaryIO:
        """A file, to be read.

        Raises:
            FileNotFoundError: It is not there.
        """
        with _told(self._of(path), "read", FileNotFoundError):
            opened: BinaryIO = self.files.open(self._at(path), "rb")
            return opened

    def paths(self) -> list[str]:
        """All files below it, in order; none where it does not exist."""
        return sorted(self.sizes())

    def sizes(self) -> dict[str, int | None]:
        """Bytes of all files below it, as far as the driver says; none where it does not exist."""
        with _told(self._url, "read"), suppress(FileNotFoundError):
            self.files.invalidate_cache()  # other processes write there
            entries = self.files.find(self.root, detail=True).items()
            below = {name.removeprefix(self.root).lstrip("/"): told.get("size") for name, told in entries}
            # an object of the folder's own name stands for an empty folder
            return {path: size for path, size in below.items() if path}
        return {}

    def holds(self, path: str) -> bool:
        """Whether a file is there."""
        with _told(self._of(path), "read"):
            self.files.invalidate_cache()
            return bool(self.files.exists(self._at(path)))

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, in no order; those that are not there are gone already."""
        present = set(self.paths())
        gone = [path for path in paths if path in present]
        with ThreadPoolExecutor(_AT_ONCE if getattr(self.files, "async_impl", False) else 1) as pool:
            list(pool.map(self._remove, gone))

    def _remove(self, path: str) -> None:
        with _told(self._of(path), "removed"), suppress(FileNotFoundError):
            self.files.rm_file(self._at(path))

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _of(self, path: str) -> str:
        return f"{self._url}/{path}"


class Sent:
    """A file on its way; one that is never closed, because its run failed, is never there:
    drivers would send what they have of it.

    Args:
        file: The driver's file.
        name: Its URL.
    """

    def __init__(self, file: Any, name: str) -> None:
        self._file, self._name, self._ended = file, name, False

    def write(self, content: bytes | memoryview) -> int:
        """Append bytes."""
        with _told(self._name, "written"):
            return int(self._file.write(content))

    def close(self) -> None:
        """Put it there."""
        with _told(self._name, "written"):
            self._file.close()
        self._ended = True

    def discard(self) -> None:
        """Let it never be there; one that is closed already stays."""
        if self._ended:
            return
        self._ended = True
        if not sys.is_finalizing():  # then, no thread of the driver answers any more
            with suppress(Exception):
                self._file.discard()
        with suppress(Exception):
            self._file.closed = True

    def __del__(self) -> None:
        self.discard()


@contextmanager
def _told(name: str, what: str, *but: type[Exception]) -> Iterator[None]:
    """Turn whatever a driver raises, each its own kind, into one clear line."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (HealthSimError, *but)):
            raise
        raise OutputError(f"cannot be {what}: {_in_a_line(error)}.", name, _ASK) from error


def _in_a_line(error: Exception) -> str:
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = next(filter(None, map(str.strip, message.splitlines())), type(error).__name__).rstrip(".")[:300]
    # then, all it says is a path
    return f"there is no {line}" if isinstance(error, FileNotFoundError) and not error.strerror else line


def _driver(protocol: str) -> str:
    """What to install, by fsspec's own list."""
    from fsspec.registry import known_implementations

    package = str(known_implementations.get(protocol, {}).get("class", "fsspec")).split(".")[0]
    return f"pip install {package}" if package != "fsspec" else "Install what fsspec says it needs."
