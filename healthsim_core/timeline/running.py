"""Run the event DAG over a chunk's people: node by node, each for all people at once."""

from __future__ import annotations

import numpy as np

from healthsim_core.columns import Columns
from healthsim_core.draws import Draws
from healthsim_core.journeys.nodes import Node, Repeated
from healthsim_core.patterns.timing import DAY
from healthsim_core.person_state.values import Values
from healthsim_core.timeline.blocks import Block, Occurrences
from healthsim_core.timeline.candidates import able, candidates, moment, some, within
from healthsim_core.timeline.drawing import fitting
from healthsim_core.timeline.endings import Endings
from healthsim_core.timeline.following import follow
from healthsim_core.timeline.happening import given, occurring
from healthsim_core.timeline.state import Timeline


def execute(timeline: Timeline, nodes: tuple[Node, ...], blocks: tuple[tuple[int, ...], ...]) -> None:
    """Run all nodes, block by block, then cancel what an end has cancelled.

    Ends are of journeys' own events: when these have happened, what closes something that is open at an end of life is
    brought forward to it, before triggers follow.
    """
    timeline.nodes = nodes
    drawn = [(name, distribution.gives({}).of) for node in nodes for name, distribution in node.outcomes]
    timeline.texts = frozenset(name for name, kind in drawn if kind in ("text", "words"))
    timeline.origin_nodes = {node.place.origin for node in nodes if node.place.origin is not None}
    for name in timeline.sharing.timed - timeline.history.keys():
        timeline.history[name] = Values(timeline.latest(name), timeline.ends)
    settled = max((at for at, indices in enumerate(blocks) if not nodes[indices[0]].triggered), default=-1)
    for at, indices in enumerate(blocks):
        if nodes[indices[0]].triggered:
            _follow(timeline, nodes, indices)
        else:
            timeline.keep(_happen(timeline, indices[0], nodes[indices[0]]))
        timeline.blocks[-1].settled = at > settled
        if at == settled:
            endings = Endings(timeline, nodes)
            endings.close()
    if settled >= 0:
        endings.cancel()


def _happen(timeline: Timeline, index: int, node: Node) -> Block:
    timeline.begin(node)
    row, anchor, occurrence, cause = candidates(timeline, node)
    ids = timeline.ids(node, row, occurrence)
    fit = able(timeline, node, row, anchor, ids)
    row, anchor, occurrence, cause, ids = some((row, anchor, occurrence, cause, ids), fit)
    eligible = row
    if node.probability < 1:
        occurs = Draws(timeline.run.seed, "event", ids).happens("occurs", node.probability)
        row, anchor, occurrence, cause, ids = some((row, anchor, occurrence, cause, ids), np.flatnonzero(occurs))
    chosen, minute = row, moment(timeline, node, row, anchor, ids)
    occurrences = occurring(timeline, node, Occurrences(row, minute, occurrence, cause, ids, np.ones(len(row), bool)))
    inside = within(timeline, node, occurrences)
    if _may_be_brought_forward(node):
        timeline.late[index] = occurrences.take(np.flatnonzero(~inside))
    occurrences, parameters = given(
        node.how, timeline, node, occurrences if inside.all() else occurrences.take(np.flatnonzero(inside))
    )
    occurrences, parameters = (
        fitting(timeline, node, occurrences, parameters) if node.befalls.looked_at else (occurrences, parameters)
    )
    happened = Block(
        (index,), np.array([0, len(occurrences)]), occurrences.row, occurrences.minute, occurrences.occurrence,
        occurrences.id, occurrences.cause, Columns(parameters, len(occurrences)), occurrences.first,
        eligible=eligible, chosen=chosen,
    )  # fmt: skip
    timeline.end(node, happened)
    timeline.change((index,), happened)
    timeline.finish(node)
    if node.birth:
        _be_born(timeline, index, happened)
    if index in timeline.origin_nodes:
        timeline.origins[index] = np.zeros(len(timeline.present), np.int64)
        timeline.origins[index][occurrences.row] = occurrences.minute // DAY * DAY
    return happened


def _follow(timeline: Timeline, nodes: tuple[Node, ...], indices: tuple[int, ...]) -> None:
    for index in indices:
        timeline.begin(nodes[index])
    block = follow(timeline, nodes, indices)
    timeline.keep(block)
    if len(indices) == 1:
        timeline.change(indices, block)
    for index in indices:
        timeline.finish(nodes[index])


def _may_be_brought_forward(node: Node) -> bool:
    """Whether a death may bring forward what would come too late to be seen."""
    anywhere = node.place.anchor is None and node.place.state is None
    return node.ending.closes is not None and anywhere and not isinstance(node.how, Repeated)


def _be_born(timeline: Timeline, index: int, birth: Block) -> None:
    rows = birth.row - birth.row % timeline.size + timeline.births[index]
    timeline.present[rows] = True
    day = (birth.minute // DAY).astype("datetime64[D]")
    for name in ("birth_date", "start_date"):
        column = np.asarray(timeline.people[name]).copy()
        column[rows] = day
        timeline.people[name] = column
    timeline.start[rows] = birth.minute // DAY * DAY
