"""Parts on this machine: in this process, or in several."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any

import attrs

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
    """Runs parts in this process, or in `workers` processes."""

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
                for result in self._pooled(job, tuple(waiting.values()), report):
                    del waiting[result.part.number]
                    tries = 0
                    yield result
            except BrokenProcessPool as error:
                tries += 1
                if tries == TRIES:
                    raise died(next(iter(waiting.values())), TRIES) from error

    def _pooled(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        context = multiprocessing.get_context("spawn")
        done = context.RawArray("q", max(part.number for part in parts) + 1)  # no lock that a dying worker could hold
        pool = ProcessPoolExecutor(min(self.workers, len(parts)), mp_context=context, initializer=_prepare, initargs=(job, done))
        try:
            pending: set[Future[PartResult]] = {pool.submit(_make, part) for part in parts}
            while pending:
                finished, pending = wait(pending, LOOK, FIRST_COMPLETED)
                for part in parts:
                    if done[part.number]:
                        report(part.number, done[part.number])
                for future in finished:
                    yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


EXECUTOR = Local


def _prepare(job: Job, done: Any) -> None:
    global _job, _done
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
