"""What a worker does, wherever it runs: make a part, write its files, tell little of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Self

import pyarrow as pa

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.shared import require_seen, worker_name
from healthsim_core.format_offers import FormatWriter, OutputFormat
from healthsim_core.formats.destination import Destination, WrittenFile
from healthsim_core.formats.folder import Folder
from healthsim_core.generation.chunk import run_chunk
from healthsim_core.generation.memory import spans
from healthsim_core.output import unfinished
from healthsim_core.output.parquet import ParquetTable
from healthsim_core.output.parts import TABLES, Job, Part, PartResult, table_path
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.met import run_tables
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import Request
from healthsim_core.reference.stored import using
from healthsim_core.validation import Tallies

Report = Callable[[int, int], None]  # number of a part, households of it that are done

_plans: dict[str, Plan] = {}  # of this process, by hash; one


def job_of(plan: Plan, folder: Folder, seen_by: str, cut: bool, chunk_size: int) -> Job:
    """What workers are told of a plan, which this process need not compile again."""
    _keep(plan)
    return Job(plan.request.document(), plan.facts, plan.hash, folder, seen_by, cut, chunk_size)


def make_part(job: Job, part: Part, report: Report) -> PartResult:
    """Make a part, write its files, and then the record that says so.

    Raises:
        OutputError: This process does not reach the run's folder, or its files are refused.
    """
    require_seen(job)
    plan = plan_of(job)
    with using(plan.facts):
        result = _made(plan, job, part, report)
        unfinished.record(job.folder, result)
    return result


def plan_of(job: Job) -> Plan:
    """The plan, compiled once a process.

    Raises:
        HealthSimError: It is not the plan of the process that asks: versions differ.
    """
    if job.hash not in _plans:
        plan = compile_plan(Request.from_document(job.request), default_catalog(), job.facts)
        if plan.hash != job.hash:
            what = "a worker has other versions of HealthSim, its plugins or its skills than the process that asks."
            raise HealthSimError(
                what, "executor", "Install the same everywhere: `healthsim plugins list` shows versions."
            )
        _keep(plan)
    return _plans[job.hash]


def _keep(plan: Plan) -> None:
    _plans.clear()
    _plans[plan.hash] = plan


def _made(plan: Plan, job: Job, part: Part, report: Report) -> PartResult:
    tallies, rows = Tallies(), {name: 0 for name, table in plan.tables.items() if table.person}
    with _PartWriter(plan, job, part) as writer:
        for start, stop in spans(part.start, part.stop, job.units_a_chunk):
            chunk = run_chunk(plan, start, stop)
            writer.write(chunk.tables, chunk.run_tables)
            tallies.add(chunk.tallies)
            for name, table in chunk.tables.items():
                rows[name] += table.num_rows
            report(part.number, stop - part.start)
        if part.start == part.stop:
            writer.write({name: plan.tables[name].empty() for name in rows}, run_tables(plan, {}))
        files, left = writer.close()
    return PartResult(part, rows, files, tallies, left, worker_name())


class _PartWriter:
    """Writes the tables of a part, and those formats that can be cut;
    what is not closed at the end of its `with` block is dropped."""

    def __init__(self, plan: Plan, job: Job, part: Part) -> None:
        self._plan = plan
        number = part.number if job.cut else None
        schemas = {name: table.schema for name, table in plan.tables.items() if table.person}
        self._formats: list[tuple[OutputFormat, Destination, FormatWriter]] = []
        with ExitStack() as begun:
            self._tables = {
                name: begun.enter_context(ParquetTable(job.folder, table_path(name, number), schema))
                for name, schema in schemas.items()
            }
            for offer in plan.formats:
                if offer.in_parts:
                    destination = begun.enter_context(Destination(job.folder, offer.name, number, offer.characters))
                    self._formats.append((offer, destination, offer.writer(destination, plan.run)))
            self._begun = begun.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._begun.close()

    def write(self, tables: Mapping[str, pa.Table], of_run: Mapping[str, pa.Table]) -> None:
        for name, rows in tables.items():
            self._tables[name].write(rows)
        known = {**of_run, **tables}
        for offer, _, writer in self._formats:
            writer.write(offer.guarded({name: known[name] for name in (*offer.needs, *offer.wants) if name in known}))

    def close(self) -> tuple[dict[str, tuple[WrittenFile, ...]], dict[str, Any]]:
        left = {offer.name: writer.close() for offer, _, writer in self._formats}
        files = {offer.name: tuple(destination.close()) for offer, destination, _ in self._formats}
        files[TABLES] = tuple(table.close() for table in self._tables.values())
        return files, {name: value for name, value in left.items() if value is not None}
