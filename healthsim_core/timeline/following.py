"""What triggers cause: one pass over all events on which a trigger stands, whatever node they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text
from healthsim_core.draws import Draws, identify_each
from healthsim_core.errors import PluginError
from healthsim_core.events import Events, People, Schedule, no_ancestors
from healthsim_core.expressions.expression import Expression
from healthsim_core.groups import rank_within, ranks_of
from healthsim_core.journeys.nodes import FOLLOWING, Node, Triggered, event_texts
from healthsim_core.patterns.timing import CLOSES, DAY, OPENS, SOON, Minutes, moments
from healthsim_core.spec.journey.events import MOST_COPIES
from healthsim_core.timeline.blocks import Block, Happenings, Stacked, whole_block
from healthsim_core.timeline.scope import Scope
from healthsim_core.timeline.state import Timeline


@attrs.frozen(eq=False)
class Causes:
    """The events on which the nodes of a block stand, node after node.

    Attributes:
        nodes: The nodes of the block.
        parts: Happenings of the parent of each.
        node: Int array: which of `nodes` each row is for.
        row: Int array: the person's row.
        minute: Int array.
        occurrence: Int array.
        within: Int array: the row among the parent's happenings.
        parameters: Parameters of the events.
    """

    nodes: tuple[Node, ...]
    parts: tuple[Happenings, ...]
    node: NDArray[np.intp]
    row: NDArray[np.intp]
    minute: Minutes
    occurrence: NDArray[np.int64]
    within: NDArray[np.intp]
    parameters: Stacked

    @classmethod
    def of(cls, timeline: Timeline, nodes: tuple[Node, ...]) -> Causes:
        """The causes of some triggered nodes."""
        parts = tuple(timeline.happened[_parent(node)] for node in nodes)
        sizes = [len(part) for part in parts]
        return cls(
            nodes=nodes,
            parts=parts,
            node=np.repeat(np.arange(len(nodes)), sizes),
            row=_joined(parts, "row"),
            minute=_joined(parts, "moment"),
            occurrence=_joined(parts, "occurrence"),
            within=np.concatenate([np.arange(size) for size in sizes]),
            parameters=Stacked(parts),
        )


def follow(timeline: Timeline, nodes: Sequence[Node], indices: tuple[int, ...]) -> Block:
    """Run the nodes that one trigger makes."""
    causing = tuple(nodes[index] for index in indices)
    node, causes = causing[0], Causes.of(timeline, causing)  # but for their addresses all are as the first
    chosen = _able(timeline, node, causes)
    how = _how(node)
    if how.schedule is None:
        at, occurrence = _fanned_out(timeline, node, how.copies, causes, chosen)
        given: Mapping[str, Any] = {}
        ids = _ids(timeline, causes, at, occurrence)
        eligible = causes.row[at]
        if node.probability < 1:
            happens = np.flatnonzero(Draws(timeline.run.seed, "event", ids).happens("occurs", node.probability))
            at, occurrence, ids = at[happens], occurrence[happens], ids[happens]
        happening = causes.row[at]
        moment = node.timing.after(causes.minute[at], Draws(timeline.run.seed, "event", ids))
    else:
        schedule = how.schedule(_events(timeline, nodes, causes, chosen))
        at, given = chosen[schedule.row], schedule.parameters.parts
        eligible = happening = causes.row[at]
        order = rank_within(schedule.row)
        if len(order) and order.max() >= FOLLOWING:
            what = f"its schedule has {order.max() + 1} events follow one."
            raise PluginError(what, f"{node.path}: trigger", f"At most {FOLLOWING} may.")
        occurrence = causes.occurrence[at] * FOLLOWING + order
        ids = _ids(timeline, causes, at, occurrence)
        moment = _on_day(causes.minute[at], schedule, Draws(timeline.run.seed, "event", ids))
    kept = np.flatnonzero(moment <= timeline.horizon)
    if node.befalls.ages is not None:
        kept = kept[node.befalls.of_age(timeline.age(causes.row[at[kept]], moment[kept]))]
    at = at[kept]
    parameters = _parameters(node, causes, at)
    if given:
        parameters = parameters.assign(**Columns(given, len(moment)).take(kept).parts)
    starts = np.searchsorted(causes.node[at], np.arange(len(causing) + 1))
    every = np.ones(len(at), bool)
    return Block(
        indices, starts, causes.row[at], moment[kept], occurrence[kept], ids[kept], causes.within[at], parameters,
        every,
        eligible=eligible, chosen=happening,
    )  # fmt: skip


def _parameters(node: Node, causes: Causes, at: NDArray[np.intp]) -> Columns:
    """What each effect carries of its cause, and what its trigger gives all of them."""
    carried = {new: causes.parameters.unread(old) for old, new in node.parameters.carried if old in causes.parameters}
    parameters = Columns(carried, len(causes.row)).take(at).assign(**node.parameters.constants)
    if node.parameters.coded:
        return parameters.assign(**node.parameters.written(parameters.parts, len(at)))
    return parameters


def _fanned_out(
    timeline: Timeline, node: Node, wanted: int | Expression, causes: Causes, chosen: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Each cause as often as it has effects, and the number of each effect."""
    if wanted == 1:
        return chosen, causes.occurrence[chosen]
    if isinstance(wanted, int):
        most, copies = wanted, np.full(len(chosen), wanted)
    else:
        scope = Scope(timeline, node, causes.row, causes.minute, causes.parameters, plain=True)
        numbers = np.nan_to_num(np.asarray(wanted.values(scope, len(causes.row)), np.float64)[chosen])
        most, copies = MOST_COPIES, np.clip(np.floor(numbers), 0, MOST_COPIES).astype(np.int64)
    at = np.repeat(chosen, copies)
    order = ranks_of(copies)
    return at, causes.occurrence[at] * most + order


def _able(timeline: Timeline, node: Node, causes: Causes) -> NDArray[np.intp]:
    able = np.ones(len(causes.row), bool)
    scope = Scope(timeline, node, causes.row, causes.minute, causes.parameters, plain=True)
    for expression in node.conditions:
        able &= expression.holds(scope, len(able))
    return np.flatnonzero(able)


def _ids(timeline: Timeline, causes: Causes, at: NDArray[np.intp], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
    streams = [f"event/{node.path}" for node in causes.nodes]
    return identify_each(timeline.run.seed, streams, causes.node[at], timeline.addresses(causes.row[at], occurrence))


def _on_day(anchor: Minutes, schedule: Schedule, draw: Draws) -> Minutes:
    days = np.asarray(schedule.days, np.int64)
    minute = OPENS + 5 * draw.integers("time_of_day", 0, (CLOSES - OPENS) // 5)
    soon = SOON if schedule.minutes is None else np.asarray(schedule.minutes, np.int64)
    return np.asarray(np.where(days == 0, anchor + soon, (anchor // DAY + days) * DAY + minute))


def _how(node: Node) -> Triggered:
    assert isinstance(node.how, Triggered), node.path
    return node.how


def _parent(node: Node) -> int:
    assert node.parent is not None, node.path
    return node.parent


def _joined(parts: Sequence[Happenings], name: str) -> NDArray[Any]:
    whole = whole_block(parts)
    if whole is not None:
        return np.asarray(getattr(whole, name))
    return np.concatenate([getattr(part, name) for part in parts])


def _events(timeline: Timeline, nodes: Sequence[Node], causes: Causes, chosen: NDArray[np.intp]) -> Events:
    """The causes as a schedule sees them: everything but who was assigned to them."""
    people = People(timeline.run, Columns(timeline.people, len(timeline.present)))
    causing = [nodes[_parent(node)] for node in causes.nodes]
    positions = causes.node[chosen]
    texts = {name: Text(text.codes[positions], text.values) for name, text in event_texts(causing).items()}
    parameters = Columns({name: causes.parameters.unread(name) for name in causes.parameters}, len(causes.row)).take(
        chosen
    )
    columns = {
        **texts, "time": moments(causes.minute[chosen]), "id": _joined(causes.parts, "id")[chosen],
        "cause": _ids_of_parents(timeline, causing, causes)[chosen], "occurrence": causes.occurrence[chosen],
        "provider_npi": None, "facility_npi": None,
    }  # fmt: skip
    return Events(
        run=timeline.run, row=causes.row[chosen], columns=Columns(columns, len(chosen)), parameters=parameters,
        chunk=people,
        ancestors=lambda name: _ancestors(timeline, nodes, causes, name).take(chosen),
        stream=f"schedule.{causing[0].event_type}",
    )  # fmt: skip


def _ids_of_parents(timeline: Timeline, causing: Sequence[Node], causes: Causes) -> NDArray[np.int64]:
    return np.concatenate([
        np.zeros(len(part), np.int64) if node.parent is None else timeline.happened[node.parent].id[part.cause]
        for node, part in zip(causing, causes.parts, strict=True)
    ])  # fmt: skip


def _ancestors(timeline: Timeline, nodes: Sequence[Node], causes: Causes, event_type: str) -> Columns:
    return Columns.concat([
        _node_ancestors(timeline, nodes, _parent(node), np.arange(len(part)), event_type)
        for node, part in zip(causes.nodes, causes.parts, strict=True)
    ])  # fmt: skip


def _node_ancestors(
    timeline: Timeline, nodes: Sequence[Node], index: int, at: NDArray[np.intp], event_type: str
) -> Columns:
    rows, node, person = len(at), nodes[index], timeline.happened[index].row[at]
    while node.parent is not None:
        at, index = timeline.happened[index].cause[at], node.parent
        node = nodes[index]
        if node.event_type == event_type:
            happened = timeline.happened[index]
            same = happened.row[at] == person
            time = np.where(same, moments(happened.moment[at]), np.datetime64("NaT", "s"))
            columns = {
                "id": np.where(same, happened.id[at], 0),
                "time": time,
                "provider_npi": None,
                "facility_npi": None,
            }
            return Columns({**columns, "class": _class(happened, at, same)}, rows)
    return no_ancestors(rows).assign(**{"class": None})


def _class(happened: Happenings, at: NDArray[np.intp], same: NDArray[np.bool_]) -> Text | None:
    parameters = Stacked((happened,))
    classes = parameters.get("class")
    return classes.take(at).only(same) if isinstance(classes, Text) else None
