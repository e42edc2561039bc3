"""What happened against what the journeys state: probabilities, delays, and the bounds of life."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.draws import Draws, Floats
from healthsim_core.generation.blocks import Block
from healthsim_core.generation.journey_plan import Node
from healthsim_core.generation.tallies.counts import Tallies
from healthsim_core.generation.tallies.delays import latest, tally_delay
from healthsim_core.generation.tallies.stated import Within
from healthsim_core.generation.timing import DAY, Minutes

if TYPE_CHECKING:
    from healthsim_core.generation.dispatch import Dispatcher
    from healthsim_core.generation.plan import Plan
    from healthsim_core.generation.timeline import Timeline


def tally_timeline(tallies: Tallies, plan: Plan, timeline: Timeline) -> None:
    """Count how often each event happened of the times it could, and how long after what it follows.

    Args:
        tallies: Where to count.
        plan: What is stated.
        timeline: What happened, node by node of the plan.
    """
    for block in timeline.blocks:
        nodes = [plan.nodes[index] for index in block.nodes]
        _tally_delays(tallies, timeline, nodes, block)
        if not nodes[0].triggered:
            _tally_own(tallies, timeline, nodes[0], block)


def tally_lives(tallies: Tallies, plan: Plan, dispatcher: Dispatcher) -> None:
    """Check that what happened lies within lives, before as_of, and after what caused it."""
    chain, people = dispatcher.chain, dispatcher.people
    day, rows = (chain.minute // DAY).astype("datetime64[D]"), len(chain.minute)
    born, died = np.asarray(people["birth_date"])[dispatcher.row], np.asarray(people["death_date"])[dispatcher.row]
    tallies.violation("core.event", "nothing happens before birth", np.sum(day < born), rows)
    tallies.violation("core.event", "nothing happens after death", np.sum(day > died), rows)
    caused = np.flatnonzero(chain.cause >= 0)
    tallies.violation("core.event", "cause before effect", np.sum(chain.minute[chain.cause[caused]] > chain.minute[caused]), len(caused))
    tallies.violation("core.event", "nothing happens after as_of", np.sum(day > plan.run.as_of), rows)


def _tally_delays(tallies: Tallies, timeline: Timeline, nodes: Sequence[Node], block: Block) -> None:
    """Of all nodes of a block, whose delay is the same."""
    if nodes[0].schedule is not None or not len(block.row):
        return
    anchor = _anchors(timeline, nodes, block)
    first = slice(None) if nodes[0].every is None else np.flatnonzero(block.first)
    moment, limit = block.minute[first], _limit(timeline, nodes[0], block.row[first])
    tally_delay(tallies, _where(nodes), "delay", nodes[0].timing, anchor[first], moment, limit, _within(timeline, block.id[first], "delay"))


def _tally_own(tallies: Tallies, timeline: Timeline, node: Node, block: Block) -> None:
    if node.probability < 1:
        tallies.proportion(node.path, "probability", node.probability, block.chosen, block.eligible)
    if node.every is not None and len(block.row):
        _tally_repeats(tallies, timeline, node, block)


def _tally_repeats(tallies: Tallies, timeline: Timeline, node: Node, block: Block) -> None:
    """Each occurrence stands after the one before it."""
    assert node.every is not None
    limit = _limit(timeline, node, block.row)
    again = np.flatnonzero(~block.first)
    before = block.minute[again - 1]
    within = _within(timeline, block.id[again], "repeat")
    tally_delay(tallies, node.path, "time between occurrences", node.every, before, block.minute[again], limit[again], within)
    starts = np.flatnonzero(block.first)
    ends = np.append(starts[1:], len(block.row)) - 1
    unfinished = ends - starts + 1 < (node.count or np.iinfo(np.int64).max)
    missing = unfinished & (latest(node.every, block.minute[ends]) <= limit[ends])
    tallies.violation(node.path, "comes again as often as is stated", np.sum(missing), len(ends))


def _anchors(timeline: Timeline, nodes: Sequence[Node], block: Block) -> Minutes:
    """The moments from which the delays of a block's events ran."""
    whole = slice(None)
    parts = [timeline.anchors(node, timeline.happened[index], whole) for node, index in zip(nodes, block.nodes, strict=True)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _limit(timeline: Timeline, node: Node, row: NDArray[np.intp]) -> Any:
    """The last minute at which an event of the node can be seen."""
    if node.triggered or node.newborn:
        return timeline.horizon
    return np.minimum(timeline.horizon, timeline.start[row] + (node.duration * DAY + DAY - 1))


def _where(nodes: Sequence[Node]) -> str:
    first = nodes[0]
    return first.path if first.trigger is None or len(nodes) == 1 else f"trigger {first.trigger[1]} -> {first.trigger[2]}"


def _within(timeline: Timeline, ids: NDArray[np.int64], name: str) -> Within:
    def drawn() -> Floats:
        return Draws(timeline.run.seed, "validation", ids).uniform(name)

    return drawn
