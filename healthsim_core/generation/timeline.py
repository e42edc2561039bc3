"""Run the event DAG over a chunk's people: node by node, each for all people at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.draws import Draws, identify
from healthsim_core.events import Run
from healthsim_core.generation.journey_plan import Node
from healthsim_core.generation.timing import DAY, Minutes, minutes

OCCURRENCES = 4_096  # a person's occurrences of one node, as ids are addressed
NEVER = np.iinfo(np.int64).max


@attrs.define(eq=False)
class Happenings:
    """What happened of one node.

    Attributes:
        row: Int array: the person's row among the chunk's positions.
        minute: Int array: when, minutes since 1970.
        occurrence: Int array.
        id: Int array of event ids.
        cause: Int array: the row among the parent's happenings; -1 for none.
        parameters: Columns of the node's parameters.
        kept: Boolean array: False for what an end (withdrawal, death) has cancelled.
        first: Boolean array: True where the delay ran from the anchor, not from an earlier occurrence.
        eligible: How often it could have happened.
        chosen: How often its probability let it happen.
    """

    row: NDArray[np.intp]
    minute: Minutes
    occurrence: NDArray[np.int64]
    id: NDArray[np.int64]
    cause: NDArray[np.intp]
    parameters: Columns
    kept: NDArray[np.bool_]
    first: NDArray[np.bool_]
    eligible: int = 0
    chosen: int = 0


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
        self.happened: list[Happenings] = []
        self.start = minutes(np.asarray(people["start_date"]))
        self.horizon = int(minutes(np.array([run.as_of]))[0]) + DAY - 1
        self.ends: dict[str, Minutes] = {}

    def execute(self, nodes: tuple[Node, ...]) -> None:
        """Run all nodes, in order, then cancel what an end has cancelled."""
        self._parents = [node.parent for node in nodes]
        for index, node in enumerate(nodes):
            self.happened.append(self._happen(index, node, nodes))
        self._cancel(nodes)

    def _happen(self, index: int, node: Node, nodes: tuple[Node, ...]) -> Happenings:
        if node.schedule is not None:
            return self._scheduled(node, nodes)
        row, anchor, occurrence, cause = self._candidates(node)
        draw = Draws(self.run.seed, "event", self._ids(node, row, occurrence))
        able = self._able(node, row)
        chosen = able[draw.happens("occurs", node.probability)[able]] if node.probability < 1 else able
        row, anchor, occurrence, cause = row[chosen], anchor[chosen], occurrence[chosen], cause[chosen]
        moment = node.timing.after(anchor, Draws(self.run.seed, "event", draw.ids[chosen]))
        row, moment, occurrence, cause, first = self._repeated(node, row, moment, occurrence, cause)
        within = self._within(node, row, moment)
        row, moment, occurrence, cause = row[within], moment[within], occurrence[within], cause[within]
        happened = self._finished(node, row, moment, occurrence, cause)
        happened.first, happened.eligible, happened.chosen = first[within], len(able), len(chosen)
        if node.birth:
            self._be_born(index, happened)
        return happened

    def anchors(self, node: Node, happened: Happenings, chosen: NDArray[np.intp]) -> Minutes:
        """The moments from which the delays of some happenings ran, minutes since 1970."""
        if node.parent is None:
            return self.start[happened.row[chosen]]
        return self.happened[node.parent].minute[happened.cause[chosen]]

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

    def _ids(self, node: Node, row: NDArray[np.intp], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        person = np.asarray(self.people["person_id"])[row]
        return identify(self.run.seed, f"event/{node.path}", person * OCCURRENCES + occurrence)

    def _able(self, node: Node, row: NDArray[np.intp]) -> NDArray[np.intp]:
        able = np.ones(len(row), bool)
        parameters = self.happened[node.parent].parameters if node.triggered and node.parent is not None else {}
        scope = Scope(self, row, parameters, plain=node.triggered)
        for expression in node.conditions:
            able &= expression.holds(scope, len(row))
        return np.flatnonzero(able)

    def _repeated(
        self, node: Node, row: NDArray[np.intp], moment: Minutes, occurrence: NDArray[np.int64], cause: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Minutes, NDArray[np.int64], NDArray[np.intp], NDArray[np.bool_]]:
        if node.every is None:
            return row, moment, occurrence, cause, np.ones(len(row), bool)
        least = max(1.0, node.every.low / DAY if node.every.in_minutes else node.every.low + 28 * node.every.months)
        times = min(node.count or OCCURRENCES, int(node.duration // least) + 1)
        steps, at = [moment], moment
        for step in range(1, times):
            ids = self._ids(node, row, occurrence * times + step)
            at = node.every.after(at, Draws(self.run.seed, "repeat", ids))
            steps.append(at)
        which = np.tile(np.arange(times), len(row))
        occurrence = np.repeat(occurrence, times) * times + which
        return np.repeat(row, times), np.stack(steps, axis=1).ravel(), occurrence, np.repeat(cause, times), which == 0

    def _within(self, node: Node, row: NDArray[np.intp], moment: Minutes) -> NDArray[np.bool_]:
        latest = np.full(len(row), self.horizon)
        if not node.triggered:
            start = self.start[row]
            latest = np.minimum(latest, start + node.duration * DAY + DAY - 1) if not node.newborn else latest
        return moment <= latest

    def _finished(
        self, node: Node, row: NDArray[np.intp], moment: Minutes, occurrence: NDArray[np.int64], cause: NDArray[np.intp]
    ) -> Happenings:
        ids = self._ids(node, row, occurrence)
        causing = self._causing(node, cause)
        parameters = self._parameters(node, row, ids, occurrence, causing)
        every = np.ones(len(row), bool)
        return Happenings(row, moment, occurrence, ids, cause, Columns(parameters, len(row)), every, every)

    def _causing(self, node: Node, cause: NDArray[np.intp]) -> Columns:
        return self.happened[node.parent].parameters.take(cause) if node.parent is not None and node.parameters.carried else Columns({})

    def _parameters(
        self, node: Node, row: NDArray[np.intp], ids: NDArray[np.int64], occurrence: NDArray[np.int64], causing: Columns
    ) -> dict[str, Any]:
        if not node.outcomes or node.every is None:
            return self._drawn(node, row, ids, causing)
        parts, order = [], []
        for step in np.unique(occurrence):  # a repeated value reads the one before
            at = np.flatnonzero(occurrence == step)
            parts.append(Columns(self._drawn(node, row[at], ids[at], causing.take(at) if len(causing) else causing), len(at)))
            order.append(at)
        whole = Columns.concat(parts)
        return dict(whole.take(np.argsort(np.concatenate(order), kind="stable"))) if order else {}

    def _drawn(self, node: Node, row: NDArray[np.intp], ids: NDArray[np.int64], causing: Columns) -> dict[str, Any]:
        draw = Draws(self.run.seed, "parameter", ids)
        parameters = node.parameters.before_outcomes(Scope(self, row, {}).__getitem__, len(row), draw, causing)
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
        source = np.arange(len(before))
        source[row] = len(before) + np.arange(len(row))
        self.outcomes[name] = concat([before, values])[source]

    def _scheduled(self, node: Node, nodes: tuple[Node, ...]) -> Happenings:
        from healthsim_core.generation.dispatch import node_events

        assert node.parent is not None and node.schedule is not None
        parent = self.happened[node.parent]
        chosen = self._able(node, parent.row)
        events = node_events(self, nodes, node.parent, chosen)
        schedule = node.schedule(events)
        cause = chosen[schedule.row]
        row, first = parent.row[cause], np.searchsorted(schedule.row, schedule.row)
        following = np.arange(len(cause)) - first
        occurrence = parent.occurrence[cause] * 64 + following
        ids = self._ids(node, row, occurrence)
        anchor, days = parent.minute[cause], np.asarray(schedule.days, np.int64)
        minute = 480 + 5 * Draws(self.run.seed, "event", ids).integers("time_of_day", 0, 108)
        moment = np.where(days == 0, anchor + 10, (anchor // DAY + days) * DAY + minute)
        kept = np.flatnonzero(self._within(node, row, moment))
        happened = self._finished(node, row[kept], moment[kept], occurrence[kept], cause[kept])
        given = schedule.parameters.take(kept).parts if len(schedule.parameters) else {}
        happened.parameters = Columns({**happened.parameters.parts, **given}, len(kept))
        return happened

    def _be_born(self, index: int, birth: Happenings) -> None:
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
        for node, happened in zip(nodes, self.happened, strict=True):
            if node.ends is not None:
                key = "" if node.ends == "life" else node.journey
                latest = ends.setdefault(key, np.full(len(self.present), NEVER))
                np.minimum.at(latest, happened.row, happened.minute)
        if not ends:
            return
        life = ends.get("", np.full(len(self.present), NEVER))
        for node, happened in zip(nodes, self.happened, strict=True):
            happened.kept &= happened.minute <= life[happened.row]
            if node.journey in ends and not node.triggered:
                happened.kept &= happened.minute <= ends[node.journey][happened.row]
            if node.parent is not None:
                happened.kept &= self.happened[node.parent].kept[happened.cause]
        died = life != NEVER
        deaths = np.asarray(self.people["death_date"]).copy()
        deaths[died] = (life[died] // DAY).astype("datetime64[D]")
        self.people["death_date"] = deaths
