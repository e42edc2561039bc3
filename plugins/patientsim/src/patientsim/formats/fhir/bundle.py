"""fhir_bundle: one transaction Bundle a person, a line each of bundles.ndjson.

Each Bundle is complete: it holds the organizations and clinicians that its resources refer to. Entries are PUT under
the ids they have in fhir_r4, so that loading twice, or loading two people of one clinician, makes nothing double.
References are relative and resolve, by FHIR's rules, against the entries' fullUrls.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Destination, Run, text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir import organizations
from patientsim.formats.fhir.elements import BASE, PREFIX
from patientsim.formats.fhir.mapping import RESOURCES
from patientsim.formats.fhir.shared import MAKERS, by_person
from patientsim.formats.fragments import rendered
from patientsim.formats.records import Records

FILE = "bundles.ndjson"
Entries = tuple[NDArray[np.intp], pa.Array]


class Bundles:
    """Writes Bundles, in order of person."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self._file, self._run = destination.open(FILE), run
        self._directory = Directory({})
        self._first = True
        self._of = functools.cache(self._entries)

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take a chunk's tables."""
        if self._first:
            self._directory, self._first = Directory(tables), False
        for part in Records.of(tables, self._run, self._directory).parts():
            self._file.write(bundles(part, self._of))

    def close(self) -> None:
        """Nothing is left to write."""

    def _entries(self, kind: str, number: str) -> str:
        return ",".join(map(_entry, MAKERS[kind](self._directory, number)))


def bundles(part: Records, shared: Callable[[str, str], str]) -> pa.Array:
    """One Bundle for each person of a part, with its line end.

    Args:
        part: The people and their rows.
        shared: From a kind (payer, facility, provider) and a number to the entries, "" where it is not known.

    Returns:
        Arrow string array (people,).
    """
    people = part.people.rows
    entries, owners = text.interleaved([*_shared_entries(part, shared), *_entries(part)])
    joined = text.grouped(entries, owners, people, ",")
    opening = f'{{"resourceType":"Bundle","id":"{PREFIX}'
    return text.lines(opening, part.person_ids, '","type":"transaction","entry":[', joined, "]}\n")


def _entries(part: Records) -> Iterator[Entries]:
    for resource in RESOURCES:
        rows = resource.rows(part)
        if not rows.columns.rows:
            continue
        number = rows.ids
        url = f"{resource.type}/{PREFIX}"
        yield rows.person, text.lines(
            f'{{"fullUrl":"{BASE}/{url}',
            number,
            f'","resource":{{"resourceType":"{resource.type}","id":"{PREFIX}',
            number,
            '"',
            *resource.build(rows),
            f'}},"request":{{"method":"PUT","url":"{url}',
            number,
            '"}}',
        )


def _shared_entries(part: Records, shared: Callable[[str, str], str]) -> Iterator[Entries]:
    for kind, (row, number) in by_person(part).items():
        text_of = rendered(functools.partial(shared, kind), number)
        known = text_of != ""
        yield row[known], text_of[known].to_arrow()


def _entry(resource: dict[str, object]) -> str:
    url = f"{resource['resourceType']}/{resource['id']}"
    body = organizations.json_text(resource)
    return f'{{"fullUrl":"{BASE}/{url}","resource":{body},"request":{{"method":"PUT","url":"{url}"}}}}'
