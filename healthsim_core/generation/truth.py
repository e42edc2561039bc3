"""`core.measure`: each value that was measured of a body, and what it truly was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text
from healthsim_core.handling.dispatch import Dispatcher
from healthsim_core.patterns.timing import Minutes, moments
from healthsim_core.person_state.declared import Declared
from healthsim_core.planning.plan import Plan
from healthsim_core.timeline.state import Timeline
from healthsim_core.world import MEASURE


def measure_rows(plan: Plan, timeline: Timeline, dispatcher: Dispatcher) -> Columns:
    """Rows of `core.measure`, sorted by person and time: what events measure, and what handlers asked for."""
    parts = [*_of_events(plan, timeline), *_of_handlers(timeline, dispatcher)]
    if not parts:
        return Columns({field.name: field.nulls(0) for field in MEASURE.fields}, 0)
    whole = Columns.concat(parts)
    person, time, name = np.asarray(whole["person_id"]), np.asarray(whole["time"]), whole.text("measure").codes
    order = np.lexsort((np.asarray(whole["event_id"]) == 0, name, time, person))
    rows = whole.take(order[_first_of(person[order], time[order], name[order])])
    units = {one.name: one.measure.unit for one in plan.catalog.derived(Declared.of).written.values()}
    return rows.assign(unit=rows.text("measure").recode(units.get))


def _first_of(*columns: NDArray[Any]) -> NDArray[np.bool_]:
    """The first of equal rows, which stand together: one specimen, whoever asks."""
    changes = [values[1:] != values[:-1] for values in columns]
    return np.append(True, np.logical_or.reduce(changes))


def _of_events(plan: Plan, timeline: Timeline) -> Iterator[Columns]:
    for index, node in enumerate(plan.nodes):
        happened = timeline.happened[index]
        kept = np.flatnonzero(happened.kept)
        for name in sorted(node.measures & timeline.state.sources.read) if len(kept) else ():
            yield _rows(timeline, name, happened.row[kept], happened.minute[kept], happened.id[kept])


def _of_handlers(timeline: Timeline, dispatcher: Dispatcher) -> Iterator[Columns]:
    for name, row, minute in dispatcher.asked:
        if name in timeline.state.sources.asked:
            yield _rows(timeline, name, row, minute, np.zeros(len(row), np.int64))


def _rows(timeline: Timeline, name: str, row: NDArray[np.intp], minute: Minutes, event: NDArray[np.int64]) -> Columns:
    columns = {
        "person_id": np.asarray(timeline.people["person_id"])[row],
        "event_id": event,
        "measure": Text.constant(name, len(row)),
        "time": moments(minute),
        "value": timeline.state.measured(name, row, minute),
        "true_value": timeline.state.true(name, row, minute),
    }
    return Columns(columns, len(row))
