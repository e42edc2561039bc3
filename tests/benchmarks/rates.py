"""Measures that the benchmark and the regression check share, all by CPU time: a loaded machine changes them little."""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cases import JOURNEY, PROFILE, UNITS

from healthsim_core.catalog import default_catalog
from healthsim_core.execution.run import Options, run_plan
from healthsim_core.formats.destination import Destination
from healthsim_core.formats.folder import Folder
from healthsim_core.generation.chunk import Chunk, run_chunk
from healthsim_core.generation.memory import spans, units_a_chunk
from healthsim_core.generator import make_plan
from healthsim_core.output.manifest import read_manifest
from healthsim_core.output.parts import TABLES
from healthsim_core.output.stored import StoredTables
from healthsim_core.planning.plan import Plan
from healthsim_core.verification.finding import Finding
from healthsim_core.verification.verify import format_findings, verify_folder


class Spent(NamedTuple):
    """Seconds that a piece of work took, by the wall and on the processors (its workers' too), and what it returned."""

    wall: float
    cpu: float
    result: Any

    @classmethod
    def by(cls, work: Callable[[], Any]) -> Spent:
        """Do the work and time it."""
        wall, cpu = time.perf_counter(), _cpu()
        result = work()
        wall = time.perf_counter() - wall
        for worker in multiprocessing.active_children():  # their time counts when they have ended
            worker.join()
        return cls(wall, _cpu() - cpu, result)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def chunks(plan: Plan, units: int | None = None) -> Iterator[Chunk]:
    """Every chunk of a plan, made here; `units` households each, None for as many as a run takes."""
    return (run_chunk(plan, *span) for span in spans(0, plan.request.count, units or units_a_chunk(plan)))


def loop_nodes() -> list[tuple[str, str, float]]:
    """What the loop makes: every node of a run, and how often a person has it."""
    sample = run_chunk(make_plan(PROFILE, JOURNEY, count=200, products=[]), 0, 200).tables["core.event"]
    counted = Counter(zip(sample["event_type"].to_pylist(), sample["node"].to_pylist(), strict=True))
    return [(kind, node, times / 200) for (kind, node), times in sorted(counted.items())]


class Written(NamedTuple):
    """What a format's writer wrote: CPU seconds, files, and rows of them."""

    cpu: float
    paths: list[Path]
    rows: int


def write_format(plan: Plan, folder: Path, units: int | None = None) -> Written:
    """Write the one format of a plan; only the writer's work is timed, not the chunks'."""
    (offer,) = plan.formats
    destination = Destination(folder, offer.name)
    writer = offer.writer(destination, plan.run)
    cpu = 0.0
    for chunk in chunks(plan, units):
        tables = {**chunk.run_tables, **chunk.tables}
        given = {name: tables[name] for name in (*offer.needs, *offer.wants) if name in tables}
        cpu += Spent.by(lambda given=given: writer.write(given)).cpu
    closed = Spent.by(lambda: (writer.close(), destination.close())[1])
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return Written(cpu + closed.cpu, paths, sum(file.rows for file in closed.result))


class ReadBack(NamedTuple):
    """CPU seconds of a run of one format, from its compilation on, and of what `verify` makes of it.

    Attributes:
        run: The run, its tables and the format.
        format: Reading the format back, and comparing.
        whole: All of `verify`.
    """

    run: float
    format: float
    whole: float


def read_back(make: Callable[[], Plan], out: Path, tries: int) -> ReadBack:
    """Run a plan and read it back: of each the least of some tries."""
    runs = [Spent.by(lambda: run_plan(make(), Options(out=out, overwrite=True))).cpu for _ in range(tries)]
    folder, offers = Folder(out), default_catalog()
    listed = read_manifest(folder)
    stored = StoredTables(folder, (file["path"] for file in listed["files"] if file["format"] == TABLES))
    (name,) = {file["format"] for file in listed["files"]} - {TABLES}
    formats = [
        Spent.by(lambda: _agreed(format_findings(folder, name, listed, stored, offers))).cpu for _ in range(tries)
    ]
    wholes = [Spent.by(lambda: _agreed(verify_folder(out, offers).findings)).cpu for _ in range(tries)]
    return ReadBack(min(runs), min(formats), min(wholes))


def _agreed(findings: Iterable[Finding]) -> None:
    wrong = [str(finding) for finding in findings if finding.wrong]
    if wrong:
        raise SystemExit("\n".join(wrong))


def rate_of_units(name: str, written: Written) -> dict[str, Any]:
    """What the format is made of, and how many of these are written a CPU second."""
    unit, end = next((UNITS[start] for start in UNITS if name.startswith(start)), ("rows", b""))
    count = sum(path.read_bytes().count(end) for path in written.paths) if end else written.rows
    return {"unit": unit, "units": count, "units_s": count / written.cpu}


def raw_write(paths: list[Path]) -> float:
    """CPU seconds to write and hash the bytes of some files again."""
    contents = [path.read_bytes() for path in paths]
    with tempfile.TemporaryDirectory() as scratch:
        return Spent.by(
            lambda: [_again(Path(scratch, str(index)), content) for index, content in enumerate(contents)]
        ).cpu


def _again(path: Path, content: bytes) -> None:
    hashlib.sha256(content)
    path.write_bytes(content)
