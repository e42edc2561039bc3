"""Parts on this machine: in this process, or in several."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import connection
from typing import Any

import attrs

from healthsim_core.allocation import keep_freed_memory
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.executors import died
from healthsim_core.execution.parts import Job, Part, PartResult
from healthsim_core.execution.worker import Report, make_part

TRIES = 3  # without a part being finished in between
LOOK = 0.2  # seconds between two looks at how far workers are

_job: Job | None = None
_done: Any = None


@attrs.frozen
class Local:
    """Runs parts in this process, or in `workers` processes of which this is one."""

    workers: int

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part."""
        if self.workers == 1 or len(parts) < 2:
            yield from (make_part(job, part, report) for part in parts)
            return
        if multiprocessing.parent_process() is not None:
            what, remedy = "workers were asked for within a worker.", 'Put the call below `if __name__ == "__main__":`.'
            raise HealthSimError(what, "workers", remedy)
        yield from self._tried(job, parts, report)

    def _tried(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        waiting, tries = {part.number: part for part in parts}, 0
        while waiting:
            try:
                for result in self._shared(job, tuple(waiting.values()), report):
                    del waiting[result.part.number]
                    tries = 0
                    yield result
            except BrokenProcessPool as error:
                tries += 1
                if tries == TRIES:
                    raise died(next(iter(waiting.values())), TRIES) from error

    def _shared(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """By this process and `workers` - 1 others: it works while they start, and whoever is free takes the next part."""
        with _Others(min(self.workers, len(parts)) - 1, job, parts, report) as others:
            for _ in parts:
                part = None if others.finished else others.next_part()
                yield make_part(job, part, others.told) if part is not None else others.result()


class _Others:
    """Processes that take one part after the other from those that are left."""

    def __init__(self, workers: int, job: Job, parts: Sequence[Part], report: Report) -> None:
        context = multiprocessing.get_context("spawn")
        self._report, self._parts, self._left = report, parts, deque(parts)
        self._done = context.RawArray("q", max(part.number for part in parts) + 1)  # no lock that a dying worker could hold
        self._finished: queue.SimpleQueue[Future[PartResult]] = queue.SimpleQueue()
        self._pool = ProcessPoolExecutor(workers, context, _prepare, (job, self._done))
        for _ in range(workers):
            self._begin()

    def __enter__(self) -> _Others:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def finished(self) -> bool:
        """Whether another process has finished a part of which nobody was told."""
        return not self._finished.empty()

    def next_part(self) -> Part | None:
        """A part that nobody has begun; whoever asks makes it."""
        with suppress(IndexError):
            return self._left.popleft()
        return None

    def told(self, part: int, units: int) -> None:
        """Tell how far a part of this process is, and those of others."""
        self._report(part, units)
        self._look()

    def result(self) -> PartResult:
        """The next that another process has finished.

        Raises:
            BrokenProcessPool: One of them died.
        """
        while True:
            self._look()
            with suppress(queue.Empty):
                return self._finished.get(timeout=LOOK).result()

    def _begin(self) -> None:
        part = self.next_part()
        if part is not None:
            self._pool.submit(_make, part).add_done_callback(self._ended)

    def _ended(self, future: Future[PartResult]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._begin()
        self._finished.put(future)

    def _look(self) -> None:
        for part in self._parts:
            if self._done[part.number]:
                self._report(part.number, self._done[part.number])


EXECUTOR = Local


def _prepare(job: Job, done: Any) -> None:
    global _job, _done
    keep_freed_memory()
    _job, _done = job, done
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed must not go on writing into a folder that somebody else may take."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _make(part: Part) -> PartResult:
    assert _job is not None
    return make_part(_job, part, _report)


def _report(part: int, units: int) -> None:
    _done[part] = units
