"""What a run gives back."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pyarrow as pa

from healthsim_core.errors import UnknownNameError, suggestion
from healthsim_core.planning.plan import Plan
from healthsim_core.tables import ByTable
from healthsim_core.validation.report import ValidationReport


@attrs.frozen
class Execution:
    """The record of a run: enough to do it again to the byte.

    Attributes:
        id: Identifier in the database; the plan's hash, shortened, where the run was not persisted.
        seed: The seed.
        as_of: The world's today, ISO.
        spec_hash: SHA-256 of the request and the versions.
        versions: Versions of core, plugins, skills and libraries.
        spec: The request as plain JSON.
    """

    id: str
    seed: int
    as_of: str
    spec_hash: str
    versions: Mapping[str, str]
    spec: Mapping[str, Any] = attrs.field(repr=False)

    @classmethod
    def of(cls, plan: Plan) -> Execution:
        """The record of a plan."""
        request = plan.request
        return cls(
            plan.hash[:16], request.seed, request.as_of.isoformat(), plan.hash, plan.versions, request.document()
        )


def _by_table(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    return ByTable(tables) if type(tables) is dict else tables


class ByFormat(dict[str, Sequence[str]]):
    """The files of each format that a run wrote, by its name; any other name is an error that says which there are."""

    def __missing__(self, name: str) -> Sequence[str]:
        remedy = suggestion(str(name), self) if self else "It wrote none: `output_formats` names them."
        raise UnknownNameError(f'the run wrote no format "{name}".', "outputs", remedy)


@attrs.frozen(repr=False, eq=False)
class Result:
    """A run's people, events, records, files and checks.

    Attributes:
        name: What the run is called.
        tables: Every table by name, "core.person" among them.
        rows: Rows of each table.
        validation: Whether what was made is what was said.
        execution: The record of the run.
        outputs: Paths of the files of each format.
        cohort: Name of the cohort in the database; None where it was not persisted.
        notes: What a user should know: what was left out and why, what was cut short, a line each.
    """

    name: str
    tables: Mapping[str, pa.Table] = attrs.field(converter=_by_table)
    rows: Mapping[str, int] = attrs.field(converter=_by_table)
    validation: ValidationReport
    execution: Execution
    outputs: Mapping[str, Sequence[str]] = attrs.field(factory=dict, converter=ByFormat)
    cohort: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def entities(self) -> pa.Table:
        """The people: `core.person`."""
        return self.tables["core.person"]

    @property
    def timeline(self) -> pa.Table:
        """The events: `core.event`, sorted by person and time."""
        return self.tables["core.event"]

    def __len__(self) -> int:
        return self.rows["core.person"]

    def __repr__(self) -> str:
        lines = [f"{self.name}: {self.rows['core.person']:,} people, {self.rows['core.event']:,} events"]
        for product, tables in self._by_product().items():
            counts = ", ".join(f"{rows:,} {table.replace('_', ' ')}" for table, rows in tables.items() if rows)
            lines += [f"  {product}: {counts}"] if counts else []
        lines += [f"  {name}: {len(paths)} files" for name, paths in self.outputs.items()]
        lines.append(f"  {str(self.validation).splitlines()[0]}")
        lines += [f"  note: {note}" for note in self.notes]
        lines.append(
            f"  seed {self.execution.seed}, as of {self.execution.as_of}"
            + (f", cohort {self.cohort}" if self.cohort else "")
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><td>{html.escape(product)}</td><td>{html.escape(table)}</td><td "
            f"style='text-align:right'>{rows:,}</td></tr>"
            for product, tables in self._by_product(core=True).items()
            for table, rows in tables.items()
        )
        notes = "".join(f"<p>Note: {html.escape(note)}</p>" for note in self.notes)
        head, check = html.escape(self.name), html.escape(str(self.validation).splitlines()[0])
        head_row = "<tr><th>product</th><th>table</th><th>rows</th></tr>"
        return f"<h4>{head}</h4><table>{head_row}{body}</table><p>{check}</p>{notes}"

    def _by_product(self, core: bool = False) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for name, rows in self.rows.items():
            product, table = name.split(".", 1)
            if core or product != "core":
                counts.setdefault(product, {})[table] = rows
        return counts
