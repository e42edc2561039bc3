"""hl7v2_adt: one file of admission, registration, transfer, update and discharge messages, by person and time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from healthsim_core import Columns, Destination, Run, Text, text
from patientsim.formats.directory import Directory
from patientsim.formats.hl7v2 import segments, visits
from patientsim.formats.hl7v2.messages import messages
from patientsim.formats.records import Records

FILE = "adt.hl7"
NEEDS = ("core.person", "patientsim.patient", "patientsim.encounter", "patientsim.transfer", "patientsim.condition")
NO_VISIT = "PV1|1|N\r"


class Adt:
    """Writes the messages of people, in order of person."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self._file, self._run = destination.open(FILE), run
        self._directory = Directory({})

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take a chunk's tables."""
        self._directory.learn(tables)
        for lines in text.batches(rendered_messages(Records.of(tables, self._run, self._directory, NEEDS))):
            self._file.write(lines)

    def close(self) -> None:
        """Nothing is left to write."""


def rendered_messages(part: Records) -> text.Joined:
    """The messages of some people, each with its line feed."""
    message = messages(part)
    of_visit = message.array("visit") >= 0
    if of_visit.all():
        return _about_visits(part, message)
    about = {True: message.where(of_visit), False: message.where(~of_visit)}
    texts = [_about_visits(part, about[True]), _about_people(part, about[False])]
    return text.merged([(np.flatnonzero(of_visit), texts[0]), (np.flatnonzero(~of_visit), texts[1])])


def _about_visits(part: Records, message: Columns) -> text.Joined:
    encounter = part["patientsim.encounter"].take(message.array("visit"))
    pv1 = visits.visit(message, encounter, part)
    return _joined(part, message, encounter.text("facility_npi"), pv1, visits.diagnoses(message, encounter, part))


def _about_people(part: Records, message: Columns) -> text.Joined:
    return _joined(part, message, Text.constant(None, message.rows), NO_VISIT, "")


def _joined(part: Records, message: Columns, facility: Text, pv1: text.Piece, diagnoses: text.Piece) -> text.Joined:
    person = message.array("person")
    sender = facility.or_else(segments.FALLBACK["code"])
    died = part["patientsim.patient"].array("deceased_time")[segments.charts(part)][person]
    return text.joined(
        segments.header(part, message, sender),
        Text(person, segments.patient(part)),
        segments.ending(message, died),
        pv1,
        diagnoses,
        segments.insurance(part, message),
        "\n",
    )
