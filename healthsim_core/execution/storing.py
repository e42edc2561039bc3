"""A run's parts go into the database while further parts are made."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

from healthsim_core.execution.output_folder import OutputFolder
from healthsim_core.state.sink import StateSink


class Storing:
    """Stores parts in their order, each as soon as it and all before it are there, in a thread of its own.

    DuckDB works without Python's lock, so that one core stores while another generates. Parts wait in their files, not
    in memory. Use it in a `with` block: at its end everything is stored, or, where an exception ended it,
    nothing is under way any more.

    Args:
        folder: Where the parts are.
        state: The database; None where nothing is stored.
    """

    def __init__(self, folder: OutputFolder, state: StateSink | None) -> None:
        self._folder, self._state = folder, state
        self._thread = ThreadPoolExecutor(1, "healthsim-storing")
        self._given = 0
        self._under_way: deque[Future[None]] = deque()

    def go_on(self) -> None:
        """Give on what is there.

        Raises:
            StateError: The database refused what it was given before.
        """
        if self._state is None:
            return
        while self._given in self._folder.done:
            paths, rows = self._folder.table_paths(self._given), self._folder.done[self._given].rows
            self._under_way.append(self._thread.submit(self._state.write_files, self._folder.staging, paths, rows))
            self._given += 1
        while self._under_way and self._under_way[0].done():
            self._ended()

    def __enter__(self) -> Self:
        self.go_on()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        try:
            while kind is None and self._under_way:
                self._ended()
        finally:
            if self._state is not None and self._under_way:
                self._state.interrupt()
            self._thread.shutdown(cancel_futures=True)

    def _ended(self) -> None:
        self._under_way[0].result()
        self._under_way.popleft()
