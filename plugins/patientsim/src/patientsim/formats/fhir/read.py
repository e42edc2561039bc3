"""Read fhir_r4 and fhir_bundle back: what the resources say, beside what the tables say they should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from healthsim_core import Records, Truth, read_json_lines
from patientsim.formats.fhir import truth as asked
from patientsim.formats.fhir.entries import FILE, Entries, holds_something_empty
from patientsim.formats.fhir.references import References


def read_ndjson(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """The folder of fhir_r4: a file for each type of resource.
    Those that people's resources refer to are in files of the whole run."""
    yield from _strangers(folder, {f"{name}.ndjson" for name in (*asked.OF_PEOPLE, *asked.OF_ALL)})
    asked.prepare(truth)
    references = References()
    for name, expected in asked.of_people(truth, as_entries=False):
        content = _content(folder / f"{name}.ndjson")
        yield from _empty(content, f"{name}.ndjson")
        records = _resources(name, content, expected)
        references.add(records.said)
        yield records
    for name, expected in asked.of_all(truth, as_entries=False):
        content = _content(folder / f"{name}.ndjson")
        yield from _empty(content, f"{name}.ndjson")
        records = _resources(name, content, expected)
        references.add(records.said)
        if not truth.part:  # of the parts the first looks at them
            yield records
    yield from references.unresolved()


def _resources(name: str, content: bytes, expected: pa.Table) -> Records:
    expected = expected.drop_columns("bundle")
    return Records(name, ["id"], read_json_lines(content, expected.schema), expected)


def read_bundles(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """The folder of fhir_bundle: a Bundle for each person, of which every entry is one record;
    references resolve within each."""
    yield from _strangers(folder, {FILE})
    entries = Entries(folder / FILE, (*asked.OF_PEOPLE, *asked.OF_ALL))
    yield from entries.problems
    asked.prepare(truth)
    yield Records("Bundle", ["id"], entries.heads, truth.select(asked.questions()["Bundle"]))
    references = References()
    for of_kind in (asked.of_people(truth, as_entries=True), asked.of_all(truth, as_entries=True)):
        for name, expected in of_kind:
            records = Records(name, ["bundle", "id"], entries.of(name, expected.schema), expected)
            references.add(records.said, within="bundle")
            yield records
    yield from references.unresolved()


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _strangers(folder: Path, known: set[str]) -> Iterator[str]:
    for path in folder.glob("*"):
        if path.name not in known:
            yield f"{path.name} is no file of this format"


def _empty(content: bytes, name: str) -> Iterator[str]:
    if holds_something_empty(content):
        yield f"{name}: holds something empty"
