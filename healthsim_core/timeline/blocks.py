"""Nodes that run at once: an event of a journey alone, and all events that one trigger causes together.

A trigger expands to a node for each event that it stands on, dozens of them a journey. They differ in their address
alone, so one pass over all of their rows does what a pass a node would do, with the same numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Repeated, Text, concat, spelled
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.timing import Minutes

TriggerKey = tuple[int, str, str]  # number, causing and caused event type

CHOICE, LEFT = "@choice", "@left"  # parameters of branches and states: what was chosen, and when it was left


@attrs.define(eq=False)
class Block:
    """What happened of the nodes that ran at once, node after node.

    Attributes:
        nodes: Index of each node.
        starts: Int array (nodes + 1,): where the rows of each node begin.
        row: Int array: the person's row among the chunk's positions.
        minute: Int array: when by its delay, minutes since 1970.
        occurrence: Int array.
        id: Int array of event ids.
        cause: Int array: the row among the happenings of the parent node; -1 for none.
        parameters: Columns of the nodes' parameters.
        first: Boolean array: True where the delay ran from the anchor, not from an earlier occurrence.
        kept: Boolean array: False for what an end (withdrawal, death) has cancelled.
        moment: Int array: when it happened; another time than `minute` where an end of life has brought it forward.
        settled: Whether ends were known when it ran: then its delays run from the moments of what caused it.
        eligible: Int array: the row of each that it could have happened to (of a node alone).
        chosen: Int array: the row of each that its probability let it happen to (of a node alone).
    """

    nodes: tuple[int, ...]
    starts: NDArray[np.int64]
    row: NDArray[np.intp]
    minute: Minutes
    occurrence: NDArray[np.int64]
    id: NDArray[np.int64]
    cause: NDArray[np.intp]
    parameters: Columns
    first: NDArray[np.bool_]
    kept: NDArray[np.bool_] = attrs.field(
        default=attrs.Factory(lambda self: np.ones(len(self.row), bool), takes_self=True)
    )
    moment: Minutes = attrs.field(default=attrs.Factory(lambda self: self.minute, takes_self=True))
    settled: bool = False
    eligible: NDArray[np.intp] = attrs.field(factory=lambda: np.empty(0, np.intp))
    chosen: NDArray[np.intp] = attrs.field(factory=lambda: np.empty(0, np.intp))


@attrs.frozen(eq=False)
class Happenings:
    """What happened of one node: its rows of a block.

    Attributes:
        block: The block.
        rows: The node's rows in it.
    """

    block: Block
    rows: slice

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)

    @property
    def row(self) -> NDArray[np.intp]:
        return self.block.row[self.rows]

    @property
    def minute(self) -> Minutes:
        return self.block.minute[self.rows]

    @property
    def moment(self) -> Minutes:
        return self.block.moment[self.rows]

    @property
    def occurrence(self) -> NDArray[np.int64]:
        return self.block.occurrence[self.rows]

    @property
    def id(self) -> NDArray[np.int64]:
        return self.block.id[self.rows]

    @property
    def cause(self) -> NDArray[np.intp]:
        return self.block.cause[self.rows]

    @property
    def first(self) -> NDArray[np.bool_]:
        return self.block.first[self.rows]

    @property
    def kept(self) -> NDArray[np.bool_]:
        return self.block.kept[self.rows]


def blocks_of(nodes: Sequence[Node], changing: Collection[str] = ()) -> tuple[tuple[int, ...], ...]:
    """Indices of the nodes that run at once, in the order in which they run.

    Journeys' own nodes come first, as they are ordered, with those of triggers that read outcomes, which change as they
    run; what changes what somebody reads comes right after its cause; then one block a trigger, each after those that
    cause it.

    Args:
        nodes: The plan's nodes.
        changing: Event types that change what somebody reads.
    """
    in_place, at_once = _in_place(nodes, ()), _in_place(nodes, changing) if changing else set()
    alone: list[int] = []
    effects: dict[int | None, list[int]] = {}
    together: dict[TriggerKey, list[int]] = {}
    for index, node in enumerate(nodes):
        if node.how.trigger in at_once - in_place:
            effects.setdefault(node.parent, []).append(index)
        elif node.how.trigger is None or node.how.trigger in in_place:
            alone.append(index)
        else:
            together.setdefault(node.how.trigger, []).append(index)

    def with_effects(index: int) -> Iterator[tuple[int, ...]]:
        yield (index,)
        for effect in effects.get(index, ()):
            yield from with_effects(effect)

    @functools.cache
    def depth(trigger: TriggerKey) -> int:
        return 1 + max((depth(other) for other in together if other[2] == trigger[1]), default=0)

    at_their_time = (block for index in alone for block in with_effects(index))
    return (*at_their_time, *(tuple(together[trigger]) for trigger in sorted(together, key=depth)))


def _in_place(nodes: Sequence[Node], types: Collection[str]) -> set[TriggerKey]:
    """Triggers that read outcomes or change what is read, and those that cause what they stand on."""
    changing = {name for node in nodes for name, _ in node.outcomes}
    triggers = {node.how.trigger for node in nodes if node.how.trigger is not None}
    in_place = {
        node.how.trigger
        for node in nodes
        if node.how.trigger is not None
        and (
            node.event_type in types
            or any(n.removeprefix("outcome.") in changing for c in node.conditions for n in c.names)
        )
    }
    while more := {t for t in triggers - in_place if any(t[2] == other[1] for other in in_place)}:
        in_place |= more
    return in_place


class Stacked(Mapping[str, Any]):
    """The parameters of several nodes' happenings, one under the other; each is put together when it is asked for."""

    def __init__(self, parts: Sequence[Happenings]) -> None:
        self._parts = parts

    @functools.cached_property
    def _names(self) -> dict[str, None]:
        return dict.fromkeys(name for part in self._parts for name in part.block.parameters)

    def unread(self, name: str) -> Column | Repeated:
        """The parameter's column, or the value that stands in every row."""
        whole = whole_block(self._parts)
        if whole is not None:
            column = whole.parameters.unread(name)
            return Repeated(None) if column is None else column
        return stacked([(part.block.parameters.unread(name), part.rows) for part in self._parts])

    def __getitem__(self, name: str) -> Any:
        column = self.unread(name)
        return Columns({name: column}, sum(map(len, self._parts)))[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def whole_block(parts: Sequence[Happenings]) -> Block | None:
    """The block whose rows the parts are, all of them in order; None where they are not."""
    block, at = parts[0].block, 0
    for part in parts:
        if part.block is not block or part.rows.start != at:
            return None
        at = part.rows.stop
    return block if at == len(block.row) else None


def stacked(parts: Sequence[tuple[Column | Repeated | None, slice]]) -> Column | Repeated:
    """One column of the given rows of several, null where there is none; numbers become text beside text."""
    values = {part.value for part, _ in parts if isinstance(part, Repeated)}
    if len(values) <= 1 and all(isinstance(part, Repeated) for part, _ in parts):
        return Repeated(values.pop() if values else None)
    sizes = [rows.stop - rows.start for _, rows in parts]
    if all(part is None or (isinstance(part, Repeated) and isinstance(part.value, str | None)) for part, _ in parts):
        encoded = Text.of([part.value if isinstance(part, Repeated) else None for part, _ in parts])
        return Text(np.repeat(encoded.codes, sizes), encoded.values)
    columns = [_rows(part, rows) for part, rows in parts]
    if any(isinstance(column, Text) for column in columns):
        return concat([column if isinstance(column, Text) else spelled(column) for column in columns])
    return np.concatenate(columns)  # type: ignore[arg-type]


def _rows(part: Column | Repeated | None, rows: slice) -> Column:
    size = rows.stop - rows.start
    if part is None:
        return np.full(size, np.nan)
    if isinstance(part, Repeated):
        return Columns({"value": part}, size)["value"]
    return part[rows]


@attrs.frozen(eq=False)
class Occurrences:
    """Occurrences of one node; all are arrays of one length.

    Attributes:
        row: The person's row among the chunk's positions.
        minute: When, minutes since 1970.
        occurrence: Number of the occurrence.
        cause: The row among the parent's happenings; -1 for none.
        id: Event ids.
        first: True where the delay ran from the anchor, not from an earlier occurrence.
    """

    row: NDArray[np.intp]
    minute: Minutes
    occurrence: NDArray[np.int64]
    cause: NDArray[np.intp]
    id: NDArray[np.int64]
    first: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, at: NDArray[np.intp]) -> Occurrences:
        """Some of them."""
        return Occurrences(
            self.row[at], self.minute[at], self.occurrence[at], self.cause[at], self.id[at], self.first[at]
        )
