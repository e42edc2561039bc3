"""A run made again from its own manifest: what it lists,
its tables and its validation report against what its specification makes."""

from __future__ import annotations

import json
import operator
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core.catalog import Catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.formats.folder import Folder
from healthsim_core.generation.chunk import run_chunk
from healthsim_core.generation.memory import spans, units_a_chunk
from healthsim_core.output.manifest import MANIFEST, VALIDATION
from healthsim_core.output.parts import TABLES, Part, parts_of
from healthsim_core.output.stored import StoredTables, table_name
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.met import run_tables
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import Request
from healthsim_core.planning.versions import spec_hash
from healthsim_core.tables import Table
from healthsim_core.validation import Tallies, tally_run_tables
from healthsim_core.validation.report import report
from healthsim_core.verification.finding import Finding, such_as

SAME = "is what the specification makes"


def remade(folder: Folder, listed: Mapping[str, Any], stored: StoredTables, catalog: Catalog) -> Iterator[Finding]:
    """Make a run again, and compare.

    Where other versions are installed than those that made it, or other reference data is loaded, it cannot be made
    again: that is told, and is no mistake.

    Args:
        folder: The output folder.
        listed: Its manifest.
        stored: Its tables.
        catalog: All that plugins offer.
    """
    recomputed = spec_hash(listed["spec"], listed["versions"])
    yield Finding(
        MANIFEST, "spec_hash is that of its specification and versions", 1, int(recomputed != listed["spec_hash"])
    )
    try:
        plan = compile_plan(Request.from_document(listed["spec"]), catalog)
    except HealthSimError as error:
        yield Finding(MANIFEST, "its specification can be compiled", 1, 1, f": {error}")
        return
    other = other_versions(listed["versions"], plan.versions)
    if other:
        yield Finding(MANIFEST, f"made again: {other}", 1, 0, unread=True)
        return
    yield from _head(listed, plan)
    if len(parts_of(plan)) != len(listed["parts"]) or stored.count("core.person") < plan.request.count:
        yield Finding(MANIFEST, "as many parts and people are there as its specification makes", 1, 1)
        return  # nobody is made whom no file holds: a manifest that somebody sent may ask for a thousand million
    again = _Again(plan, stored)
    yield from again.findings(listed)
    yield _validation(folder, again)


def other_versions(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The first version that a run was made with and that is another one here, in words; "" where none is."""
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            return f"it was made with {name} {then.get(name, 'absent')}, and here it is {now.get(name, 'absent')}"
    return ""


def _head(listed: Mapping[str, Any], plan: Plan) -> Iterator[Finding]:
    request = plan.request
    right = {
        "name": request.name, "spec": request.document(), "spec_hash": plan.hash, "seed": request.seed,
        "namespace": request.namespace,
        "as_of": request.as_of.isoformat(), "versions": plan.versions,
    }  # fmt: skip
    for name, value in right.items():
        wrong = listed.get(name) != value
        yield Finding(
            MANIFEST,
            f"{name} {SAME}",
            1,
            int(wrong),
            f", {_shown(listed.get(name))} for {_shown(value)}" if wrong else "",
        )


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


@attrs.define
class _Again:
    """What making it again has found so far.

    Attributes:
        wrong: Rows that differ, by table.
        rows: Rows that were made, by table.
        examples: Where the first of them differs, by table.
        tallies: What validation needs to know.
        written: Rows of each part.
    """

    plan: Plan
    stored: StoredTables
    wrong: Counter[str] = attrs.field(factory=Counter)
    rows: Counter[str] = attrs.field(factory=Counter)
    examples: dict[str, str] = attrs.field(factory=dict)
    tallies: Tallies = attrs.field(factory=Tallies)
    written: dict[int, int] = attrs.field(factory=dict)

    def findings(self, listed: Mapping[str, Any]) -> Iterator[Finding]:
        for part in parts_of(self.plan):
            self._part(part)
        of_run = run_tables(self.plan, self.tallies.met, whole=True)
        tally_run_tables(self.tallies, self.plan, of_run)
        for name, table in of_run.items():
            self._compare(name, table, 0, self.stored[name] if name in self.stored else table.slice(0, 0))
        for name in self.plan.tables:
            if name not in self.stored:
                yield Finding(name, "is there", 1, 1)
            else:
                yield Finding(name, SAME, self.rows[name], self.wrong[name], self.examples.get(name, ""))
        yield from self._listed(listed)

    def _part(self, part: Part) -> None:
        tables = dict(self.stored.part(part.number))
        done: Counter[str] = Counter()
        for start, stop in spans(part.start, part.stop, units_a_chunk(self.plan)):
            chunk = run_chunk(self.plan, start, stop)
            self.tallies.add(chunk.tallies)
            for name, made_rows in chunk.tables.items():
                if name in tables:
                    self._compare(name, made_rows, done[name], tables[name])
                done[name] += made_rows.num_rows
        self.written[part.number] = done.total()
        for name, table in self.plan.tables.items():
            if table.person and name in tables and tables[name].num_rows > done[name]:
                self._note(name, tables[name].num_rows - done[name], ": rows that nothing makes")

    def _compare(self, name: str, made_rows: pa.Table, start: int, stored: pa.Table) -> None:
        self.rows[name] += made_rows.num_rows
        stored_rows = stored.slice(start, made_rows.num_rows)
        if stored_rows.num_rows < made_rows.num_rows:
            self._note(name, made_rows.num_rows - stored_rows.num_rows, ": rows are missing")
            made_rows = made_rows.slice(0, stored_rows.num_rows)
        differs = np.zeros(made_rows.num_rows, bool)
        for column in made_rows.column_names:
            differing = (
                _differs(made_rows[column], stored_rows[column])
                if column in stored_rows.column_names
                else np.ones(made_rows.num_rows, bool)
            )
            if differing.any() and name not in self.examples:
                self.examples[name] = _example(
                    self.plan.tables[name], made_rows, stored_rows, column, int(np.argmax(differing))
                )
            differs |= differing
        self._note(name, int(differs.sum()), "")

    def _note(self, name: str, rows: int, example: str) -> None:
        if rows:
            self.wrong[name] += rows
            self.examples.setdefault(name, example)

    def _listed(self, listed: Mapping[str, Any]) -> Iterator[Finding]:
        right = [
            (part.number, part.start, part.stop, self.written[part.number], self.plan.hash)
            for part in parts_of(self.plan)
        ]
        stated = [
            tuple(part.get(name) for name in ("number", "start", "stop", "rows", "plan_hash"))
            for part in listed["parts"]
        ]
        yield Finding(
            MANIFEST,
            f"parts: each {SAME}",
            len(stated),
            sum(map(operator.ne, stated, right)) + abs(len(stated) - len(right)),
        )
        formats = {file["format"] for file in listed["files"]} - {TABLES}
        strangers = sorted(formats - {offer.name for offer in self.plan.formats})
        yield Finding(
            MANIFEST, "files are of formats that were asked for", len(formats), len(strangers), such_as(strangers)
        )
        tables = [
            file for file in listed["files"] if file["format"] == TABLES and table_name(file["path"]) in self.stored
        ]
        wrong = [file["path"] for file in tables if file["rows"] != self.stored.rows(file["path"])]
        yield Finding(MANIFEST, "rows of tables are those of their files", len(tables), len(wrong), such_as(wrong))
        wrong = [file["path"] for file in listed["files"] if file["part"] not in _parts(file, self.plan)]
        yield Finding(MANIFEST, "files are of their parts", len(listed["files"]), len(wrong), such_as(wrong))


def _parts(file: Mapping[str, Any], plan: Plan) -> tuple[int | None, ...]:
    """The parts that a file may be of; None for the whole run."""
    cut = re.search(r"/part-(\d+)\.[^/]*$", file["path"])
    if cut:
        return (int(cut[1]),)
    if file["format"] == TABLES:
        table = plan.tables.get(table_name(file["path"]))
        return (0, None) if table is None else (0,) if table.person else (None,)
    return (0, None) if any(offer.in_parts for offer in plan.formats if offer.name == file["format"]) else (None,)


def _differs(made_rows: pa.ChunkedArray, stored_rows: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which rows differ; null is like null."""
    if pa.types.is_timestamp(made_rows.type) and pa.types.is_timestamp(stored_rows.type):
        stored_rows = stored_rows.cast(made_rows.type)  # Parquet has no whole seconds
    if made_rows.type != stored_rows.type:
        return np.ones(len(made_rows), bool)
    if pa.types.is_dictionary(made_rows.type):
        both = pa.chunked_array([*made_rows.chunks, *stored_rows.chunks], made_rows.type).unify_dictionaries()
        codes = (
            np.concatenate([np.asarray(chunk.indices.fill_null(-1)) for chunk in both.chunks])
            if len(both)
            else np.zeros(0, np.int32)
        )
        return np.asarray(codes[: len(made_rows)] != codes[len(made_rows) :])
    first, second = made_rows.combine_chunks(), stored_rows.combine_chunks()
    if first.equals(second):
        return np.zeros(len(first), bool)
    return np.fromiter(map(operator.ne, first.to_pylist(), second.to_pylist()), bool, len(first))


def _example(table: Table, made_rows: pa.Table, stored_rows: pa.Table, column: str, row: int) -> str:
    key = " ".join(str(made_rows[name][row]) for name in table.key)
    stored_value = stored_rows[column][row].as_py() if column in stored_rows.column_names else "nothing"
    return f", such as {column} of {key}: {stored_value} for {made_rows[column][row].as_py()}"


def _validation(folder: Folder, again: _Again) -> Finding:
    right = {
        **report(again.tallies, again.plan.request.validation).document(),
        "notes": [*again.plan.notes, *again.tallies.told],
    }
    try:
        document = folder.read_json(VALIDATION) if folder.holds(VALIDATION) else None
    except ValueError:
        document = "no JSON"
    right = json.loads(json.dumps(right))
    return Finding(VALIDATION, SAME, len(right["checks"]), int(document != right), _first_difference(document, right))


def _first_difference(document: Any, right: Any) -> str:
    if document == right:
        return ""
    if not isinstance(document, dict):
        return ": it is missing, or no report"
    lines = [
        (check, other)
        for check, other in zip(document.get("checks", []), right["checks"], strict=False)
        if check != other
    ]
    return (
        f", such as {_shown(lines[0][0])} for {_shown(lines[0][1])}" if lines else ": in what is said beside its checks"
    )
