"""What has happened to a chunk's people so far, as whatever comes next sees it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.dates import whole_years
from healthsim_core.draws import identify
from healthsim_core.events import Run
from healthsim_core.journeys.left_out import LeftOut
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.timing import DAY, Minutes, birthdays, minutes
from healthsim_core.person_state.changed import Changed, changed_by
from healthsim_core.person_state.ends import Ends
from healthsim_core.person_state.reading import State
from healthsim_core.person_state.records import Bound, Records
from healthsim_core.person_state.values import Values
from healthsim_core.timeline.blocks import Block, Happenings, Occurrences
from healthsim_core.timeline.sharing import Sharing

OCCURRENCES = 4_096  # a person's occurrences of one node, as ids are addressed; what is above goes to higher bits
_ABOVE = 48  # bits that persons and their first occurrences take


class Witness(Protocol):
    """Is told of every outcome and every choice when it is drawn."""

    def __call__(
        self, path: str, name: str, values: Column, columns: Mapping[str, Any], ids: NDArray[np.int64]
    ) -> Callable[[NDArray[np.bool_]], None] | None:
        """Take note of it.

        Args:
            path: The node's path.
            name: Name of the outcome or the branch.
            values: Column (rows,) of what was drawn.
            columns: What the draw could read, of the same rows.
            ids: Int array (rows,) of event ids.

        Returns:
            What takes a boolean array (rows,), those that stand, when that is known; None where nobody asks.
        """


class Reader(Protocol):
    """Is told of everything that events read of people, when it is read."""

    def __call__(self, node: Node, name: str, rows: NDArray[np.intp], minute: Minutes, value: Any) -> None:
        """Take note of it.

        Args:
            node: The node that reads.
            name: Under which the value is kept.
            rows: Int array: whose it is.
            minute: Int array: the moment as of which each is read.
            value: Column of what was read.
        """


class Decides(Protocol):
    """Decides of events that change a person's state."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The plan's nodes, following what is looked at alone."""

    @property
    def indices(self) -> tuple[int, ...]:
        """The nodes that are looked at."""

    @property
    def depends(self) -> frozenset[str]:
        """Event types on which it depends."""

    @property
    def decided(self) -> frozenset[str]:
        """Event types that it decides of."""

    @property
    def kinds(self) -> frozenset[str]:
        """Of what these are records, as far as they change a person's state."""

    def __call__(self, timeline: Timeline, rows: NDArray[np.intp]) -> Iterable[Changed]:
        """What events of some people change, as it is decided now."""


class Timeline:
    """The state of a chunk while its nodes run.

    Args:
        run: The run.
        people: Columns, a row for every household position.
        present: Boolean array (rows,): who is there; births are added to it.
        size: Positions a household.
        births: Position of the child of each birth node, by the node's index.
        witness: Told of what is drawn.
        sharing: What is read as of a moment.
        deciding: What decides of events that change what is read.
        reader: Told of what is read.
    """

    def __init__(
        self,
        run: Run,
        people: Columns,
        present: NDArray[np.bool_],
        size: int,
        births: Mapping[int, int],
        witness: Witness | None = None,
        sharing: Sharing | None = None,
        deciding: Decides | None = None,
        reader: Reader | None = None,
    ) -> None:
        self.witness, self.sharing, self.deciding = witness, sharing or Sharing(), deciding
        self.reader = reader
        self.run, self.size, self.births = run, size, births
        self.given, self.there = people, present
        self.people: dict[str, Column] = dict(people)
        self.present = present.copy()
        self.outcomes: dict[str, Column] = {}
        self.blocks: list[Block] = []
        self.happened: dict[int, Happenings] = {}
        self.late: dict[int, Occurrences] = {}
        self.start = minutes(np.asarray(people["start_date"]))
        self.horizon = int(minutes(np.array([run.as_of]))[0]) + DAY - 1
        self.people["death_time"] = np.full(len(present), np.datetime64("NaT"), "datetime64[s]")
        self.ends = Ends(len(present))
        self.state = State(self.sharing.sources, people, run.seed, self.start, self.ends, self.decide)
        self.undecided = np.zeros(len(present), bool)  # whose events are still to be decided of
        self.standing: dict[int, Happenings] = {}  # what happened when the nodes ran before, of those still to run
        self.history: dict[str, Values] = {}
        self.misled = np.zeros(len(present), bool)  # who read something that had been changed before, as it turned out
        self.stands = np.ones(len(present), bool)  # whose life here is not lived anew
        self.told: list[tuple[NDArray[np.intp], Callable[[NDArray[np.bool_]], None]]] = []
        self.left_out = LeftOut()
        self.texts: frozenset[str] = frozenset()
        self.origins: dict[int, Minutes] = {}
        self.origin_nodes: set[int] = set()
        self.nodes: tuple[Node, ...] = ()

    def part(self, rows: NDArray[np.intp]) -> Timeline:
        """The lives of some rows, whole households, before anything happens; what is known of them stands."""
        timeline = Timeline(
            self.run,
            self.given.take(rows),
            self.there[rows],
            self.size,
            self.births,
            self.witness,
            self.sharing,
            self.deciding,
            self.reader,
        )
        place = np.full(len(self.present), -1)
        place[rows] = np.arange(len(rows))
        timeline.ends = self.ends.taken(place, len(rows))
        timeline.history = {name: h.taken(place, rows, timeline.ends) for name, h in self.history.items()}
        timeline.state.take_of(self.state, place, timeline.ends)
        return timeline

    def keep(self, block: Block) -> None:
        """Add what a block of nodes made."""
        self.blocks.append(block)
        for position, index in enumerate(block.nodes):
            self.happened[index] = Happenings(
                block, slice(int(block.starts[position]), int(block.starts[position + 1]))
            )

    def latest(self, name: str) -> Column:
        """The latest value of an outcome, a branch or a person's column, a row a position;
        null where nobody has it yet."""
        column = self.outcomes.get(name)
        if column is None:
            column = self.people.get(name)
        if column is not None:
            return column
        rows = len(self.present)
        return Text.constant(None, rows) if name in self.texts or "/" in name else np.full(rows, np.nan)

    def anchors(self, node: Node, happened: Happenings, chosen: NDArray[np.intp] | slice) -> Minutes:
        """The moments from which the delays of some happenings ran, minutes since 1970."""
        row = happened.row[chosen]
        if node.place.anchor is not None:
            return self.anchored(node, row)
        if node.parent is None:
            return self.start[row]
        cause = self.happened[node.parent]
        since: Minutes = cause.moment if happened.block.settled else cause.minute
        return since[happened.cause[chosen]]

    def anchored(self, node: Node, row: NDArray[np.intp]) -> Minutes:
        """The moments of a fixed day, a birth or a birthday, from which the node's delay runs, minutes since 1970."""
        if isinstance(node.place.anchor, int):
            return np.full(len(row), node.place.anchor * DAY)
        born = np.asarray(self.people["birth_date"])[row]
        return (
            birthdays(born, node.place.anchor[1])
            if isinstance(node.place.anchor, tuple)
            else born.astype("datetime64[D]").astype(np.int64)
        ) * DAY

    def ids(self, node: Node, row: NDArray[np.intp], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ids of occurrences of a node, one a person's row."""
        return identify(self.run.seed, f"event/{node.path}", self.addresses(row, occurrence))

    def addresses(self, row: NDArray[np.intp], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        """What is hashed to the id of an occurrence, with the node's path."""
        person = np.asarray(self.people["person_id"])[row]
        return person * OCCURRENCES + occurrence % OCCURRENCES + ((occurrence // OCCURRENCES) << _ABOVE)

    def age(self, row: NDArray[np.intp], minute: Minutes) -> NDArray[np.int64]:
        """Whole years of age of some rows at moments."""
        return whole_years(np.asarray(self.people["birth_date"])[row], (minute // DAY).astype("datetime64[D]"))

    def begins(self, node: Node, row: NDArray[np.intp]) -> Minutes:
        """When the node's journey begins for each of some rows."""
        return self.start[row] if node.place.origin is None else self.origins[node.place.origin][row]

    def begin(self, node: Node) -> None:
        """A node runs: what it did when it ran before stands until it has run."""
        for records in self.records:
            records.begin(node.rank)

    def finish(self, node: Node) -> None:
        """A node has run: what it did when it ran before is gone."""
        for records in self.records:
            records.finish(node.rank)

    def end(self, node: Node, happened: Block) -> None:
        """What an event ends: what comes later in its journey never was."""
        if node.ending.ends != "journey":
            return
        self._end(node, happened.row, happened.minute)
        self.undecided[happened.row] = True
        for records in self.records:
            self.misled[records.ended(node.journey, happened.row, happened.minute)] = True

    def _end(self, node: Node, row: NDArray[np.intp], minute: Minutes) -> None:
        self.ends.end(node.rank, node.journey, row, minute)
        for records in self.records:
            records.renew()

    @property
    def records(self) -> list[Records]:
        """All that is known as of moments."""
        return [*(values for _, values in sorted(self.history.items())), *self.state.records]

    def bounds(self, node: Node, row: NDArray[np.intp], minute: Minutes, cause: NDArray[np.intp]) -> tuple[Bound, ...]:
        """What occurrences of a node hang on: the events that lead to them, of journeys that may end before these."""
        found = list[Bound]()
        while self.sharing.ends:
            known = {bound.journey for bound in found}
            if not node.triggered and node.journey in self.sharing.ends - known:
                found.append(Bound(node.journey, row, minute))
            if node.parent is None:
                break
            above = self.happened[node.parent]
            row, minute, cause = above.row[cause], above.minute[cause], above.cause[cause]
            node = self.nodes[node.parent]
        return tuple(found)

    def change(self, indices: Sequence[int], block: Block) -> None:
        """What events change of their people's state."""
        nodes = [self.nodes[index] for index in indices]
        rank = np.repeat([node.rank for node in nodes], np.diff(block.starts))
        if self.deciding is not None and nodes[0].event_type in self.deciding.depends:
            self.undecided[block.row] = True
            for index in self.standing.keys() & set(indices):
                self.undecided[self.standing[index].row] = True
            if nodes[0].event_type in self.deciding.decided:
                return
        for change in self.sharing.sources.by_type.get(nodes[0].event_type, ()):
            kinds = [kind for kind in self.sharing.sources.kinds_of(change) if kind in self.state.logs]
            if kinds and len(block.row):
                given, bounds = changed_by(change, block.parameters), self._bounds_of(indices, block)
                for kind in kinds:
                    self.misled[self.state.change(kind, rank, block.row, block.minute, given, bounds)] = True
        for said in nodes[0].said:
            bounds = self._bounds_of(indices, block)
            self.misled[self.state.say(said, nodes[0].rank, block.row, block.minute, bounds)] = True

    def decide(self, kinds: Collection[str] | None = None) -> None:
        """Decide of what has happened since somebody last read what it changes.

        Args:
            kinds: Of what records something is read; None for all.
        """
        if self.deciding is None or not self.undecided.any():
            return
        if kinds is not None and self.deciding.kinds.isdisjoint(kinds):
            return
        rows = np.flatnonzero(np.repeat(self.undecided.reshape(-1, self.size).any(axis=1), self.size) & self.present)
        self.undecided[:] = False
        changed = list(self.deciding(self, rows))
        self.misled[self.state.decide(rows, changed)] = True

    def stale(self, some: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Who, among some, read something else than what is known now: boolean arrays (positions,)."""
        found = np.zeros(len(self.present), bool)
        if some.any():
            stale = (values.stale(some) for values in self.history.values())
            for rows in itertools.chain(*stale, self.state.stale(some)):
                found[rows] = True
        return found

    def _bounds_of(self, indices: Sequence[int], block: Block) -> tuple[Bound, ...]:
        assert len(indices) == 1, "what changes the state of people runs node by node"
        return self.bounds(self.nodes[indices[0]], block.row, block.minute, block.cause)

    def remember(self, node: Node, name: str, occurrences: Occurrences, values: Column) -> None:
        """Keep an outcome's values as the latest of their people, and as those of their moments."""
        self.outcomes[name] = _replaced(self.latest_like(name, values), occurrences.row, values)
        if name in self.history:
            row, minute = occurrences.row, occurrences.minute
            bounds = self.bounds(node, row, minute, occurrences.cause)
            self.misled[self.history[name].add(node.rank, row, minute, values, bounds)] = True

    def witnessed(
        self, path: str, name: str, values: Column, columns: Mapping[str, Any], occurrences: Occurrences
    ) -> None:
        """Tell the witness of what was drawn."""
        if self.witness is not None:
            told = self.witness(path, name, values, columns, occurrences.id)
            if told is not None and self.records:
                self.told.append((occurrences.row, told))
            elif told is not None:
                told(np.ones(len(values), bool))

    def testify(self) -> None:
        """Let what was told count, of those whose life here stands."""
        for row, told in self.told:
            told(self.stands[row])
        self.told = []

    def latest_like(self, name: str, values: Column) -> Column:
        """The latest value, or nulls of the kind of `values`."""
        if name in self.outcomes or name in self.people:
            return self.latest(name)
        if isinstance(values, Text):
            return Text.constant(None, len(self.present))
        return np.full(len(self.present), np.datetime64("NaT", "D") if values.dtype.kind == "M" else np.nan)


def _replaced(column: Column, rows: NDArray[np.intp], values: Column) -> Column:
    if isinstance(column, Text) or isinstance(values, Text):
        source = np.arange(len(column))
        source[rows] = len(column) + np.arange(len(rows))
        return concat([column, values])[source]
    changed = column.astype(np.result_type(column, values))
    changed[rows] = values
    return changed
