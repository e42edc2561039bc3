"""Adverse events and protocol deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text
from trialsim.handlers.exposure import INTERRUPTED, REDUCED, Dosing
from trialsim.handlers.participation import NEVER, Batch, Participation

SEVERITIES = ("MILD", "MODERATE", "SEVERE")
ACTIONS = ("NOT APPLICABLE", "DOSE NOT CHANGED", "DOSE REDUCED", "DRUG INTERRUPTED", "DRUG WITHDRAWN")
OUTCOMES = ("NOT RECOVERED/NOT RESOLVED", "RECOVERED/RESOLVED", "FATAL")
DEVIATION, DEVIATION_KIND = "Protocol deviation, not specified", "OTHER"
EVENT = "Adverse event, not specified"
DAYS, SERIOUS_DAYS = 7.0, 14.0  # usual duration where nobody says


def adverse_event_table(part: Participation, dosing: Dosing, ended: NDArray[np.datetime64]) -> Columns:
    """Rows of trialsim.adverse_event, serious ones too."""
    batch = part.batch.of("adverse_event", "serious_adverse_event")
    events, subject = batch.events, batch.subject
    serious = events.type == "serious_adverse_event"
    deaths = part.batch.of("death")
    fatal = np.isin(events.id, deaths.events.cause)
    end, outcome = _resolution(part, batch, ended, fatal)
    on_treatment = dosing.epoch(subject, events.date) == "TREATMENT"
    columns: dict[str, Any] = {
        "adverse_event_id": events.id, **part.identity(subject), "term": _text(batch, "term").or_else(EVENT),
        "severity": _severity(batch, serious), "serious": serious, "seriousness": _seriousness(batch, serious, fatal),
        "related": on_treatment & events.draw.happens("related", _number(batch, "related", 0.0)),
        "action": _action(part, batch, on_treatment), "outcome": outcome, "start_date": events.date, "end_date": end,
        "epoch": dosing.epoch(subject, events.date),
    }  # fmt: skip
    return Columns(columns, len(batch))


def deviation_table(part: Participation, dosing: Dosing) -> Columns:
    """Rows of trialsim.deviation."""
    batch = part.batch.of("protocol_deviation")
    columns: dict[str, Any] = {
        "deviation_id": batch.events.id, **part.identity(batch.subject), "term": _text(batch, "term").or_else(DEVIATION),
        "category": _text(batch, "category").or_else(DEVIATION_KIND), "date": batch.events.date,
        "epoch": dosing.epoch(batch.subject, batch.events.date),
    }  # fmt: skip
    return Columns(columns, len(batch))


def _resolution(part: Participation, batch: Batch, ended: NDArray[Any], fatal: NDArray[np.bool_]) -> tuple[NDArray[Any], Text]:
    serious = batch.events.type == "serious_adverse_event"
    usual = _number(batch, "days", np.where(serious, SERIOUS_DAYS, DAYS))
    lasted = np.maximum(1, np.rint(usual * batch.events.draw.uniform("days", 0.4, 1.6)))
    end = batch.events.date + lasted.astype("timedelta64[D]")
    known = np.fmin(ended[batch.subject], part.as_of)
    resolved = (end <= known) & ~fatal
    end = np.where(fatal, part.died[batch.subject], np.where(resolved, end, NEVER))
    return end, Text(np.where(fatal, 2, resolved * 1), OUTCOMES)


def _severity(batch: Batch, serious: NDArray[np.bool_]) -> Text:
    """As the journey says, else drawn by the term's own shares of mild and moderate ones."""
    mild = _number(batch, "mild", np.where(serious, 0.0, 0.65))
    moderate = _number(batch, "moderate", np.where(serious, 0.3, 0.3))
    unit = batch.events.draw.uniform("severity")
    drawn = Text((unit >= mild) * 1 + (unit >= mild + moderate) * 1, SEVERITIES)
    stated = _text(batch, "severity").recode(lambda word: word.upper() if word.upper() in SEVERITIES else None)
    return stated.or_else(drawn)


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
    column = batch.events.parameters[name]
    assert isinstance(column, Text)
    return column


def _number(batch: Batch, name: str, usual: Any) -> NDArray[np.float64]:
    stated = np.asarray(batch.events.parameters[name], np.float64)
    return np.where(np.isnan(stated), usual, stated)
