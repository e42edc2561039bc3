"""What happened against what the journeys state: probabilities, delays, what comes again, and the bounds of life."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.dates import plus_months
from healthsim_core.draws import Draws, Floats
from healthsim_core.handling.dispatch import Dispatcher
from healthsim_core.journeys.nodes import How, Node, Passage, Repeated, Triggered
from healthsim_core.patterns.repeating import Recurrence
from healthsim_core.patterns.timing import DAY, NEVER, Minutes, Timing, minutes
from healthsim_core.planning.plan import Plan
from healthsim_core.timeline.blocks import LEFT, Block
from healthsim_core.timeline.state import Timeline
from healthsim_core.validation.counts import Tallies
from healthsim_core.validation.delays import Delays, tally_delays
from healthsim_core.validation.lifecycles import tally_passage
from healthsim_core.validation.sample import PEOPLE_WHOLE, Rows, among
from healthsim_core.validation.stated import Within


def tally_timeline(tallies: Tallies, plan: Plan, timeline: Timeline) -> None:
    """Count how often each event happened of the times it could, how long after what it follows, and how often again.

    Args:
        tallies: Where to count.
        plan: What is stated.
        timeline: What happened, node by node of the plan.
    """
    for block in timeline.blocks:
        nodes = [plan.nodes[index] for index in block.nodes]
        node = nodes[0]
        scheduled = isinstance(node.how, Triggered) and node.how.schedule is not None
        if node.probability < 1 and not scheduled:
            tallies.proportion(_where(nodes), "probability", node.probability, len(block.chosen), len(block.eligible))
        if not len(block.row):
            continue
        if not scheduled:
            _tally_delay(tallies, plan, timeline, block)
        tally_how(node.how, tallies, plan, timeline, node, block)


@functools.singledispatch
def tally_how(how: How, tallies: Tallies, plan: Plan, timeline: Timeline, node: Node, block: Block) -> None:
    """Count what is stated of how an event comes about, but for its delay: nothing, unless it is registered here.

    Args:
        how: How it comes about.
        tallies: Where to count.
        plan: What is stated.
        timeline: What happened.
        node: The event's node.
        block: What happened of it.
    """


@tally_how.register
def _tally_states(how: Passage, tallies: Tallies, plan: Plan, timeline: Timeline, node: Node, block: Block) -> None:
    tally_passage(tallies, timeline, node, how.lifecycle, block)


def tally_lives(tallies: Tallies, plan: Plan, dispatcher: Dispatcher) -> None:
    """Check that what happened lies within lives, before as_of, and after what caused it."""
    chain, people = dispatcher.chain, dispatcher.people
    minute, cause, rows = chain.minute[:-1], chain.cause[:-1], len(chain)
    born, died = np.asarray(people["birth_date"]), np.asarray(people["death_date"])
    over = np.where(np.isnat(died), NEVER, minutes(died) + DAY)
    tallies.violation(
        "core.event", "nothing happens before birth", np.sum(minute < minutes(born)[dispatcher.row]), rows
    )
    outlives = np.array([node.how.outlives for node in dispatcher.nodes], bool)[chain.node[:-1]]
    tallies.violation(
        "core.event", "nothing happens after death", np.sum((minute >= over[dispatcher.row]) & ~outlives), rows
    )
    caused = np.flatnonzero(cause >= 0)
    tallies.violation("core.event", "cause before effect", np.sum(minute[cause[caused]] > minute[caused]), len(caused))
    horizon = minutes(np.array([plan.run.as_of + 1]))[0]
    tallies.violation("core.event", "nothing happens after as_of", np.sum(minute >= horizon), rows)


def latest(timeline: Timeline, nodes: Sequence[Node], node: Node, block: Block, some: Rows = slice(None)) -> Any:
    """The last minute at which some events of the node could be seen: int array (rows,) or a number."""
    if node.triggered or node.place.newborn or node.place.starts:
        return timeline.horizon
    last = np.minimum(timeline.horizon, timeline.begins(node, block.row[some]) + (node.duration * DAY + DAY - 1))
    if node.place.state is not None:  # not on the day on which the state is left: the hour decides there
        at, parent = block.cause[some], node.parent
        while parent is not None and parent != node.place.state:
            at, parent = timeline.happened[parent].cause[at], nodes[parent].parent
        happened = timeline.happened[node.place.state]
        left = np.asarray(happened.block.parameters[LEFT][happened.rows])[at]
        last = np.minimum(last, left // DAY * DAY - 1)
    return last


def _earliest(timeline: Timeline, node: Node, block: Block, some: Rows) -> NDArray[np.int64] | None:
    """The first day on which an event that is anchored elsewhere could be seen for certain."""
    if node.place.anchor is None or node.triggered:
        return None
    after = timeline.begins(node, block.row[some])
    if node.parent is not None:
        after = np.maximum(after, timeline.happened[node.parent].minute[block.cause[some]])
    return np.asarray(-(-after // DAY))


def _tally_delay(tallies: Tallies, plan: Plan, timeline: Timeline, block: Block) -> None:
    """Of all nodes of a block, whose delay is the same."""
    nodes = [plan.nodes[index] for index in block.nodes]
    node, people = nodes[0], np.asarray(timeline.people["person_id"])
    at = among(_where(nodes), people, block.row, PEOPLE_WHOLE)
    if at is None:
        return
    if isinstance(node.how, Repeated | Passage):
        at = np.flatnonzero(block.first) if isinstance(at, slice) else at[block.first[at]]
    delays = Delays(
        _anchors(timeline, nodes, block, at),
        block.minute[at],
        _earliest(timeline, node, block, at),
        latest(timeline, plan.nodes, node, block, at),
        people[block.row[at]],
        _within(timeline, block.id[at], "delay"),
        _columns(timeline, node, block.row[at]),
        chosen=not node.triggered and any(node.key(name) in timeline.history for name in node.reads),
    )
    tally_delays(tallies, _where(nodes), "delay", node.timing, delays)


def _anchors(timeline: Timeline, nodes: Sequence[Node], block: Block, at: Rows) -> Minutes:
    if isinstance(at, slice):
        parts = [
            timeline.anchors(node, timeline.happened[index], at) for node, index in zip(nodes, block.nodes, strict=True)
        ]
    else:
        split_rows = np.split(at, np.searchsorted(at, block.starts[1:-1]))
        happened = [timeline.happened[index] for index in block.nodes]
        parts = [
            timeline.anchors(n, h, rows - h.rows.start) for n, h, rows in zip(nodes, happened, split_rows, strict=True)
        ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@tally_how.register
def _tally_repeats(again: Repeated, tallies: Tallies, plan: Plan, timeline: Timeline, node: Node, block: Block) -> None:
    """Each occurrence against the one before it, or against the schedule; and how many there are."""
    how, last = again.recurrence, np.broadcast_to(latest(timeline, plan.nodes, node, block), block.row.shape)
    # the occurrence before it; what an anchor puts before the start is not there
    follows = np.zeros(len(block.row), bool)
    follows[1:] = ~block.first[1:] & (block.row[1:] == block.row[:-1]) & (np.diff(block.occurrence) == 1)
    later, people = np.flatnonzero(follows), np.asarray(timeline.people["person_id"])[block.row]
    within = _within(timeline, block.id[later], "repeat")
    if how.scheduled:
        _tally_schedule(tallies, timeline, node, how, block, last)
    else:
        before = block.minute[later - 1]
        delays = Delays(before, block.minute[later], None, last[later], people[later], within, None)
        tally_delays(tallies, node.path, "time between occurrences", how.every, delays)
    if how.scheduled or how.until is not None or node.place.state is not None or how.every.distribution is not None:
        return
    final = ~np.append(follows[1:], False)
    asked = (block.occurrence % how.times < how.times - 1) & (_no_later_than(how.every, block.minute) <= last)
    if how.attrition:
        tallies.proportion(node.path, "attrition", how.attrition, np.sum(asked & final), np.sum(asked))
    else:
        tallies.violation(node.path, "comes again as often as is stated", np.sum(asked & final), np.sum(asked))


def _tally_schedule(
    tallies: Tallies, timeline: Timeline, node: Node, how: Recurrence, block: Block, last: NDArray[np.int64]
) -> None:
    """How far each occurrence is off its day; by the hour, and moved off weekends, nothing is said but the order."""
    every = how.every
    middle = 0 if every.months else round((every.low + every.high) / 2)
    off = (every.low, every.high) if every.months else (every.low - middle, every.high - middle)
    overlapping = off[1] - off[0] >= (28 * every.months or middle)  # then order comes first
    moved = every.weekdays or every.season is not None or every.clock is not None
    if every.in_minutes or moved or every.distribution is not None or overlapping:
        return
    first = np.maximum.accumulate(np.where(block.first, np.arange(len(block.row)), 0))
    same = (
        ~block.first
        & (block.row == block.row[first])
        & (block.occurrence // how.times == block.occurrence[first] // how.times)
    )
    again = np.flatnonzero(same)
    day, step = block.minute[first[again]] // DAY, block.occurrence[again] - block.occurrence[first[again]]
    planned = plus_months(day, every.months * step) if every.months else day + step * middle
    earliest = int(np.ceil(off[0]))
    shifted = Timing(0.0, float(np.floor(off[1]) - earliest), normal=every.normal)
    within = _within(timeline, block.id[again], "repeat")
    person = np.asarray(timeline.people["person_id"])[block.row[again]]
    delays = Delays((planned + earliest) * DAY, block.minute[again], None, last[again], person, within, None)
    tally_delays(tallies, node.path, "days off the schedule", shifted, delays)


def _no_later_than(every: Timing, moment: Minutes) -> Minutes:
    """The last minute at which the next occurrence may stand."""
    if every.in_minutes:
        return np.asarray(moment + int(np.floor(max(every.high, round(every.low)))))
    return np.asarray((every.bounds(moment // DAY)[1] + 1) * DAY - 1)


def _columns(timeline: Timeline, node: Node, row: NDArray[np.intp]) -> Mapping[str, Any] | None:
    """The person's columns that the delay reads; None where it reads what changes."""
    if any(name not in timeline.people or name in timeline.outcomes for name in node.timing.names):
        return None
    return {name: timeline.people[name][row] for name in node.timing.names}


def _where(nodes: Sequence[Node]) -> str:
    trigger = nodes[0].how.trigger
    return nodes[0].path if trigger is None or len(nodes) == 1 else f"trigger {trigger[1]} -> {trigger[2]}"


def _within(timeline: Timeline, ids: NDArray[np.int64], name: str) -> Within:
    def drawn() -> Floats:
        return Draws(timeline.run.seed, "validation", ids).uniform(name)

    return drawn
