"""One measurement in a process of its own: `python measured.py WHAT PEOPLE FOLDER` prints it as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import loop
import pyarrow as pa
from bench import JOURNEY, PROFILE, node_shares

from healthsim_core.execution.run import Options, run_plan
from healthsim_core.generation.chunk import run_chunk
from healthsim_core.generation.memory import spans
from healthsim_core.generation.plan import Plan
from healthsim_core.generator import make_plan


def main(what: str, count: int, scratch: str) -> None:
    """Measure one thing and print it."""
    measure = {"loop": looped, "timeline": timeline, "records": records, "parquet": parquet, "duckdb": duckdb}[what]
    cpu, events = measure(count, scratch)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"what": what, "people": count, "events": events, "cpu": cpu, "people_s": count / cpu, "events_s": events / cpu, "peak_mb": peak}
    print(json.dumps(row))


def looped(count: int, scratch: str) -> tuple[float, int]:
    """The loop, making as many events of each kind as the plan does."""
    sample = run_chunk(make_plan(PROFILE, JOURNEY, count=200, products=[]), 0, 200).tables["core.event"]
    nodes = node_shares(list(zip(sample["event_type"].to_pylist(), sample["node"].to_pylist(), strict=True)), 200)
    started = time.process_time()
    events = loop.people(count, nodes)
    return time.process_time() - started, events


def timeline(count: int, scratch: str) -> tuple[float, int]:
    """People and what happens to them, in memory, chunk by chunk."""
    return _chunks(make_plan(PROFILE, JOURNEY, count=count, products=[]))


def records(count: int, scratch: str) -> tuple[float, int]:
    """The same, with the records of all products."""
    return _chunks(make_plan(PROFILE, JOURNEY, count=count))


def parquet(count: int, scratch: str) -> tuple[float, int]:
    """The same, to Parquet."""
    return _run(count, Options(out=Path(scratch, "out")))


def duckdb(count: int, scratch: str) -> tuple[float, int]:
    """The same, to the database."""
    return _run(count, Options(persist=True, cohort="bench"))


def chunks_of(plan: Plan) -> list[dict[str, pa.Table]]:
    """The tables of every chunk, the run's among them."""
    return [{**plan.run_tables, **run_chunk(plan, *span).tables} for span in spans(plan)]


def _chunks(plan: Plan) -> tuple[float, int]:
    assert plan.run_tables is not None
    started, events = time.process_time(), 0
    for span in spans(plan):
        events += run_chunk(plan, *span).tables["core.event"].num_rows
    return time.process_time() - started, events


def _run(count: int, options: Options) -> tuple[float, int]:
    plan: Any = make_plan(PROFILE, JOURNEY, count=count)
    started = time.process_time()
    result = run_plan(plan, options)
    return time.process_time() - started, result.rows["core.event"]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
