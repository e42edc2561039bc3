"""Chunks on this machine: in this process, or in several, in order either way."""

from __future__ import annotations

import collections
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.generation.chunk import Chunk, run_chunk
from healthsim_core.generation.plan import Plan, compile_plan
from healthsim_core.generation.request import Request
from healthsim_core.reference.stored import Facts

AHEAD = 2  # chunks a worker may be ahead of the one that is written
TRIES = 3  # of a chunk whose worker died

_plan: Plan | None = None


def local_chunks(plan: Plan, spans: Iterable[tuple[int, int]], workers: int = 1) -> Iterator[Chunk]:
    """The chunks in order of `spans`, made by `workers` processes."""
    if workers <= 1:
        yield from (run_chunk(plan, start, stop) for start, stop in spans)
        return
    if multiprocessing.parent_process() is not None:
        what, remedy = "workers were asked for within a worker.", 'Put the call below `if __name__ == "__main__":`.'
        raise HealthSimError(what, "workers", remedy)
    waiting, tries = collections.deque(spans), 0
    while waiting:
        try:
            for chunk in _pooled(plan, tuple(waiting), workers):
                waiting.popleft()
                tries = 0
                yield chunk
        except BrokenProcessPool as error:
            tries += 1
            if tries == TRIES:
                what = f"the worker of people {waiting[0][0]:,} to {waiting[0][1]:,} died {TRIES} times."
                raise HealthSimError(
                    what, "workers", 'Is memory short? Try fewer workers. In a script, put the call below `if __name__ == "__main__":`.'
                ) from error


def _pooled(plan: Plan, spans: tuple[tuple[int, int], ...], workers: int) -> Iterator[Chunk]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(plan.request.document(), plan.facts))
    pending: collections.deque[Future[Chunk]] = collections.deque()
    left = iter(spans)
    try:
        for span in left:
            pending.append(pool.submit(_make, span))
            if len(pending) >= workers * AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _prepare(document: Mapping[str, Any], facts: Facts) -> None:
    global _plan
    _plan = compile_plan(Request.from_document(document), default_catalog(), facts)


def _make(span: tuple[int, int]) -> Chunk:
    assert _plan is not None
    return run_chunk(_plan, *span)
