"""Adverse events and protocol deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, text
from trialsim.handlers.exposure import INTERRUPTED, REDUCED, Dosing
from trialsim.handlers.participation import NEVER, Batch, Participation

SEVERITIES = ("MILD", "MODERATE", "SEVERE")
ACTIONS = ("NOT APPLICABLE", "DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN")
OUTCOMES = ("NOT RECOVERED/NOT RESOLVED", "RECOVERED/RESOLVED", "FATAL")


def adverse_event_table(part: Participation, dosing: Dosing, ended: NDArray[np.datetime64]) -> Columns:
    """Rows of trialsim.adverse_event, serious ones too."""
    batch = part.batch.of("adverse_event", "serious_adverse_event")
    events, subject = batch.events, batch.subject
    fatal = np.isin(events.id, part.batch.of("death").events.cause)
    serious = (events.type == "serious_adverse_event") | fatal
    end, outcome = _resolution(part, batch, ended, serious, fatal)
    epoch = dosing.epoch(subject, events.date)
    on_treatment, dosed = epoch == "TREATMENT", epoch != "SCREENING"
    columns: dict[str, Any] = {
        "adverse_event_id": events.id, **part.identity(subject),
        "term": _text(batch, "term").or_else(part.protocol["unstated"]["term"]),
        "severity": _severity(part, batch, serious), "serious": serious,
        "seriousness": _seriousness(batch, serious, fatal),
        "related": dosed & events.draw.happens("related", _number(batch, "related", 0.0)),
        "action": _action(part, batch, on_treatment), "outcome": outcome, "start_date": events.date, "end_date": end,
        "epoch": epoch,
    }  # fmt: skip
    return Columns(columns, len(batch))


def deviation_table(part: Participation, dosing: Dosing) -> Columns:
    """Rows of trialsim.deviation."""
    batch, unstated = part.batch.of("protocol_deviation"), part.protocol["unstated"]
    columns: dict[str, Any] = {
        "deviation_id": batch.events.id, **part.identity(batch.subject),
        "term": _text(batch, "term").or_else(unstated["deviation"]),
        "category": _text(batch, "category").or_else(unstated["deviation_category"]), "date": batch.events.date,
        "epoch": dosing.epoch(batch.subject, batch.events.date),
    }  # fmt: skip
    return Columns(columns, len(batch))


def _resolution(
    part: Participation, batch: Batch, ended: NDArray[Any], serious: NDArray[np.bool_], fatal: NDArray[np.bool_]
) -> tuple[NDArray[Any], Text]:
    unstated = part.protocol["unstated"]
    usual = _number(batch, "days", _usual(part, serious, "days"))
    lasted = np.maximum(
        1, np.rint(usual * batch.events.draw.uniform("days", unstated["lasts_from"], unstated["lasts_to"]))
    )
    end = np.fmax(batch.events.date + lasted.astype("timedelta64[D]"), _last_consequence(part, batch))
    known = np.fmin(ended[batch.subject], part.as_of)
    resolved = (end <= known) & ~fatal
    end = np.where(fatal, part.died[batch.subject], np.where(resolved, end, NEVER))
    return end, Text(np.where(fatal, 2, resolved * 1), OUTCOMES)


def _last_consequence(part: Participation, batch: Batch) -> NDArray[np.datetime64]:
    """Day of the last dose change or withdrawal that each event led to: it lasts till then; NaT for none."""
    followed = part.batch.of("dose_modification", "withdrawal").events
    last = np.full(len(batch) + 1, NEVER, "datetime64[D]")
    rows = text.positions(batch.events.id, followed.cause)
    last[rows] = followed.date  # sorted by time: the last one stands
    return last[:-1]


def _usual(part: Participation, serious: NDArray[np.bool_], name: str) -> NDArray[np.float64]:
    unstated = part.protocol["unstated"]
    return np.asarray(np.where(serious, unstated["serious"][name], unstated["common"][name]), np.float64)


def _severity(part: Participation, batch: Batch, serious: NDArray[np.bool_]) -> Text:
    """As the journey says, else drawn by the term's own shares of mild and moderate ones."""
    mild, moderate = (_number(batch, name, _usual(part, serious, name)) for name in ("mild", "moderate"))
    unit = batch.events.draw.uniform("severity")
    drawn = Text((unit >= mild) * 1 + (unit >= mild + moderate) * 1, SEVERITIES)
    return _text(batch, "severity").or_else(drawn)


def _seriousness(batch: Batch, serious: NDArray[np.bool_], fatal: NDArray[np.bool_]) -> Text:
    stated = _text(batch, "seriousness").or_else("medically_important")
    codes = np.where(fatal, len(stated.values), np.where(serious, stated.codes, -1))
    return Text(codes, [*stated.values.to_pylist(), "death"])


def _action(part: Participation, batch: Batch, on_treatment: NDArray[np.bool_]) -> Text:
    changes = part.batch.of("dose_modification").events
    left = part.batch.of("withdrawal").events
    what = changes.parameters["action"]
    codes = np.where(on_treatment, 1, 0)
    codes = np.where(np.isin(batch.events.id, changes.cause[what == REDUCED]), 2, codes)
    codes = np.where(np.isin(batch.events.id, changes.cause[what == INTERRUPTED]), 3, codes)
    codes = np.where(np.isin(batch.events.id, left.cause), 4, codes)
    return Text(np.where(on_treatment, codes, 0), ACTIONS)


def _text(batch: Batch, name: str) -> Text:
    return batch.events.parameters.text(name)


def _number(batch: Batch, name: str, usual: Any) -> NDArray[np.float64]:
    stated = np.asarray(batch.events.parameters[name], np.float64)
    return np.where(np.isnan(stated), usual, stated)
