"""Parts on this machine: in this process, or in several."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from multiprocessing import connection
from typing import Any

import attrs

from healthsim_core.allocation import keep_freed_memory
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.executors import died
from healthsim_core.execution.worker import Report, make_part
from healthsim_core.output.parts import Job, Part, PartResult

TRIES = 3  # deaths without another process having finished a part in between
LOOK = 0.2  # seconds between two looks at other processes, where there is nothing else to do
STOPPED = 10.0  # seconds for which a process may be stopped (SIGSTOP, Ctrl-Z) until its parts are made elsewhere
_BLINK = 1.0  # what counts of the time between two looks: this process may have been stopped together with the others


@attrs.frozen
class Local:
    """Runs parts in this process, or in `workers` processes of which this is one."""

    workers: int

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part: this process works while others start, and whoever is free takes the next one."""
        if self.workers == 1 or len(parts) < 2:
            yield from (make_part(job, part, report) for part in parts)
            return
        if multiprocessing.parent_process() is not None:
            what, remedy = "workers were asked for within a worker.", 'Put the call below `if __name__ == "__main__":`.'
            raise HealthSimError(what, "workers", remedy)
        with _Others(min(self.workers, len(parts)) - 1, job, parts, report) as others:
            for _ in parts:
                part = None if others.finished else others.next_part()
                yield make_part(job, part, others.told) if part is not None else others.result()


EXECUTOR = Local


class _Other:
    """Another process, the parts that it has been given, and the way to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.way, far_end = context.Pipe()
        self.process = context.Process(target=_work, args=(far_end,), daemon=True)
        self.process.start()
        far_end.close()  # so that its death is the end of the way
        self.ready = False
        self.parts: deque[Part] = deque()
        self._stopped = 0.0  # seconds

    def give(self, part: Part) -> None:
        self.parts.append(part)
        self.way.send(part)

    def stopped(self, seconds: float) -> bool:
        """Whether it has been stopped for too long, `seconds` after the last look. A slow one is not,
        nor one that waits for a disk."""
        assert self.process.pid is not None
        with suppress(ChildProcessError):  # it is dead, which its way says too
            is_now = os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
            self._stopped = self._stopped + min(seconds, _BLINK) if is_now else 0.0
        return self._stopped > STOPPED

    def end(self) -> None:
        self.process.kill()  # one that is stopped hears nothing else
        self.process.join()
        self.way.close()


class _Others:
    """Other processes that take one part after the other from those that are left."""

    def __init__(self, count: int, job: Job, parts: Sequence[Part], report: Report) -> None:
        self._count, self._job, self._report = count, job, report
        self._left, self._deaths = deque(parts), 0
        self._results: deque[PartResult] = deque()
        self._others: list[_Other] = []
        self._looked = time.monotonic()

    def __enter__(self) -> _Others:
        self._others += [_Other() for _ in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        for other in self._others:
            other.end()

    @property
    def finished(self) -> bool:
        """Whether another process has finished a part of which nobody was told."""
        return bool(self._results)

    def next_part(self) -> Part | None:
        """A part that nobody has begun; whoever asks makes it."""
        return self._left.popleft() if self._left else None

    def told(self, part: int, units: int) -> None:
        """Tell how far a part of this process is, and see to the others."""
        self._report(part, units)
        self._look(0)

    def result(self) -> PartResult:
        """The next part that another process finishes.

        Raises:
            HealthSimError: Processes die again and again, or what one of them raised.
        """
        while not self._results:
            self._look(LOOK)
        return self._results.popleft()

    def _look(self, seconds: float) -> None:
        by_way = {other.way: other for other in self._others}
        for way in connection.wait([*by_way], seconds):
            other = by_way[way]  # type: ignore[index]
            try:
                self._hear(other, other.way.recv())
                self._give(other)
            except (EOFError, ConnectionError):
                self._replace(other)
        self._end_stopped()

    def _end_stopped(self) -> None:
        now = time.monotonic()
        since, self._looked = now - self._looked, now
        for other in [worker for worker in self._others if worker.stopped(since)]:
            self._replace(other)

    def _hear(self, other: _Other, message: Any) -> None:
        if message is None:
            other.way.send(self._job)
            other.ready = True
        elif isinstance(message, BaseException):
            raise message
        elif isinstance(message, PartResult):
            other.parts.remove(message.part)
            self._results.append(message)
            self._deaths = 0
        else:
            self._report(*message)

    def _give(self, other: _Other) -> None:
        """A part ahead, so that it need not wait for this process; near the end none, so that all end together."""
        ahead = 2 if len(self._left) > self._count else 1
        while other.ready and self._left and len(other.parts) < ahead:
            other.give(self._left.popleft())

    def _replace(self, dead: _Other) -> None:
        self._deaths += 1
        self._left.extendleft(reversed(dead.parts))
        self._others.remove(dead)
        dead.end()
        if self._left and self._deaths == TRIES:
            raise died(self._left[0], TRIES)
        if self._left:
            self._others.append(_Other())


def _work(way: connection.Connection) -> None:
    """Make the parts that come, and say how far they are; None says that this process is ready for its job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the process that ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_freed_memory()
    way.send(None)
    job: Job = way.recv()
    while True:
        part: Part = way.recv()
        try:
            message: Any = make_part(job, part, lambda number, units: way.send((number, units)))
        except Exception as error:
            message = _sendable(error)
        way.send(message)


def _sendable(error: Exception) -> Exception:
    """The error, or what it says where it cannot be taken to another process; with where it came from."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(traceback.format_exc())
    return error


def _end_with_parent() -> None:
    """A worker whose parent was killed must not go on writing into a folder that somebody else may take."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
