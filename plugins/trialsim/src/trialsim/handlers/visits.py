"""Visits that took place, matched with the schedule."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, first_of
from trialsim.handlers.participation import Batch, Participation, at
from trialsim.protocol import Protocol

NO_VISIT = ("LOST TO FOLLOW-UP", "DEATH")  # ways to leave without a last visit
UNSCHEDULED = "unscheduled"


@attrs.frozen(eq=False)
class Visits:
    """Visits of a chunk's subjects, sorted by subject and time.

    Attributes:
        subject: Int array: row in the participation.
        number: Float array: visit number.
        kind: Text: role in the schedule, or unscheduled.
        batch: The events behind them.
    """

    subject: NDArray[np.intp]
    number: NDArray[np.float64]
    kind: Text
    batch: Batch

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def time(self) -> NDArray[np.datetime64]:
        """When, `datetime64[s]`."""
        return self.batch.events.time

    @property
    def date(self) -> NDArray[np.datetime64]:
        """When, `datetime64[D]`."""
        return self.batch.events.date

    def names(self, protocol: Protocol) -> Text:
        """Names of the visits."""
        planned = {visit.number: visit.name for visit in protocol.visits}
        distinct, codes = np.unique(self.number, return_inverse=True)
        return Text(codes, [planned.get(number) or f"UNSCHEDULED {number:.2f}" for number in distinct.tolist()])

    def dates_of(self, role: str, subjects: int) -> NDArray[np.datetime64]:
        """Date of each subject's first visit of a role, NaT where there was none."""
        visits = self.batch.where(self.kind == role)
        return at(first_of(visits.subject, subjects), visits.events.date)


def visits_of(part: Participation) -> Visits:
    """Every visit of the subjects, numbered."""
    batch = part.batch.of("screening", "randomization", "scheduled_visit", "unscheduled_visit", "withdrawal")
    number = _planned_numbers(batch, part)
    batch, number = batch.where(number >= 0), number[number >= 0]
    number = np.where(_is_first(batch.subject, number), number, 0)  # a planned visit takes place once
    roles = {visit.number: visit.role for visit in part.protocol.visits}
    distinct, codes = np.unique(number, return_inverse=True)
    kind = Text(codes, [roles.get(planned, UNSCHEDULED) for planned in distinct.tolist()])
    return Visits(batch.subject, _between(number), kind, batch)


def visit_table(part: Participation, visits: Visits, epoch: Text) -> Columns:
    """Rows of trialsim.visit."""
    days = {visit.number: visit.day for visit in part.protocol.visits}
    planned = np.array([days.get(number) or np.nan for number in visits.number.tolist()], np.float64)
    unscheduled = visits.kind == UNSCHEDULED
    reason = visits.batch.events.parameters.text("reason")
    columns: dict[str, Any] = {
        **part.identity(visits.subject), "visit_number": visits.number, "visit": visits.names(part.protocol),
        "visit_id": visits.batch.events.id, "kind": visits.kind, "planned_day": planned, "time": visits.time,
        "reason": reason.only(unscheduled), "epoch": epoch,
    }  # fmt: skip
    return Columns(columns, len(visits))


def _planned_numbers(batch: Batch, part: Participation) -> NDArray[np.float64]:
    events, protocol = batch.events, part.protocol
    number = np.asarray(events.parameters["visit_number"], np.float64).copy()
    scheduled = events.type == "scheduled_visit"
    known = np.isin(number, [visit.number for visit in protocol.visits])
    number = np.where(scheduled & ~known, _nearest(batch, part), number)
    for event_type, role in (("screening", "screening"), ("randomization", "randomization")):
        visit = protocol.visit(role)
        number = np.where(events.type == event_type, visit.number if visit else -1, number)
    number = np.where(events.type == "unscheduled_visit", 0, number)
    return np.where(events.type == "withdrawal", _early_termination(batch, part), number)


def _nearest(batch: Batch, part: Participation) -> NDArray[np.float64]:
    """The planned visit whose day is nearest, for a scheduled visit that does not say which it is."""
    planned = [
        visit
        for visit in part.protocol.visits
        if visit.day is not None and visit.role not in ("screening", "randomization")
    ]
    if not planned:
        return np.zeros(len(batch))
    day = (batch.events.date - part.randomized.astype("datetime64[D]")[batch.subject]).astype(np.float64) + 1
    distance = np.abs(day[:, None] - np.array([visit.day for visit in planned], np.float64)[None, :])
    return np.asarray(
        np.array([visit.number for visit in planned], np.float64)[np.nan_to_num(distance, nan=0).argmin(axis=1)]
    )


def _early_termination(batch: Batch, part: Participation) -> NDArray[np.float64]:
    visit = part.protocol.visit("early_termination")
    left = ~np.isnat(part.randomized[batch.subject]) & ~part.reason[batch.subject].isin(NO_VISIT)
    first = batch.events.time == part.withdrawn[batch.subject]
    return np.where(left & first, visit.number, -1.0) if visit else np.full(len(batch), -1.0)


def _is_first(subject: NDArray[np.intp], number: NDArray[np.float64]) -> NDArray[np.bool_]:
    first = np.zeros(len(subject), bool)
    first[np.unique(np.stack([subject, number], axis=1), axis=0, return_index=True)[1]] = True
    return np.asarray(first | (number == 0))


def _between(number: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unscheduled visits (0) take the number of the planned one before them, and a hundredth more each."""
    place = np.arange(len(number))
    before = np.maximum.accumulate(np.where(number > 0, place, 0)) if len(number) else place
    return np.round(number[before] + (place - before) / 100, 2)
