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

from healthsim_core import Destination, Run, Text, text
from patientsim.formats.directory import Directory
from patientsim.formats.fhir import organizations
from patientsim.formats.fhir.elements import BASE, PREFIX
from patientsim.formats.fhir.mapping import RESOURCES
from patientsim.formats.fhir.shared import MAKERS, by_person
from patientsim.formats.fragments import rendered
from patientsim.formats.records import Records

FILE = "bundles.ndjson"
Entries = tuple[NDArray[np.intp], text.Piece]  # in order of person


class Bundles:
    """Writes Bundles, in order of person."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self._file, self._run = destination.open(FILE), run
        self._directory = Directory({})
        self._of = functools.cache(self._entries)

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take a chunk's tables."""
        self._directory.learn(tables)
        for part in Records.of(tables, self._run, self._directory).parts():
            for content in text.batches(bundles(part, self._of)):
                self._file.write(content, rows=0)
            self._file.write(b"", rows=part.people.rows)

    def close(self) -> None:
        """Nothing is left to write."""

    def _entries(self, kind: str, number: str) -> str:
        return ",".join(map(_entry, MAKERS[kind](self._directory, number)))


def bundles(part: Records, shared: Callable[[str, str], str]) -> text.Joined:
    """One Bundle for each person of a part, with its line end: its opening, its entries and its end are a row each.

    Args:
        part: The people and their rows.
        shared: From a kind (payer, facility, provider) and a number to the entries, "" where it is not known.
    """
    people = np.arange(part.people.rows)
    opening = text.joined(
        f'{{"resourceType":"Bundle","id":"{PREFIX}', part.person_ids, '","type":"transaction","entry":['
    )
    end = Text.constant("]}\n", len(people))
    return text.merged(
        [(people, opening), *_separated([*_shared_entries(part, shared), *_entries(part)], len(people)), (people, end)]
    )


def _separated(parts: list[Entries], people: int) -> Iterator[Entries]:
    """Entries with a comma before each but a person's first."""
    begun = np.zeros(people, bool)
    for person, entry in parts:
        first = ~begun[person] & (np.diff(person, prepend=-1) != 0)
        begun[person] = True
        yield person, text.joined(Text.constant(",", len(first)).only(~first), entry)


def _entries(part: Records) -> Iterator[Entries]:
    for resource in RESOURCES:
        rows = resource.rows(part)
        if not rows.columns.rows:
            continue
        number = rows.ids
        url = f"{resource.type}/{PREFIX}"
        yield (
            rows.person,
            text.joined(
                f'{{"fullUrl":"{BASE}/{url}',
                number,
                f'","resource":{{"resourceType":"{resource.type}","id":"{PREFIX}',
                number,
                '"',
                *resource.build(rows),
                f'}},"request":{{"method":"PUT","url":"{url}',
                number,
                '"}}',
            ),
        )


def _shared_entries(part: Records, shared: Callable[[str, str], str]) -> Iterator[Entries]:
    for kind, (row, number) in by_person(part).items():
        text_of = rendered(functools.partial(shared, kind), number)
        known = text_of != ""
        yield row[known], text_of[known]


def _entry(resource: dict[str, object]) -> str:
    url = f"{resource['resourceType']}/{resource['id']}"
    body = organizations.json_text(resource)
    return f'{{"fullUrl":"{BASE}/{url}","resource":{body},"request":{{"method":"PUT","url":"{url}"}}}}'
