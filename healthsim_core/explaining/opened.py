"""A run opened again: its tables, and the plan that its request compiles to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import ArgumentError, HealthSimError, SpecificationError
from healthsim_core.formats.folder import Folder
from healthsim_core.generation.result import Result
from healthsim_core.output.manifest import is_folder, read_manifest
from healthsim_core.output.parts import TABLES
from healthsim_core.output.stored import StoredTables
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import Request
from healthsim_core.reference.stored import read_facts
from healthsim_core.state import load_cohort, load_execution
from healthsim_core.verification.remade import other_versions


@attrs.frozen(eq=False)
class OpenedRun:
    """A run opened again.

    Attributes:
        place: What it was called by: a folder, a cohort.
        tables: Its tables.
        spec: Its request.
        versions: What it was made with.
    """

    place: str
    tables: Mapping[str, pa.Table]
    spec: Mapping[str, Any]
    versions: Mapping[str, str]

    def plan(self, database: str | Path | None) -> Plan:
        """The plan that its request compiles to here.

        Raises:
            SpecificationError: It cannot be compiled here.
        """
        try:
            return compile_plan(Request.from_document(self.spec), default_catalog(), read_facts(database))
        except HealthSimError as error:
            first, more = error.mistakes[0], len(error.mistakes) - 1
            others = f" (and {more} more)" if more else ""
            what = f"its request cannot be compiled here: {first.where}: {first.what}{others}"
            remedy = "Explain it with the versions that made it, or run it again."
            raise SpecificationError(what, self.place, remedy) from error

    def otherwise(self, plan: Plan) -> str:
        """What is of another version here than when it was made; "" where nothing is."""
        return other_versions(self.versions, plan.versions)

    def pieces(self, name: str, columns: Sequence[str] | None = None) -> Iterable[pa.Table]:
        """A table bit by bit, some columns or all."""
        bit_by_bit = getattr(self.tables, "pieces", None)
        if bit_by_bit is not None:
            pieces: Iterator[pa.Table] = bit_by_bit(name, columns)
            return pieces
        rows = self.tables[name]
        return [rows if columns is None else rows.select(list(columns))]


def opened(target: Any, database: str | Path | None) -> OpenedRun:
    """Open a run.

    Args:
        target: A result, an output folder or its URL, or the name of a stored cohort.
        database: Where the cohort is stored; None for the default one.

    Raises:
        ArgumentError: It is neither of these.
        OutputError: The folder holds no run of ours.
        StateError: There is no such cohort.
    """
    if isinstance(target, Result):
        return OpenedRun(target.name, target.tables, target.execution.spec, target.execution.versions)
    if not isinstance(target, str | Path):
        raise ArgumentError(
            f"{target!r:.60} is no run.", "run", "Give what `generate` returned, a folder, or the name of a cohort."
        )
    if isinstance(target, Path) or is_folder(target):
        folder = Folder(target)
        listed = read_manifest(folder)
        paths = [file["path"] for file in listed["files"] if file["format"] == TABLES]
        return OpenedRun(
            folder.place, StoredTables(folder, paths, listed["digest"]), listed["spec"], listed["versions"]
        )
    tables, execution = load_cohort(target, database), load_execution(target, database)
    return OpenedRun(target, tables, execution.spec, execution.versions)
