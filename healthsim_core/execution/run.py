"""Run a request: chunks in, sinks out, everything or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import attrs
import pyarrow as pa

from healthsim_core.errors import OutputError, SpecificationError, unknown
from healthsim_core.execution.local import local_chunks
from healthsim_core.execution.output import TABLES, OutputFolder, staging_of
from healthsim_core.generation.executor import strictly
from healthsim_core.generation.memory import Memory, spans
from healthsim_core.generation.plan import Plan
from healthsim_core.generation.result import Execution, Result, StoredTables
from healthsim_core.generation.tallies import Tallies
from healthsim_core.generation.validation import report
from healthsim_core.state import available_name
from healthsim_core.state.record import ExecutionRecord
from healthsim_core.state.sink import StateSink

Progress = Callable[[int, int], None]
EXECUTORS = ("local",)


class Sink(Protocol):
    """Takes the tables of every chunk, in order."""

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take one chunk's tables and the run's."""


@attrs.frozen(kw_only=True)
class Options:
    """Where a run's results go, and by whom it is run.

    Attributes:
        out: Folder or fsspec URL of files; None for none.
        overwrite: Whether files of an earlier run are replaced.
        persist: Whether a cohort is stored.
        cohort: The cohort's name; None takes the request's name, numbered where that is taken.
        database: The database; None for the default one.
        workers: Processes.
        executor: "local".
        chunk_size: Households a chunk; None for the default.
        progress: Called with (done, all) households.
    """

    out: str | Path | None = None
    overwrite: bool = False
    persist: bool = False
    cohort: str | None = None
    database: str | Path | None = None
    workers: int = 1
    executor: str = "local"
    chunk_size: int | None = None
    progress: Progress | None = None


def run_plan(plan: Plan, options: Options) -> Result:
    """Run a plan into the sinks that `options` name; where something fails, nothing is left of it.

    Raises:
        SpecificationError: The options make no sense, or validation is strict and failed.
        OutputError: The output folder refuses.
        StateError: The database refuses.
    """
    _check(options)
    execution, tallies = Execution.of(plan), Tallies()
    with ExitStack() as undo:
        folder = OutputFolder(plan, options.out, options.overwrite) if options.out is not None else None
        if folder:
            undo.callback(folder.abort)
        cohort = _cohort(plan, options)
        state = _state_sink(plan, execution, cohort, options) if cohort else None
        if state:
            undo.callback(state.abort)
        memory = Memory(plan) if folder is None and state is None else None
        sinks: list[Sink] = [sink for sink in (folder, state, memory) if sink is not None]
        rows = _stream(plan, options, sinks, tallies)
        validation = report(tallies, plan.request.validation)
        made = Result(plan.request.name, {}, rows, validation, execution, cohort=cohort, notes=plan.notes)
        strictly(made)
        if folder:
            folder.finish(execution, validation)
        if state:
            state.commit()
        outputs = folder.publish() if folder else {}
        undo.pop_all()
    return attrs.evolve(made, tables=_tables(memory, outputs, cohort, options), outputs=outputs)


def _check(options: Options) -> None:
    if options.executor not in EXECUTORS:
        raise unknown("executor", options.executor, EXECUTORS, "executor")
    if options.workers < 1:
        raise SpecificationError(f"{options.workers} workers cannot work.", "workers", "Give 1 or more.")
    if options.chunk_size is not None and options.chunk_size < 1:
        raise SpecificationError(f"{options.chunk_size} is not a size.", "chunk_size", "Give 1 or more.")


def _cohort(plan: Plan, options: Options) -> str | None:
    if not options.persist:
        return None
    return options.cohort or available_name(plan.request.name, options.database)


def _state_sink(plan: Plan, execution: Execution, cohort: str, options: Options) -> StateSink:
    kept = ExecutionRecord(
        execution.id,
        execution.spec,
        execution.spec_hash,
        execution.seed,
        execution.as_of,
        execution.versions,
        cohort,
        plan.request.profile.id,
    )
    replace = options.overwrite and options.cohort is not None
    return StateSink(options.database, cohort, plan.tables, plan.person_table.schema, kept, replace=replace)


def _stream(plan: Plan, options: Options, sinks: list[Sink], tallies: Tallies) -> dict[str, int]:
    rows = dict.fromkeys(plan.tables, 0) | {name: table.num_rows for name, table in plan.run_tables.items()}
    done, total = 0, plan.request.count
    if total == 0:
        for sink in sinks:
            sink.write({name: plan.run_tables.get(name, table.empty()) for name, table in plan.tables.items()})
    for chunk in local_chunks(plan, spans(plan, options.chunk_size), options.workers):
        tables = {**plan.run_tables, **chunk.tables}
        for sink in sinks:
            sink.write(tables)
        tallies.add(chunk.tallies)
        for name, table in chunk.tables.items():
            rows[name] += table.num_rows
        done = chunk.stop
        if options.progress:
            options.progress(done, total)
    return rows


def _tables(memory: Memory | None, outputs: Mapping[str, Any], cohort: str | None, options: Options) -> Mapping[str, pa.Table]:
    if memory is not None:
        return memory.tables()
    if outputs and "://" not in str(options.out):
        return StoredTables(map(Path, outputs[TABLES]))
    from healthsim_core.state import load_cohort

    return load_cohort(cohort, options.database) if cohort else {}


def free_folder(name: str) -> Path:
    """A folder below `healthsim-out` that is not there yet, for runs that write files without saying where.

    Raises:
        OutputError: A thousand of them are there.
    """
    base = Path("healthsim-out")
    for number in range(1, 1_000):
        folder = base / (name if number == 1 else f"{name}-{number}")
        taken = folder.exists() and any(folder.iterdir())
        if not taken and not staging_of(folder).exists():
            return folder
    raise OutputError("holds a thousand runs.", str(base), "Name a folder with --out.")
