"""When a node happens to a chunk's people: once, again and again, or state after state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core.draws import Draws
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.lifecycle import MOST_STEPS, Lifecycle
from healthsim_core.patterns.repeating import Recurrence
from healthsim_core.patterns.timing import DAY, scheduled
from healthsim_core.timeline.blocks import CHOICE, LEFT, Occurrences
from healthsim_core.timeline.scope import Scope
from healthsim_core.timeline.state import Timeline


def repeated(timeline: Timeline, node: Node, how: Recurrence, first: Occurrences) -> Occurrences:
    """Each occurrence and those that come after it, those that attrition leaves;
    what `until` ends is left to outcomes."""
    times, at = how.times, first.minute
    moments, lasting = [at], [np.ones(len(first), bool)]
    for step in range(1, times):
        draw = Draws(timeline.run.seed, "repeat", timeline.ids(node, first.row, first.occurrence * times + step))
        at = (
            np.maximum(scheduled(how.every, first.minute, step, draw), at + 1)
            if how.scheduled
            else how.every.after(at, draw)
        )
        moments.append(at)
        lasting.append(lasting[-1] & ~draw.happens("attrition", how.attrition) if how.attrition else lasting[-1])
    which = np.tile(np.arange(times), len(first))
    row, occurrence = np.repeat(first.row, times), np.repeat(first.occurrence, times) * times + which
    occurrences = Occurrences(
        row,
        np.stack(moments, axis=1).ravel(),
        occurrence,
        np.repeat(first.cause, times),
        timeline.ids(node, row, occurrence),
        which == 0,
    )
    return occurrences.take(np.flatnonzero(np.stack(lasting, axis=1).ravel())) if how.attrition else occurrences


def passed_through(
    timeline: Timeline, node: Node, lifecycle: Lifecycle, first: Occurrences
) -> tuple[Occurrences, Mapping[str, Any]]:
    """An occurrence for each state that is entered, and what it gives: the state, and when it is left."""
    row = first.row
    start = timeline.begins(node, row)
    passage = lifecycle.pass_through(
        first.minute,
        np.minimum(timeline.horizon, start + node.duration * DAY + DAY - 1),
        np.asarray(timeline.people["birth_date"])[row],
        Scope(timeline, node, row, first.minute),
        lambda who, step: timeline.ids(node, row[who], first.occurrence[who] * MOST_STEPS + step),
        timeline.run.seed,
    )
    who, occurrence = passage.who, first.occurrence[passage.who] * MOST_STEPS + passage.step
    ids = timeline.ids(node, row[who], occurrence)
    occurrences = Occurrences(row[who], passage.minute, occurrence, first.cause[who], ids, passage.step == 0)
    return occurrences, {CHOICE: passage.state, LEFT: passage.left}
