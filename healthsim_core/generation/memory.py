"""Run a plan into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from healthsim_core.generation.chunk import Chunk, events_a_unit, run_chunk
from healthsim_core.generation.plan import Plan
from healthsim_core.generation.result import Execution, Result
from healthsim_core.generation.tallies import Tallies
from healthsim_core.generation.validation import report

ROWS_A_CHUNK = 32_768  # household positions, and
EVENTS_A_CHUNK = 131_072  # events with records of products, whichever comes first: more is faster, and costs memory
EVENTS_ALONE = 524_288  # events without records
FEW = 1_024  # household positions that are one chunk, however much happens to them


def spans(plan: Plan, chunk_size: int | None = None) -> Iterator[tuple[int, int]]:
    """First unit and one past the last of every chunk."""
    units = chunk_size or _units(plan)
    for start in range(0, plan.request.count, units):
        yield start, min(start + units, plan.request.count)


def _units(plan: Plan) -> int:
    by_people = ROWS_A_CHUNK // len(plan.people.members)
    if plan.request.count * len(plan.people.members) <= FEW:
        return by_people
    return max(1, min(by_people, int((EVENTS_A_CHUNK if plan.handlers else EVENTS_ALONE) / max(events_a_unit(plan), 1.0))))


class Memory:
    """Keeps every table of every chunk."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parts: dict[str, list[pa.Table]] = {name: [] for name in plan.tables}

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Keep one chunk's tables."""
        for name, rows in tables.items():
            if self._plan.tables[name].person or not self._parts[name]:
                self._parts[name].append(rows)

    def tables(self) -> dict[str, pa.Table]:
        """Everything kept, a table a name."""
        return {name: _joined(self._plan, name, parts) for name, parts in self._parts.items()}


def run_in_memory(plan: Plan, chunks: Iterable[Chunk] | None = None) -> Result:
    """Run a plan in this process and keep everything."""
    memory, tallies = Memory(plan), Tallies()
    for chunk in chunks if chunks is not None else (run_chunk(plan, *span) for span in spans(plan)):
        memory.write({**plan.run_tables, **chunk.tables})
        tallies.add(chunk.tallies)
    tables = memory.tables()
    return Result(
        name=plan.request.name,
        tables=tables,
        rows={name: table.num_rows for name, table in tables.items()},
        validation=report(tallies, plan.request.validation),
        execution=Execution.of(plan),
        notes=plan.notes,
    )


def _joined(plan: Plan, name: str, parts: list[pa.Table]) -> pa.Table:
    if not parts:
        return plan.run_tables.get(name, plan.tables[name].empty())
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()
