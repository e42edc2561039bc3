"""One measurement in a process of its own: `python measured.py KIND ARGUMENTS... FOLDER` prints it as JSON.

Times are those of generating and writing, after the plan is compiled; what compiling costs, start-up shows.
"""

from __future__ import annotations

# ruff: noqa: E402
from healthsim_core.allocation import keep_freed_memory

keep_freed_memory()  # as the command line does, before Arrow is imported

import json
import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import loop
from cases import BINARY, SINKS, THOUSAND, made_of, request
from rates import Spent, chunks, loop_nodes, rate_of_units, raw_write, read_back, write_format

from healthsim_core.catalog import default_catalog
from healthsim_core.execution.run import Options, run_plan
from healthsim_core.generator import make_plan
from healthsim_core.verification.verify import verify_folder

TRIES = 3  # of a format: another process can only slow one down


def measured_loop(people: str, folder: str) -> dict[str, Any]:
    """The loop, making as many events of each kind as the plan does."""
    nodes = loop_nodes()
    spent = Spent.by(lambda: loop.people(int(people), nodes))
    return {
        "people": int(people),
        "events": spent.result,
        "people_s": int(people) / spent.cpu,
        "events_s": spent.result / spent.cpu,
    }


def measured_run(work: str, sink: str, people: str, folder: str) -> dict[str, Any]:
    """One run into one sink; rates are by CPU second."""
    plan = make_plan(**request(work), count=int(people))
    base = _peak_mb()
    if sink == "memory":
        spent = Spent.by(lambda: sum(chunk.tables["core.event"].num_rows for chunk in chunks(plan)))
    else:
        options = (
            Options(persist=True, cohort="bench")
            if sink == "duckdb"
            else Options(out=Path(folder, "out"), workers=2 if sink == SINKS[2] else 1)
        )
        spent = Spent.by(lambda: run_plan(plan, options).rows["core.event"])
    rates = {"people_s": int(people) / spent.cpu, "events_s": spent.result / spent.cpu}
    return {
        "work": work, "sink": sink, "people": int(people), "events": spent.result, "wall_s": spent.wall,
        "cpu_s": spent.cpu, **rates,
        "base_mb": base, "peak_mb": _peak_mb(),
    }  # fmt: skip


def measured_format(name: str, people: str, folder: str) -> dict[str, Any]:
    """One format's writer over every chunk, against writing and hashing the bytes it wrote:
    of both the least of some tries."""
    plan = make_plan(*made_of(name), count=int(people), formats=[name])
    base = _peak_mb()
    written = min((write_format(plan, Path(folder)) for _ in range(TRIES)), key=lambda one: one.cpu)
    raw = min(raw_write(written.paths) for _ in range(TRIES))
    size = sum(path.stat().st_size for path in written.paths)
    rates = {"mb_s": size / 1e6 / written.cpu, "of_raw": raw / written.cpu, **rate_of_units(name, written)}
    return {
        "format": name,
        "people": int(people),
        "mb": size / 1e6,
        "cpu_s": written.cpu,
        **rates,
        "base_mb": base,
        "peak_mb": _peak_mb(),
    }


def measured_reading(name: str, people: str, folder: str) -> dict[str, Any]:
    """A format read back, against writing it; and all of `verify`, against the whole run:
    of each the least of some tries.

    The memory is that of `verify` alone: another process makes the run.
    """
    out, tries = Path(folder, "out"), TRIES if int(people) < 10 * THOUSAND else 1
    maker = multiprocessing.get_context("spawn").Process(target=_made, args=(name, int(people), out))
    maker.start()
    maker.join()
    base = _peak_mb(resource.RUSAGE_SELF)
    verify_folder(out)
    peak = _peak_mb(resource.RUSAGE_SELF)
    plan = make_plan(*made_of(name), count=int(people), formats=[name])
    written = min(write_format(plan, Path(folder, "written")).cpu for _ in range(tries))
    read = read_back(lambda: make_plan(*made_of(name), count=int(people), formats=[name]), out, tries)
    return {
        "format": name, "people": int(people), "read_s": read.format, "over_writing": read.format / written,
        "over_run": read.whole / read.run, "base_mb": base, "peak_mb": peak,
    }  # fmt: skip


def _made(name: str, people: int, out: Path) -> None:
    run_plan(make_plan(*made_of(name), count=people, formats=[name]), Options(out=out))


def text_formats(folder: str) -> dict[str, Any]:
    """Names of every text format that is installed."""
    return {"formats": [name for name in default_catalog().formats if name not in BINARY]}


def versions(folder: str) -> dict[str, Any]:
    """Versions of what is measured."""
    import duckdb
    import numpy
    import pyarrow

    from healthsim_core import __version__

    return {
        "healthsim-core": __version__,
        "numpy": numpy.__version__,
        "pyarrow": pyarrow.__version__,
        "duckdb": duckdb.__version__,
    }


def _peak_mb(*whose: int) -> float:
    """Peak memory of this process, or of the largest of its workers; of one of them where that is said."""
    return (
        max(resource.getrusage(who).ru_maxrss for who in whose or (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        / 1024
    )


KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "loop": measured_loop, "run": measured_run, "format": measured_format, "reading": measured_reading,
    "formats": text_formats,
    "versions": versions,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(KINDS[sys.argv[1]](*sys.argv[2:])))
