"""Who takes part in the trial, from when to when, in which arm: what every table of a subject starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Events, People, Text, first_of, text
from trialsim.protocol import Protocol, protocol_of, site_numbers
from trialsim.randomization import arm_positions

NEVER = np.datetime64("NaT")
MEASURED = ("a1c", "egfr", "bmi", "height", "systolic", "diastolic")  # parameters of a screening
DIGITS = 9  # of a subject number, after the namespace


@attrs.frozen(eq=False)
class Batch:
    """Events of subjects and whose they are: `subject` indexes the participation's rows."""

    events: Events
    subject: NDArray[np.intp]

    def of(self, *types: str) -> Batch:
        """Only the events of these types."""
        return self.where(self.events.type.isin(types))

    def where(self, mask: NDArray[np.bool_]) -> Batch:
        """Only the events where `mask` is True."""
        return Batch(self.events.where(mask), self.subject[mask])

    def __len__(self) -> int:
        return len(self.subject)


@attrs.frozen(eq=False)
class Participation:
    """The subjects of a chunk, one row each, sorted by person.

    Attributes:
        protocol: The protocol.
        people: The chunk's people.
        row: Int array: the subject's row in `people`.
        consent: `datetime64[s]`: informed consent, at the screening visit.
        randomized: `datetime64[s]`, NaT for those who were not.
        arm: Int array: index of the arm, -1 for none.
        withdrawn: `datetime64[s]`: when the subject left, NaT.
        reason: Text: why the subject left.
        died: `datetime64[D]`: death, NaT.
        site: Text: site number.
        number: Text: subject number.
        usubjid: Text: unique subject identifier.
        known: Float arrays by name: what the journey says was measured at screening, NaN where it does not.
        batch: The events from consent to withdrawal or death.
    """

    protocol: Protocol
    people: People
    row: NDArray[np.intp]
    consent: NDArray[np.datetime64]
    randomized: NDArray[np.datetime64]
    arm: NDArray[np.int64]
    withdrawn: NDArray[np.datetime64]
    reason: Text
    died: NDArray[np.datetime64]
    site: Text
    number: Text
    usubjid: Text
    known: Mapping[str, NDArray[np.float64]]
    batch: Batch

    def __len__(self) -> int:
        return len(self.row)

    @property
    def as_of(self) -> np.datetime64:
        """The world's today."""
        return self.people.run.as_of

    @property
    def screening_failed(self) -> NDArray[np.bool_]:
        """Boolean array (subjects,): not randomised."""
        return np.isnat(self.randomized)

    def identity(self, subject: NDArray[np.intp]) -> dict[str, Any]:
        """The columns that name the subject of each row."""
        return {"usubjid": self.usubjid[subject], "person_id": self.people.id[self.row[subject]]}

    def column(self, name: str) -> Any:
        """A column of the people, a row a subject."""
        return self.people[name][self.row]


def participation(events: Events) -> Participation:
    """The subjects among a chunk's people: those with a screening."""
    protocol = protocol_of(events.run)
    people = events.chunk
    screened = events.where(events.type == "screening")
    row, first = np.unique(screened.row, return_index=True)
    screened = screened.where(np.isin(np.arange(len(screened)), first))
    subject_of = np.full(len(people), -1, np.intp)
    subject_of[row] = np.arange(len(row))
    died = np.asarray(people["death_date"]).astype("datetime64[D]")[row]
    died = np.where(died <= events.run.as_of, died, NEVER)
    batch = _theirs(events, subject_of, screened.time, died)
    left, withdrawn, reason = _withdrawals(batch, len(row))
    batch = batch.where(~(batch.events.time > left[batch.subject]))
    randomized, arm = _randomized(batch, protocol, people, row)
    number = events.run.namespace.text(people.id[row], DIGITS)
    site = _sites(protocol, people, row)
    return Participation(
        protocol, people, row, screened.time, randomized, arm, withdrawn, reason, died, site, number,
        Text.distinct(text.lines(f"{protocol.study_id}-", site, "-", number)),
        {name: np.asarray(screened.parameters[name], np.float64) for name in MEASURED}, batch,
    )  # fmt: skip


def at(rows: NDArray[np.intp], values: NDArray[Any]) -> NDArray[Any]:
    """`values` at `rows`, NaT where the row is -1."""
    return np.append(values, np.datetime64("NaT"))[rows]


def _theirs(events: Events, subject_of: NDArray[np.intp], consent: NDArray[Any], died: NDArray[Any]) -> Batch:
    subject = subject_of[events.row]
    mine = np.flatnonzero(subject >= 0)
    batch = Batch(events.where(subject >= 0), subject[mine])
    after_death = batch.events.date > died[batch.subject]
    return batch.where((batch.events.time >= consent[batch.subject]) & ~after_death)


def _withdrawals(batch: Batch, subjects: int) -> tuple[NDArray[Any], NDArray[Any], Text]:
    withdrawals = batch.of("withdrawal")
    rows = first_of(withdrawals.subject, subjects)
    when = at(rows, withdrawals.events.time)
    stated = withdrawals.events.parameters.text("reason").or_else("WITHDRAWAL BY SUBJECT")
    return when, when, stated.take_or_null(rows)


def _randomized(
    batch: Batch, protocol: Protocol, people: People, row: NDArray[np.intp]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    events = batch.of("randomization")
    rows = first_of(events.subject, len(row))
    when = at(rows, events.events.time)
    stated = events.events.parameters.text("arm")
    codes = {arm.code: index for index, arm in enumerate(protocol.arms)}
    given = np.append(stated.map(lambda code: codes.get(code, -1), np.int64, -1), -1)[rows]
    listed = arm_positions(people.run.seed, protocol, people.id[row])
    return when, np.where(np.isnat(when), -1, np.where(given >= 0, given, listed))


def _sites(protocol: Protocol, people: People, row: NDArray[np.intp]) -> Text:
    within = people.household_draw("trialsim.site").integers("site", 0, protocol.sites_per_county)
    county = people["county_fips"]
    return site_numbers(protocol, county, people.run.counties, within)[row]
