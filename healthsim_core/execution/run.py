"""Run a request: parts in, files and cohort out, everything or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.errors import OutputError, SpecificationError
from healthsim_core.execution.aftermath import saying_what_is_there
from healthsim_core.execution.executors import check_executor, executor_of
from healthsim_core.execution.output_folder import OutputFolder
from healthsim_core.execution.storing import Storing
from healthsim_core.formats.folder import MEMORY, refused
from healthsim_core.formats.scratch import Scratch
from healthsim_core.generation.executor import strictly
from healthsim_core.generation.memory import run_in_memory, units_a_chunk
from healthsim_core.generation.result import Execution, Result
from healthsim_core.output.parts import TABLES
from healthsim_core.output.stored import StoredTables
from healthsim_core.planning.met import run_tables
from healthsim_core.planning.plan import Plan
from healthsim_core.state import available_name, database_path, load_cohort
from healthsim_core.state.record import ExecutionRecord
from healthsim_core.state.sink import StateSink
from healthsim_core.validation import Tallies, tally_run_tables
from healthsim_core.validation.report import report

Progress = Callable[[int, int], None]
_LONGEST = 200  # bytes of a folder's name that follows from a request's; file systems take 255


@attrs.frozen(kw_only=True)
class Options:
    """Where a run's results go, and by whom it is run.

    Attributes:
        out: Folder or fsspec URL of files; None for none.
        overwrite: Whether files of an earlier run are replaced.
        resume: Whether what an unfinished run of the same plan has made in `out` is kept.
        persist: Whether a cohort is stored; None stores it where `cohort` names it.
        cohort: The cohort's name; None takes the request's name, numbered where that is taken.
        database: The database; None for the default one.
        workers: Processes, or CPUs of a cluster that is started.
        executor: "local", "ray", "spark", or one that a plugin offers.
        chunk_size: Households a chunk; None for the default.
        progress: Called with (done, all) households.
    """

    out: str | Path | None = None
    overwrite: bool = False
    resume: bool = False
    persist: bool | None = None
    cohort: str | None = None
    database: str | Path | None = None
    workers: int = 1
    executor: str = "local"
    chunk_size: int | None = None
    progress: Progress | None = None

    @property
    def stores(self) -> bool:
        """Whether a cohort is stored."""
        return self.cohort is not None if self.persist is None else bool(self.persist)


def run_plan(plan: Plan, options: Options) -> Result:
    """Run a plan into what `options` name; where something fails, nothing is left of it.

    Raises:
        SpecificationError: The options make no sense.
        InvalidDataError: Validation is strict, and failed.
        OutputError: The output folder refuses.
        StateError: The database refuses.
    """
    _check(options, plan.catalog)
    if options.out is None and not options.stores and options.workers == 1:
        return strictly(run_in_memory(plan, options.chunk_size, options.progress))
    execution = Execution.of(plan)
    with saying_what_is_there(options.out, options.database) as left, ExitStack() as undo:
        place, lasting = undo.enter_context(_place(options)), options.out is not None
        left.folder = folder = OutputFolder(plan, place, options.overwrite, options.resume, lasting)
        undo.callback(folder.abort)
        kept = len(folder.done)
        left.state = state = _state_sink(plan, execution, options) if options.stores else None
        if state:
            undo.callback(state.abort)
        result = _made(plan, execution, options, folder, state)
        strictly(result)
        if options.out is not None:
            folder.finish(result)
        result = attrs.evolve(result, notes=(*plan.remarks, *result.notes, *_resumed(kept, folder)))
        if options.out is None and not state:  # several workers, and all of it into memory
            return attrs.evolve(result, tables={**result.tables, **folder.tables()})
        if state:
            state.commit()
        if options.out is None:
            return (
                attrs.evolve(result, cohort=state.cohort, tables=load_cohort(state.cohort, options.database))
                if state
                else result
            )
        paths = folder.publish()
        undo.pop_all()
    result = attrs.evolve(result, notes=(*result.notes, *_unwritten(plan, paths)))
    outputs = {name: [folder.out.of(path) for path in of_format] for name, of_format in paths.items()}
    cohort = state.cohort if state else None
    return attrs.evolve(
        result, tables=StoredTables(folder.out, paths[TABLES], folder.digest), outputs=outputs, cohort=cohort
    )


def _check(options: Options, catalog: Catalog) -> None:
    check_executor(options.executor, catalog)
    if options.workers < 1:
        raise SpecificationError(f"{options.workers} workers cannot work.", "workers", "Give 1 or more.")
    if options.chunk_size is not None and options.chunk_size < 1:
        raise SpecificationError(f"{options.chunk_size} is not a size.", "chunk_size", "Give 1 or more.")
    if options.cohort is not None and not options.stores:
        what = f'nothing is stored, so nothing can be called "{options.cohort}".'
        raise SpecificationError(what, "cohort", "Leave out the name, or --no-persist (persist=False).")
    if options.resume and options.out is None:
        raise SpecificationError(
            "there is no folder to go on with.", "resume", "Name the one of the unfinished run with --out."
        )
    if options.executor != "local" and options.out is None:
        what = f"{options.executor} needs a place that every worker reaches."
        raise SpecificationError(what, "out", "Name a shared folder or an fsspec URL with --out.")
    if str(options.out).startswith(MEMORY) and (options.workers > 1 or options.executor != "local"):
        raise SpecificationError(
            f"{MEMORY} is the memory of one process.", "out", "Take one local worker, or another place."
        )


@contextmanager
def _place(options: Options) -> Iterator[str | Path]:
    """Where parts are written: in the folder asked for, else beside the database,
    else somewhere until they are read."""
    if options.out is not None:
        yield options.out
    elif options.stores:
        database = database_path(options.database)
        beside = database.with_name(f"{database.name}.run")
        try:
            yield beside
        finally:
            with suppress(OSError):  # one that a killed run left is ours to remove, where nothing else is in it
                beside.rmdir()
    else:
        with Scratch() as scratch:
            yield Path(scratch.name, "run")


def _made(plan: Plan, execution: Execution, options: Options, folder: OutputFolder, state: StateSink | None) -> Result:
    """Make the parts that are missing, and store all of them."""
    done, total = (
        {number: result.part.stop - result.part.start for number, result in folder.done.items()},
        plan.request.count,
    )

    def told(part: int, units: int) -> None:
        done[part] = units
        if options.progress:
            options.progress(sum(done.values()), total)

    missing = [part for part in folder.parts if part.number not in folder.done]
    job = folder.job(options.chunk_size or units_a_chunk(plan, stored=state is not None))
    executor = executor_of(options.executor, options.workers, plan.catalog.executors)
    with Storing(folder, state) as storing, closing(executor.map(job, missing, told)) as results:
        for result in results:
            folder.add(result)
            told(result.part.number, result.part.stop - result.part.start)
            storing.go_on()
    return _summed(plan, execution, folder, state)


def _summed(plan: Plan, execution: Execution, folder: OutputFolder, state: StateSink | None) -> Result:
    """What all parts make together; its tables are those that have no person."""
    tallies, rows = Tallies(), dict.fromkeys(plan.tables, 0)
    for number in range(len(folder.parts)):
        tallies.add(folder.done[number].tallies)
        for name, count in folder.done[number].rows.items():
            rows[name] += count
    of_run = run_tables(plan, tallies.met, whole=True)
    rows |= {name: table.num_rows for name, table in of_run.items()}
    if state:
        state.write(of_run)
    tally_run_tables(tallies, plan, of_run)
    notes = (*plan.notes, *tallies.told)
    return Result(plan.request.name, of_run, rows, report(tallies, plan.request.validation), execution, notes=notes)


def _resumed(kept: int, folder: OutputFolder) -> Iterator[str]:
    if kept:
        yield f"resumed: {kept:,} of {len(folder.parts):,} parts were there"


def _unwritten(plan: Plan, paths: Mapping[str, list[str]]) -> Iterator[str]:
    for output_format in plan.formats:
        if not paths.get(output_format.name):
            yield f"{output_format.name}: no file, as nothing happened that this format tells"


def _state_sink(plan: Plan, execution: Execution, options: Options) -> StateSink:
    cohort = available_name(plan.request.name, options.database) if options.cohort is None else options.cohort
    run, profile = execution, plan.request.profile.id
    kept = ExecutionRecord(run.id, run.spec, run.spec_hash, run.seed, run.as_of, run.versions, cohort, profile)
    replace = options.overwrite and options.cohort is not None
    return StateSink(options.database, cohort, plan.tables, plan.person_table.schema, kept, replace=replace)


def free_folder(name: str) -> Path:
    """A folder below `healthsim-out` that is not there yet, for runs that write files without saying where.

    Raises:
        OutputError: A thousand of them are there.
    """
    base, short = Path("healthsim-out"), os.fsencode(name)[:_LONGEST].decode("utf-8", "ignore")
    for number in range(1, 1_000):
        folder = base / (short if number == 1 else f"{short}-{number}")
        with refused(folder):
            taken = folder.exists() and any(folder.iterdir())
        if not taken:
            return folder
    raise OutputError("holds a thousand runs.", str(base), "Name a folder with --out.")
