"""Run a plan into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from healthsim_core.generation.chunk import events_a_unit, run_chunk
from healthsim_core.generation.result import Execution, Result
from healthsim_core.planning.met import run_tables
from healthsim_core.planning.plan import Plan
from healthsim_core.validation import Tallies, tally_run_tables
from healthsim_core.validation.report import report

ROWS_A_CHUNK = 32_768  # household positions, and
EVENTS_A_CHUNK = 212_992  # events with records of products, whichever comes first: more is faster, and costs memory
EVENTS_ALONE = 393_216  # events without records
ROWS_A_PART = 65_536  # household positions, and
# events: what a worker writes to a file; more keeps it longer from the next part, and costs memory
EVENTS_A_PART = 1_048_576
FEW = 1_024  # household positions that are one chunk and one part, however much happens to them


def spans(start: int, stop: int, units: int) -> Iterator[tuple[int, int]]:
    """First unit and one past the last of every chunk of `units` from `start` to `stop`."""
    for first in range(start, stop, units):
        yield first, min(first + units, stop)


def units_a_chunk(plan: Plan, stored: bool = False) -> int:
    """Households that are made at once, unless somebody says otherwise: half as many beside a database,
    which needs memory too."""
    events = EVENTS_A_CHUNK if plan.handlers else EVENTS_ALONE
    return _units(plan, ROWS_A_CHUNK, events // 2 if stored else events)


def units_a_part(plan: Plan) -> int:
    """Households of a part: a function of the plan alone, for its files are. Parts are alike,
    so that workers end together."""
    most, count = _units(plan, ROWS_A_PART, EVENTS_A_PART), max(plan.request.count, 1)
    return math.ceil(count / math.ceil(count / most))


def _units(plan: Plan, rows: int, events: int) -> int:
    by_people = rows // len(plan.people.members)
    if plan.request.count * len(plan.people.members) <= FEW:
        return by_people
    return max(1, min(by_people, int(events / max(events_a_unit(plan), 1.0))))


class Memory:
    """Keeps every table of every chunk."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parts: dict[str, list[pa.Table]] = {name: [] for name, table in plan.tables.items() if table.person}

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Keep one chunk's tables."""
        for name, rows in tables.items():
            self._parts[name].append(rows)

    def tables(self) -> dict[str, pa.Table]:
        """Everything kept, a table a name."""
        return {name: _joined(self._plan, name, parts) for name, parts in self._parts.items()}


def run_in_memory(
    plan: Plan, chunk_size: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Result:
    """Run a plan in this process and keep everything.

    Args:
        plan: The plan.
        chunk_size: Households a chunk; None for the default.
        progress: Called with (done, all) households after each chunk.
    """
    memory, tallies, count = Memory(plan), Tallies(), plan.request.count
    for start, stop in spans(0, count, chunk_size or units_a_chunk(plan)):
        chunk = run_chunk(plan, start, stop)
        memory.write(chunk.tables)
        tallies.add(chunk.tallies)
        if progress:
            progress(stop, count)
    of_run = run_tables(plan, tallies.met, whole=True)
    tally_run_tables(tallies, plan, of_run)
    all_tables = {**memory.tables(), **of_run}
    tables = {name: all_tables[name] for name in plan.tables if name in all_tables}
    return Result(
        name=plan.request.name,
        tables=tables,
        rows={name: table.num_rows for name, table in tables.items()},
        validation=report(tallies, plan.request.validation),
        execution=Execution.of(plan),
        notes=(*plan.remarks, *plan.notes, *tallies.told),
    )


def _joined(plan: Plan, name: str, parts: list[pa.Table]) -> pa.Table:
    if not parts:
        return plan.tables[name].empty()
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()
