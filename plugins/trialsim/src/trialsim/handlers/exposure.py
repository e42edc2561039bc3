"""Dosing: intervals of constant dose from the first dose to the last."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, latest_of
from trialsim.handlers.participation import NEVER, Participation
from trialsim.handlers.visits import Visits

ONE_DAY = np.timedelta64(1, "D")
# subject, start, end, share of the dose
Intervals = tuple[NDArray[np.intp], NDArray[Any], NDArray[Any], NDArray[np.float64]]
REDUCED, INTERRUPTED, RESTORED = "reduced", "interrupted", "restored"


@attrs.frozen(eq=False)
class Dosing:
    """Dosing of a chunk's subjects.

    Attributes:
        first: `datetime64[D]` (subjects,): first dose, NaT for none.
        last: `datetime64[D]` (subjects,): last dose, NaT while treatment goes on.
        subject: Int array (intervals,): row in the participation.
        start: `datetime64[D]` (intervals,).
        end: `datetime64[D]` (intervals,), NaT while it goes on.
        factor: Float array (intervals,): share of the arm's dose.
    """

    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    subject: NDArray[np.intp]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    factor: NDArray[np.float64]

    def visit_epoch(self, visits: Visits) -> Text:
        """Epoch of each visit: that of the first dose comes before the dose."""
        epoch = self.epoch(visits.subject, visits.date)
        return Text(np.where(visits.kind == "randomization", 0, epoch.codes), epoch.values)

    def epoch(self, subject: NDArray[np.intp], date: NDArray[np.datetime64]) -> Text:
        """Epoch of each date: the first dose begins TREATMENT, the day after the last one FOLLOW-UP."""
        codes = np.where(date >= self.first[subject], 1, 0)
        return Text(np.where(date > self.last[subject], 2, codes), ["SCREENING", "TREATMENT", "FOLLOW-UP"])


def dosing_of(part: Participation, visits: Visits, ended: NDArray[np.datetime64]) -> Dosing:
    """Dosing from randomisation to the end-of-treatment visit, withdrawal or death, whichever comes first.

    Args:
        part: The subjects.
        visits: Their visits.
        ended: `datetime64[D]` (subjects,): end of participation, NaT while it goes on.
    """
    first = part.randomized.astype("datetime64[D]")
    last = _last(part, visits, first, ended)
    how = part.protocol["dosing"]
    intervals = _single_doses if "visits" in how else _cyclic_doses if "cycle" in how else _daily_doses
    subject, start, end, factor = intervals(part, visits, first, last)
    taken = np.full(len(part), NEVER, "datetime64[D]")
    taken[subject] = end  # sorted by start: the last interval's end stands
    last = np.where(np.isnat(last), last, taken)
    return Dosing(first, last, subject, start, end, factor)


def exposure_table(part: Participation, dosing: Dosing) -> Columns:
    """Rows of trialsim.exposure."""
    protocol = part.protocol
    arm = part.arm[dosing.subject]
    dose = np.array([planned.dose for planned in protocol.arms])[arm] * dosing.factor
    how = protocol["dosing"]
    columns: dict[str, Any] = {
        **part.identity(dosing.subject), "start_date": dosing.start, "end_date": dosing.end,
        "treatment": Text(arm, [planned.treatment for planned in protocol.arms]), "dose": dose,
        "dose_unit": how["unit"],
        "form": how["form"],
        "frequency": how["frequency"], "route": how["route"], "epoch": "TREATMENT",
    }  # fmt: skip
    return Columns(columns, len(dosing.subject))


def _single_doses(part: Participation, visits: Visits, first: NDArray[Any], last: NDArray[Any]) -> Intervals:
    """A dose at each of some visits."""
    given = np.isin(visits.number, part.protocol["dosing"]["visits"]) & (visits.date >= first[visits.subject])
    day = visits.date[given]
    return visits.subject[given], day, day, np.ones(len(day))


def _daily_doses(part: Participation, visits: Visits, first: NDArray[Any], last: NDArray[Any]) -> Intervals:
    """A dose every day from first to last: an interval from each visit or change to the next."""
    subject, start, factor, paused = _boundaries(part, visits, first, last)
    follows = np.append(subject[1:] == subject[:-1], False) if len(subject) else np.empty(0, bool)
    end = np.where(follows, np.append(start[1:], [NEVER]) - ONE_DAY, last[subject])
    kept = ~paused & ~(end < start)
    return subject[kept], start[kept], end[kept], factor[kept]


def _cyclic_doses(part: Participation, visits: Visits, first: NDArray[Any], last: NDArray[Any]) -> Intervals:
    """A dose a day on the first days of each cycle, which begins with a visit and ends with the next one's."""
    subject, start, end, factor = _daily_doses(part, visits, first, last)
    opens = _opening(part, visits)
    at = latest_of(visits.subject[opens], visits.date[opens], subject, start)
    until = visits.date[opens][at] + np.timedelta64(part.protocol["dosing"]["cycle"]["days"] - 1, "D")
    goes_on = np.isnat(end) & (until > part.as_of)
    kept = ~(start > until)
    end = np.where(goes_on, NEVER, np.fmin(end, until))
    return subject[kept], start[kept], end[kept], factor[kept]


def _opening(part: Participation, visits: Visits) -> NDArray[np.intp]:
    """The visits with which dosing begins anew: those that open a cycle, or those where the drug is dispensed."""
    cycle = part.protocol["dosing"].get("cycle")
    return np.flatnonzero(visits.kind == "treatment" if cycle is None else np.isin(visits.number, cycle["visits"]))


def _last(part: Participation, visits: Visits, first: NDArray[Any], ended: NDArray[Any]) -> NDArray[Any]:
    planned = first + np.timedelta64(part.protocol.treatment_days - 1, "D")
    end_of_treatment = part.protocol.visit("end_of_treatment")
    latest = planned + np.timedelta64(
        end_of_treatment.window[1] if end_of_treatment and end_of_treatment.window else 0, "D"
    )
    came = visits.dates_of("end_of_treatment", len(part))
    last = np.where(np.isnat(came), np.where(latest < part.as_of, planned, NEVER), came)
    return np.asarray(np.fmin(last, ended))


def _boundaries(
    part: Participation, visits: Visits, first: NDArray[Any], last: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[Any], NDArray[np.float64], NDArray[np.bool_]]:
    """Days on which an interval begins: (subject, day, share of the dose, whether dosing pauses), sorted."""
    dosed = np.flatnonzero(~np.isnat(first))
    dispensed = _opening(part, visits)
    changes = part.batch.of("dose_modification")
    action, stated = changes.events.parameters.text("action"), np.asarray(changes.events.parameters["days"], np.float64)
    days = np.where(np.isnan(stated), part.protocol["dosing"]["interruption_days"], stated).astype("timedelta64[D]")
    share = action.map(lambda word: {REDUCED: part.protocol["dosing"]["reduced_to"], RESTORED: 1.0}.get(word, np.nan))
    pause = np.flatnonzero(action == INTERRUPTED)
    change_day = changes.events.date
    subject = np.concatenate([dosed, visits.subject[dispensed], changes.subject, changes.subject[pause]])
    day = np.concatenate([first[dosed], visits.date[dispensed], change_day, (change_day + days)[pause]])
    factor = np.concatenate([np.ones(len(dosed)), np.full(len(dispensed), np.nan), share, np.full(len(pause), np.nan)])
    step = np.concatenate(
        [np.zeros(len(dosed) + len(dispensed)), (action == INTERRUPTED) * 1.0, np.full(len(pause), -1.0)]
    )
    within = ~np.isnat(first[subject]) & (day >= first[subject]) & ~(day > last[subject]) & ~(day > part.as_of)
    subject, day, factor, step = subject[within], day[within], factor[within], step[within]
    order = np.lexsort((np.isnan(factor), day, subject))
    subject, day, factor, step = subject[order], day[order], factor[order], step[order]
    paused = np.cumsum(step)
    begins = np.searchsorted(subject, subject)
    paused = paused - (paused - step)[begins] if len(paused) else paused
    known = (
        np.maximum.accumulate(np.where(np.isnan(factor), 0, np.arange(len(factor))))
        if len(factor)
        else np.empty(0, np.intp)
    )
    final = (
        np.append((subject[1:] != subject[:-1]) | (day[1:] != day[:-1]), True) if len(subject) else np.empty(0, bool)
    )
    return subject[final], day[final], factor[known][final], (paused > 0)[final]
