"""`core.measure`: each value that is measured of a body, and what it truly is at that moment."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from healthsim_core.columns import Columns
from healthsim_core.handling.dispatch import Dispatcher
from healthsim_core.patterns.timing import moments
from healthsim_core.person_state.declared import Declared
from healthsim_core.planning.plan import Plan
from healthsim_core.timeline.state import Timeline
from healthsim_core.world import MEASURE


def measure_rows(plan: Plan, timeline: Timeline, dispatcher: Dispatcher) -> Columns:
    """Rows of `core.measure`, sorted by person and time: what events measure, and what handlers have asked for."""
    taken = _taken(plan, timeline, dispatcher)
    declared = plan.catalog.derived(Declared.of).written
    parts = []
    for name, several in sorted(taken.items()):
        unit = declared[name].measure.unit
        parts.append(_valued(timeline, name, _once(Columns.concat(several))).assign(measure=name, unit=unit))
    if not parts:
        return Columns({field.name: field.nulls(0) for field in MEASURE.fields}, 0)
    whole = Columns.concat(parts)
    return whole.take(np.lexsort((whole.array("time"), whole.array("person_id"))))


def _taken(plan: Plan, timeline: Timeline, dispatcher: Dispatcher) -> dict[str, list[Columns]]:
    """By measure, of whom it is taken, when, and by which event; 0 for none."""
    taken, sources = defaultdict[str, list[Columns]](list), timeline.state.sources
    for index, node in enumerate(plan.nodes):
        happened = timeline.happened[index]
        kept = np.flatnonzero(happened.kept)
        columns = {name: getattr(happened, name)[kept] for name in ("row", "minute", "moment", "id")}
        for name in node.measures & sources.read if len(kept) else ():
            taken[name].append(Columns(columns))
    for name, row, minute in dispatcher.noted or ():
        if name in sources.read | sources.asked and len(row):
            taken[name].append(Columns({"row": row, "minute": minute, "moment": minute, "id": 0}))
    return taken


def _once(taken: Columns) -> Columns:
    """What is taken at one moment is one specimen: who asks beside an event, or again, asks for the same."""
    row, minute, beside = taken.array("row"), taken.array("minute"), taken.array("id") == 0
    order = np.lexsort((beside, minute, row))
    same = (np.diff(row[order], prepend=-1) == 0) & (np.diff(minute[order], prepend=0) == 0)
    return taken.take(order[~(same & beside[order])])


def _valued(timeline: Timeline, name: str, taken: Columns) -> Columns:
    row, minute, state = taken.array("row"), taken.array("minute"), timeline.state
    columns: dict[str, Any] = {
        "person_id": np.asarray(timeline.people["person_id"])[row],
        "event_id": taken.array("id"),
        "time": moments(taken.array("moment")),
        "value": state.measured(name, row, minute),
        "true_value": state.true(name, row, minute),
    }
    return Columns(columns, len(row))
