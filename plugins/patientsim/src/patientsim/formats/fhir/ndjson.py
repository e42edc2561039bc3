"""fhir_r4: one NDJSON file a resource type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from healthsim_core import Destination, Run, text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir import organizations
from patientsim.formats.fhir.elements import PREFIX
from patientsim.formats.fhir.mapping import RESOURCES
from patientsim.formats.fhir.shared import FACILITY, MAKERS, PROVIDER, referred, used
from patientsim.formats.records import Records

TYPES = tuple(dict.fromkeys(resource.type for resource in RESOURCES))


class Ndjson:
    """Writes people's resources as they come, and tells at the end which clinicians and organizations they refer to."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self._destination, self._run = destination, run
        self._directory = Directory({})
        self._referred: dict[str, set[str]] = {kind: set() for kind in MAKERS}

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take a chunk's tables."""
        self._directory.learn(tables)
        records = Records.of(tables, self._run, self._directory)
        for name in TYPES:
            for lines in _lines(name, records):
                self._destination.open(f"{name}.ndjson").write(lines)
        for kind, _, number in referred(records):
            self._referred[kind] |= used(number)

    def close(self) -> dict[str, list[str]]:
        """Whom the resources refer to: numbers by kind."""
        return {kind: sorted(numbers) for kind, numbers in self._referred.items()}


def write_referred(
    destination: Destination, run: Run, tables: Mapping[str, pa.Table], parts: Sequence[Mapping[str, list[str]]]
) -> None:
    """Write whom the resources of all parts refer to, once, by kind and number."""
    directory = Directory(tables)
    numbers = {kind: {number for referred_to in parts for number in referred_to[kind]} for kind in MAKERS}
    own = {organizations.employer(directory, number) for number in numbers[PROVIDER]}
    numbers[FACILITY] |= {number for number in own if number}
    for kind, make in MAKERS.items():
        for number in sorted(numbers[kind]):
            for resource in make(directory, number):
                file = destination.open(f"{resource['resourceType']}.ndjson")
                file.write(organizations.json_text(resource) + "\n", rows=1)


def _lines(name: str, records: Records) -> Iterator[pa.Array]:
    """The resources of one type; by person where they come of several tables,
    so that it does not matter where chunks end."""
    parts = []
    for resource in RESOURCES:
        rows = resource.rows(records) if resource.type == name else None
        if rows is not None and rows.columns.rows:
            opening = f'{{"resourceType":"{name}","id":"{PREFIX}'
            parts.append((rows.person, text.joined(opening, rows.ids, '"', *resource.build(rows), "}\n")))
    if parts:
        yield from text.batches(text.merged(parts))
