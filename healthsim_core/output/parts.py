"""A part of a run: a fixed range of households whose files one worker writes by itself.

Where parts begin is a function of the plan alone, so that files are the same for any number of workers and any size of
chunk, and parts that a killed run has finished need not be made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from healthsim_core.formats.destination import WrittenFile, part_name
from healthsim_core.formats.folder import Folder
from healthsim_core.generation.memory import units_a_part
from healthsim_core.planning.plan import Plan
from healthsim_core.reference.stored import Facts
from healthsim_core.validation import Tallies

TABLES = "tables"


@attrs.frozen
class Part:
    """A range of households.

    Attributes:
        number: From 0.
        start: First household.
        stop: One past the last.
    """

    number: int
    start: int
    stop: int


@attrs.frozen
class Job:
    """What a worker is told, whatever part it makes; small, and picklable.

    Attributes:
        request: The request, as plain JSON.
        facts: Stored reference facts.
        hash: The plan's hash: a worker with other versions refuses.
        folder: Where files go.
        seen_by: A file in it that the run has left there; who does not see it reaches another folder.
        cut: Whether the run has several parts.
        units_a_chunk: Households at a time.
    """

    request: Mapping[str, Any]
    facts: Facts = attrs.field(repr=False)
    hash: str
    folder: Folder
    seen_by: str
    cut: bool
    units_a_chunk: int


@attrs.frozen
class PartResult:
    """What a worker tells of a part.

    Attributes:
        part: The part.
        rows: Rows by table.
        files: Files by format, and of "tables".
        tallies: What validation needs to know.
        left: By format, what its writer left for the end of the run.
        worker: Who made it.
    """

    part: Part
    rows: Mapping[str, int]
    files: Mapping[str, tuple[WrittenFile, ...]]
    tallies: Tallies
    left: Mapping[str, Any]
    worker: str

    def document(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return {
            "part": attrs.asdict(self.part),
            "rows": dict(self.rows),
            "files": {name: [attrs.asdict(file) for file in files] for name, files in self.files.items()},
            "tallies": self.tallies.document(),
            "left": dict(self.left),
            "worker": self.worker,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> PartResult:
        """The result that `document` describes."""
        files = {name: tuple(WrittenFile(**file) for file in entries) for name, entries in document["files"].items()}
        tallies = Tallies.from_document(document["tallies"])
        return cls(Part(**document["part"]), document["rows"], files, tallies, document["left"], document["worker"])


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """The parts of a run; one that makes nobody has one as well, so that its files are there."""
    size, count = units_a_part(plan), plan.request.count
    starts = range(0, max(count, 1), size)
    return tuple(Part(number, start, min(start + size, count)) for number, start in enumerate(starts))


def table_path(name: str, part: int | None) -> str:
    """The path of a table below the output folder: `tables/core.person.parquet`, or a folder of parts."""
    return f"{TABLES}/{f'{name}.parquet' if part is None else part_name(f'{name}.parquet', part)}"
