"""What ends a journey or a life: what comes later is cancelled,
and what closes something that is open happens at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text, concat
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.timing import DAY, NEVER, Minutes, moments
from healthsim_core.timeline.blocks import Happenings, Occurrences
from healthsim_core.timeline.drawing import drawn
from healthsim_core.timeline.state import Timeline


@attrs.frozen(eq=False)
class _Closings:
    """The happenings of a closing node: which opened what each closes, when,
    and whether an end of the journey left it."""

    node: int
    opened: NDArray[np.int64]
    since: Minutes
    stands: NDArray[np.bool_]


class Endings:
    """The ends of a chunk's journeys and lives.

    Args:
        timeline: What has happened; all that no trigger made.
        nodes: The plan's nodes.
    """

    def __init__(self, timeline: Timeline, nodes: Sequence[Node]) -> None:
        self._timeline, self._nodes = timeline, nodes
        self._journeys: dict[str, Minutes] = {}
        for index, node in enumerate(nodes):
            if node.ending.ends == "journey":
                self._earliest(self._journeys.setdefault(node.journey, self._never()), index)
        self.life = self._never()
        for index, node in enumerate(nodes):
            if node.ending.ends == "life":
                self._earliest(self.life, index, self._stands(index))

    def _never(self) -> Minutes:
        return np.full(len(self._timeline.present), NEVER)

    def _earliest(self, earliest: Minutes, index: int, mask: NDArray[np.bool_] | slice = slice(None)) -> None:
        happened = self._timeline.happened[index]
        np.minimum.at(earliest, happened.row[mask], happened.minute[mask])

    def _stands(self, index: int, at: NDArray[np.intp] | None = None) -> NDArray[np.bool_]:
        """Whether no end of a journey cancels some happenings of a node, or what led to them."""
        happened = self._timeline.happened[index]
        at = np.arange(len(happened)) if at is None else at
        stands, node = np.ones(len(at), bool), self._nodes[index]
        while True:
            if node.journey in self._journeys:
                stands &= happened.minute[at] <= self._journeys[node.journey][happened.row[at]]
            if node.parent is None:
                return stands
            at, happened, node = happened.cause[at], self._timeline.happened[node.parent], self._nodes[node.parent]

    def close(self) -> None:
        """Bring forward to the moment of death what closes something that is open then: once, its first closing."""
        if (self.life == NEVER).all():
            return
        for index, late in self._timeline.late.items():
            dying = np.flatnonzero(self.life[late.row] != NEVER)
            _extend(self._timeline, index, self._nodes[index], late.take(dying))
        closings = [
            self._closings(index, node) for index, node in enumerate(self._nodes) if node.ending.closes is not None
        ]
        if not closings:
            return
        happened = [self._timeline.happened[closing.node] for closing in closings]
        row, minute = (
            np.concatenate([getattr(happening, name) for happening in happened]) for name in ("row", "minute")
        )
        opened, since, stands = (
            np.concatenate([getattr(closing, name) for closing in closings]) for name in ("opened", "since", "stands")
        )
        order = np.lexsort((minute, opened))
        first = np.zeros(len(row), bool)
        first[order] = np.diff(opened[order], prepend=-1) != 0
        moved = first & stands & (opened != 0) & (since <= self.life[row]) & (minute > self.life[row])
        for closing, moves in zip(closings, np.split(moved, np.cumsum([len(h) for h in happened])[:-1]), strict=True):
            if moves.any():
                self._move(closing.node, np.flatnonzero(moves))

    def _closings(self, index: int, node: Node) -> _Closings:
        """What each happening of a node closes: the nearest of its causes of the type, of the same person."""
        happened = self._timeline.happened[index]
        opened, since = np.zeros(len(happened), np.int64), np.full(len(happened), NEVER)
        stands, at, parent = np.zeros(len(happened), bool), happened.cause, node.parent
        while parent is not None:
            cause = self._timeline.happened[parent]
            if self._nodes[parent].event_type == node.ending.closes:
                opens_it = (opened == 0) & (cause.row[at] == happened.row)
                opened, since = np.where(opens_it, cause.id[at], opened), np.where(opens_it, cause.minute[at], since)
                stands = np.where(opens_it, self._stands(parent, at), stands)
            at, parent = cause.cause[at], self._nodes[parent].parent
        return _Closings(index, opened, since, stands)

    def _move(self, index: int, at: NDArray[np.intp]) -> None:
        happened, node = self._timeline.happened[index], self._nodes[index]
        block, rows = happened.block, happened.rows.start + at
        moment = block.moment.copy()
        moment[rows] = self.life[block.row[rows]]
        block.moment = moment
        block.kept[rows] = True  # what would have come too late to be seen, too
        given = {name: _replaced(block.parameters, name, rows, value) for name, value in node.ending.at_death}
        block.parameters = block.parameters.assign(**given)

    def cancel(self) -> None:
        """Leave out what comes after an end; who has died gets the day and the moment."""
        if self._journeys or (self.life != NEVER).any():
            for index, node in enumerate(self._nodes):
                self._cancel(index, node)
        people, died = self._timeline.people, self.life != NEVER
        deaths = np.asarray(people["death_date"]).copy()
        deaths[died] = (self.life[died] // DAY).astype("datetime64[D]")
        people["death_date"] = deaths
        people["death_time"] = np.where(died, moments(np.where(died, self.life, 0)), np.datetime64("NaT", "s"))

    def _cancel(self, index: int, node: Node) -> None:
        happened = self._timeline.happened[index]
        kept = happened.kept  # of the block: what is written here stays there
        if not node.how.outlives:
            kept &= happened.moment <= self.life[happened.row]
        if node.ending.closes is not None:  # whatever it depends on, what is open is closed
            closing = self._closings(index, node)
            kept &= np.where(closing.opened != 0, closing.stands, self._stands(index))
            return
        if node.journey in self._journeys and not node.triggered:
            kept &= happened.moment <= self._journeys[node.journey][happened.row]
        if node.parent is not None:
            kept &= self._timeline.happened[node.parent].kept[happened.cause]


def _extend(timeline: Timeline, index: int, node: Node, more: Occurrences) -> None:
    """Add happenings of a node that would have come too late to be seen; they are not kept."""
    if not len(more):
        return
    block = timeline.happened[index].block
    names = ("row", "minute", "occurrence", "id", "cause", "first")
    both = {name: np.concatenate([getattr(block, name), getattr(more, name)]) for name in names}
    parameters = Columns.concat([block.parameters, Columns(drawn(timeline, node, more), len(more))])
    kept, starts = np.concatenate([block.kept, np.zeros(len(more), bool)]), np.array([0, len(block.row) + len(more)])
    changed: dict[str, Any] = {
        **both,
        "starts": starts,
        "parameters": parameters,
        "kept": kept,
        "moment": both["minute"],
    }
    extended = attrs.evolve(block, **changed)
    timeline.blocks[next(at for at, other in enumerate(timeline.blocks) if other is block)] = extended
    timeline.happened[index] = Happenings(extended, slice(0, len(kept)))


def _replaced(parameters: Columns, name: str, rows: NDArray[np.intp], value: Any) -> Any:
    """A parameter that is `value` in some rows."""
    there = np.zeros(parameters.rows, bool)
    there[rows] = True
    given: Any = parameters[name] if name in parameters else Text.constant(None, parameters.rows)
    if not isinstance(given, Text):
        return np.where(there, value, given)
    both = concat([given, Text.of([value])])
    return both[np.where(there, parameters.rows, np.arange(parameters.rows))]
