"""Run the event DAG over a chunk's people: node by node, each for all people at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.draws import Draws, identify
from healthsim_core.events import Run
from healthsim_core.generation.blocks import Block, Happenings
from healthsim_core.generation.following import follow
from healthsim_core.generation.journey_plan import Node
from healthsim_core.generation.timing import DAY, Minutes, Timing, minutes

OCCURRENCES = 4_096  # a person's occurrences of one node, as ids are addressed
NEVER = np.iinfo(np.int64).max


class Scope(Mapping[str, Any]):
    """Names as the rows of one node see them: own parameters, outcomes so far, the person's columns."""

    def __init__(self, state: Timeline, rows: NDArray[np.intp], parameters: Mapping[str, Any], plain: bool = False) -> None:
        self._state, self._rows, self._parameters, self._plain = state, rows, parameters, plain

    def __getitem__(self, name: str) -> Any:
        if name.startswith("parameters."):
            return self._parameters[name.removeprefix("parameters.")]
        if self._plain and name in self._parameters:
            return self._parameters[name]
        key = name.removeprefix("outcome.")
        source = self._state.outcomes if key in self._state.outcomes else self._state.people
        return source[key][self._rows]

    def __iter__(self) -> Any:
        return iter((*self._state.people, *self._state.outcomes))

    def __len__(self) -> int:
        return len(self._state.people) + len(self._state.outcomes)


class Timeline:
    """The state of a chunk while its nodes run.

    Args:
        run: The run.
        people: Columns, a row for every household position.
        present: Boolean array (rows,): who is there; births are added to it.
        size: Positions a household.
        births: Position of the child of each birth node, by the node's index.
    """

    def __init__(self, run: Run, people: Columns, present: NDArray[np.bool_], size: int, births: Mapping[int, int]) -> None:
        self.run, self.size, self.births = run, size, births
        self.people: dict[str, Column] = dict(people)
        self.present = present.copy()
        self.outcomes: dict[str, Column] = {}
        self.blocks: list[Block] = []
        self.happened: dict[int, Happenings] = {}
        self.start = minutes(np.asarray(people["start_date"]))
        self.horizon = int(minutes(np.array([run.as_of]))[0]) + DAY - 1
        self.ends: dict[str, Minutes] = {}

    def execute(self, nodes: tuple[Node, ...], blocks: tuple[tuple[int, ...], ...]) -> None:
        """Run all nodes, block by block, then cancel what an end has cancelled."""
        self._parents = [node.parent for node in nodes]
        for indices in blocks:
            if nodes[indices[0]].triggered:
                self._keep(follow(self, nodes, indices))
            else:
                self._keep(self._happen(indices[0], nodes[indices[0]]))
        self._cancel(nodes)

    def _keep(self, block: Block) -> None:
        self.blocks.append(block)
        for position, index in enumerate(block.nodes):
            self.happened[index] = Happenings(block, slice(int(block.starts[position]), int(block.starts[position + 1])))

    def _happen(self, index: int, node: Node) -> Block:
        row, anchor, occurrence, cause = self._candidates(node)
        ids = self.ids(node, row, occurrence)
        draw = Draws(self.run.seed, "event", ids)
        able = self._able(node, row)
        chosen = able[draw.happens("occurs", node.probability)[able]] if node.probability < 1 else able
        row, anchor, occurrence, cause, ids = row[chosen], anchor[chosen], occurrence[chosen], cause[chosen], ids[chosen]
        moment = node.timing.after(anchor, Draws(self.run.seed, "event", ids))
        first = np.ones(len(row), bool)
        if node.every is not None:
            row, moment, occurrence, cause, first = self._repeated(node, node.every, row, moment, occurrence, cause)
            ids = self.ids(node, row, occurrence)
        within = np.flatnonzero(self._within(node, row, moment))
        row, ids, occurrence = row[within], ids[within], occurrence[within]
        parameters = Columns(self._parameters(node, row, ids, occurrence), len(row))
        happened = Block(
            (index,), np.array([0, len(row)]), row, moment[within], occurrence, ids, cause[within], parameters, first[within],
            eligible=len(able), chosen=len(chosen),
        )  # fmt: skip
        if node.birth:
            self._be_born(index, happened)
        return happened

    def anchors(self, node: Node, happened: Happenings, chosen: NDArray[np.intp]) -> Minutes:
        """The moments from which the delays of some happenings ran, minutes since 1970."""
        if node.parent is None:
            return self.start[happened.row[chosen]]
        return self.happened[node.parent].minute[happened.cause[chosen]]  # type: ignore[no-any-return]

    def _candidates(self, node: Node) -> tuple[NDArray[np.intp], Minutes, NDArray[np.int64], NDArray[np.intp]]:
        if node.parent is None:
            mine = self.present & np.isin(np.arange(len(self.present)) % self.size, node.members)
            for expression in node.eligible:
                mine &= expression.holds(Scope(self, np.arange(len(mine)), {}), len(mine))
            row = np.flatnonzero(mine)
            return row, self.start[row], np.zeros(len(row), np.int64), np.full(len(row), -1, np.intp)
        parent = self.happened[node.parent]
        row = self._child_rows(node, parent.row) if node.newborn else parent.row
        return row, parent.minute, parent.occurrence, np.arange(len(row))

    def _child_rows(self, node: Node, row: NDArray[np.intp]) -> NDArray[np.intp]:
        position = row % self.size
        slots = np.array([self._slot(node, int(p)) for p in range(self.size)])
        return np.asarray(row - position + slots[position])

    def _slot(self, node: Node, position: int) -> int:
        return position if position in self.births.values() else self.births[self._birth_of(node)]

    def _birth_of(self, node: Node) -> int:
        at: int | None = node.parent
        while at is not None and at not in self.births:
            at = self._parents[at]
        if at is None:
            raise AssertionError(node.path)
        return at

    def ids(self, node: Node, row: NDArray[np.intp], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ids of occurrences of a node, one a person's row."""
        return identify(self.run.seed, f"event/{node.path}", self.addresses(row, occurrence))

    def addresses(self, row: NDArray[np.intp], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        """What is hashed to the id of an occurrence, with the node's path."""
        return np.asarray(self.people["person_id"])[row] * OCCURRENCES + occurrence

    def _able(self, node: Node, row: NDArray[np.intp]) -> NDArray[np.intp]:
        if not node.conditions:
            return np.arange(len(row))
        scope = Scope(self, row, {})
        return np.flatnonzero(np.logical_and.reduce([expression.holds(scope, len(row)) for expression in node.conditions]))

    def _repeated(
        self, node: Node, every: Timing, row: NDArray[np.intp], moment: Minutes, occurrence: NDArray[np.int64], cause: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Minutes, NDArray[np.int64], NDArray[np.intp], NDArray[np.bool_]]:
        least = max(1.0, every.low / DAY if every.in_minutes else every.low + 28 * every.months)
        times = min(node.count or OCCURRENCES, int(node.duration // least) + 1)
        steps, at = [moment], moment
        for step in range(1, times):
            ids = self.ids(node, row, occurrence * times + step)
            at = every.after(at, Draws(self.run.seed, "repeat", ids))
            steps.append(at)
        which = np.tile(np.arange(times), len(row))
        occurrence = np.repeat(occurrence, times) * times + which
        return np.repeat(row, times), np.stack(steps, axis=1).ravel(), occurrence, np.repeat(cause, times), which == 0

    def _within(self, node: Node, row: NDArray[np.intp], moment: Minutes) -> NDArray[np.bool_]:
        if node.newborn:
            return moment <= self.horizon
        return moment <= np.minimum(self.horizon, self.start[row] + (node.duration * DAY + DAY - 1))

    def _parameters(
        self, node: Node, row: NDArray[np.intp], ids: NDArray[np.int64], occurrence: NDArray[np.int64]
    ) -> Mapping[str, Any]:
        if not node.outcomes or node.every is None:
            return self._drawn(node, row, ids)
        parts, order = [], []
        for step in np.unique(occurrence):  # a repeated value reads the one before
            at = np.flatnonzero(occurrence == step)
            parts.append(Columns(self._drawn(node, row[at], ids[at]), len(at)))
            order.append(at)
        whole = Columns.concat(parts)
        return dict(whole.take(np.argsort(np.concatenate(order), kind="stable"))) if order else {}

    def _drawn(self, node: Node, row: NDArray[np.intp], ids: NDArray[np.int64]) -> Mapping[str, Any]:
        draw = Draws(self.run.seed, "parameter", ids)
        parameters = node.parameters.before_outcomes(Scope(self, row, {}).__getitem__, len(row), draw)
        if not node.outcomes and not node.parameters.references:
            return parameters
        columns = Columns(parameters, len(row))
        for name, distribution in node.outcomes:
            unit = Draws(self.run.seed, "outcome", ids).uniform(name)
            self._remember(name, row, distribution.sample(unit, Scope(self, row, columns)))
        late = node.parameters.after_outcomes(Scope(self, row, columns).__getitem__)
        return {**columns.parts, **late}

    def _remember(self, name: str, row: NDArray[np.intp], values: Column) -> None:
        before = self.outcomes.get(name)
        if before is None:
            before = self.people.get(name)
        if before is None:
            rows = len(self.present)
            before = Text.constant(None, rows) if isinstance(values, Text) else np.full(rows, np.nan)
        self.outcomes[name] = _replaced(before, row, values)

    def _be_born(self, index: int, birth: Block) -> None:
        rows = birth.row - birth.row % self.size + self.births[index]
        self.present[rows] = True
        day = (birth.minute // DAY).astype("datetime64[D]")
        for name in ("birth_date", "start_date"):
            column = np.asarray(self.people[name]).copy()
            column[rows] = day
            self.people[name] = column
        self.start[rows] = birth.minute // DAY * DAY

    def _cancel(self, nodes: tuple[Node, ...]) -> None:
        ends: dict[str, Minutes] = {}
        for index, node in enumerate(nodes):
            if node.ends is not None:
                key = "" if node.ends == "life" else node.journey
                latest = ends.setdefault(key, np.full(len(self.present), NEVER))
                np.minimum.at(latest, self.happened[index].row, self.happened[index].minute)
        if not ends:
            return
        life = ends.get("", np.full(len(self.present), NEVER))
        for index, node in enumerate(nodes):
            happened = self.happened[index]
            kept = happened.kept  # of the block: what is written here stays there
            kept &= happened.minute <= life[happened.row]
            if node.journey in ends and not node.triggered:
                kept &= happened.minute <= ends[node.journey][happened.row]
            if node.parent is not None:
                kept &= self.happened[node.parent].kept[happened.cause]
        died = life != NEVER
        deaths = np.asarray(self.people["death_date"]).copy()
        deaths[died] = (life[died] // DAY).astype("datetime64[D]")
        self.people["death_date"] = deaths


def _replaced(column: Column, rows: NDArray[np.intp], values: Column) -> Column:
    if isinstance(column, Text) or isinstance(values, Text):
        source = np.arange(len(column))
        source[rows] = len(column) + np.arange(len(rows))
        return concat([column, values])[source]
    changed = column.astype(np.result_type(column, values))
    changed[rows] = values
    return changed
