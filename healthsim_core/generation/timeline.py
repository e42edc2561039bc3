"""Run the event DAG over a chunk's people: node by node, each for all people at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.dates import whole_years
from healthsim_core.draws import Draws, identify
from healthsim_core.events import Run
from healthsim_core.generation.blocks import Block, Happenings
from healthsim_core.generation.endings import Endings
from healthsim_core.generation.expressions import Expression
from healthsim_core.generation.following import follow
from healthsim_core.generation.left_out import LeftOut
from healthsim_core.generation.nodes import Node
from healthsim_core.generation.occurrences import CHOICE, LEFT, Occurrences, passed_through, repeated
from healthsim_core.generation.patterns.branching import took
from healthsim_core.generation.scope import History, Scope
from healthsim_core.generation.timing import DAY, Minutes, birthdays, minutes

OCCURRENCES = 4_096  # a person's occurrences of one node, as ids are addressed; what is above goes to higher bits
_ABOVE = 48  # bits that persons and their first occurrences take


class Witness(Protocol):
    """Is told of every outcome and every choice when it is drawn."""

    def __call__(self, path: str, name: str, values: Column, columns: Mapping[str, Any], ids: NDArray[np.int64]) -> None:
        """Take note of it.

        Args:
            path: The node's path.
            name: Name of the outcome or the branch.
            values: Column (rows,) of what was drawn.
            columns: What the draw could read, of the same rows.
            ids: Int array (rows,) of event ids.
        """


class Timeline:
    """The state of a chunk while its nodes run.

    Args:
        run: The run.
        people: Columns, a row for every household position.
        present: Boolean array (rows,): who is there; births are added to it.
        size: Positions a household.
        births: Position of the child of each birth node, by the node's index.
        witness: Told of what is drawn.
    """

    def __init__(
        self,
        run: Run,
        people: Columns,
        present: NDArray[np.bool_],
        size: int,
        births: Mapping[int, int],
        witness: Witness | None = None,
    ) -> None:
        self._witness = witness
        self.run, self.size, self.births = run, size, births
        self.people: dict[str, Column] = dict(people)
        self.present = present.copy()
        self.outcomes: dict[str, Column] = {}
        self.blocks: list[Block] = []
        self.happened: dict[int, Happenings] = {}
        self.late: dict[int, Occurrences] = {}
        self.start = minutes(np.asarray(people["start_date"]))
        self.horizon = int(minutes(np.array([run.as_of]))[0]) + DAY - 1
        self.people["death_time"] = np.full(len(present), np.datetime64("NaT"), "datetime64[s]")
        self.history: dict[str, History] = {}
        self.left_out = LeftOut()
        self._texts: frozenset[str] = frozenset()
        self._origins: dict[int, Minutes] = {}

    def execute(self, nodes: tuple[Node, ...], blocks: tuple[tuple[int, ...], ...]) -> None:
        """Run all nodes, block by block, then cancel what an end has cancelled.

        Ends are of journeys' own events: when these have happened, what closes something that is open at an end of life is
        brought forward to it, before triggers follow.
        """
        self._parents = [node.parent for node in nodes]
        drawn = [(node.most, name, distribution.gives({}).of) for node in nodes for name, distribution in node.outcomes]
        self._texts = frozenset(name for _, name, kind in drawn if kind in ("text", "words"))
        self._origin_nodes = {node.origin for node in nodes if node.origin is not None}
        for name in {name for most, name, _ in drawn if most > 1}:
            self.history[name] = History(self.latest(name))
        settled = max((at for at, indices in enumerate(blocks) if not nodes[indices[0]].triggered), default=-1)
        for at, indices in enumerate(blocks):
            if nodes[indices[0]].triggered:
                self._keep(follow(self, nodes, indices))
            else:
                self._keep(self._happen(indices[0], nodes[indices[0]]))
            self.blocks[-1].settled = at > settled
            if at == settled:
                endings = Endings(self, nodes)
                endings.close()
        if settled >= 0:
            endings.cancel()

    def _keep(self, block: Block) -> None:
        self.blocks.append(block)
        for position, index in enumerate(block.nodes):
            self.happened[index] = Happenings(block, slice(int(block.starts[position]), int(block.starts[position + 1])))

    def extend(self, index: int, node: Node, more: Occurrences) -> None:
        """Add happenings of a node that would have come too late to be seen; they are not kept."""
        if not len(more):
            return
        block = self.happened[index].block
        names = ("row", "minute", "occurrence", "id", "cause", "first")
        both = {name: np.concatenate([getattr(block, name), getattr(more, name)]) for name in names}
        parameters = Columns.concat([block.parameters, Columns(self._drawn(node, more), len(more))])
        kept, starts = np.concatenate([block.kept, np.zeros(len(more), bool)]), np.array([0, len(block.row) + len(more)])
        changed: dict[str, Any] = {**both, "starts": starts, "parameters": parameters, "kept": kept, "moment": both["minute"]}
        made = attrs.evolve(block, **changed)
        self.blocks[next(at for at, each in enumerate(self.blocks) if each is block)] = made
        self.happened[index] = Happenings(made, slice(0, len(kept)))

    def latest(self, name: str) -> Column:
        """The latest value of an outcome, a branch or a person's column, a row a position; null where nobody has it yet."""
        found = self.outcomes.get(name)
        if found is None:
            found = self.people.get(name)
        if found is not None:
            return found
        rows = len(self.present)
        return Text.constant(None, rows) if name in self._texts or "/" in name else np.full(rows, np.nan)

    def _happen(self, index: int, node: Node) -> Block:
        row, anchor, occurrence, cause = self._candidates(node)
        ids = self.ids(node, row, occurrence)
        able = self._able(node, row, anchor, ids)
        row, anchor, occurrence, cause, ids = _of((row, anchor, occurrence, cause, ids), able)
        eligible = len(row)
        if node.probability < 1:
            occurs = Draws(self.run.seed, "event", ids).happens("occurs", node.probability)
            row, anchor, occurrence, cause, ids = _of((row, anchor, occurrence, cause, ids), np.flatnonzero(occurs))
        chosen, moment = len(row), self._moment(node, row, anchor, ids)
        made = Occurrences(row, moment, occurrence, cause, ids, np.ones(len(row), bool))
        if node.recurrence is not None:
            made = repeated(self, node, node.recurrence, made)
        inside = self._within(node, made)
        if node.closes is not None and node.anchor is None and node.state is None and node.recurrence is None:
            self.late[index] = made.take(np.flatnonzero(~inside))  # a death may bring it forward
        made = made if inside.all() else made.take(np.flatnonzero(inside))
        if node.lifecycle is not None:
            made, parameters = passed_through(self, node, node.lifecycle, made)
        elif node.most > 1 and (_reads_itself(node) or _until(node)):
            made, parameters = self._one_by_one(node, made)
        else:
            parameters = self._drawn(node, made)
        made, parameters = self._fitting(node, made, parameters) if node.befalls.looked_at else (made, parameters)
        self._note(node, made, parameters)
        happened = Block(
            (index,), np.array([0, len(made)]), made.row, made.minute, made.occurrence, made.id, made.cause,
            Columns(parameters, len(made)), made.first, eligible=eligible, chosen=chosen,
        )  # fmt: skip
        if node.birth:
            self._be_born(index, happened)
        if index in self._origin_nodes:
            self._origins[index] = np.zeros(len(self.present), np.int64)
            self._origins[index][made.row] = made.minute // DAY * DAY
        return happened

    def _moment(self, node: Node, row: NDArray[np.intp], anchor: Minutes, ids: NDArray[np.int64]) -> Minutes:
        columns = Scope(self, row, {}, node.journey, anchor) if node.timing.names else {}
        return node.timing.after(anchor, Draws(self.run.seed, "event", ids), columns)

    def anchors(self, node: Node, happened: Happenings, chosen: NDArray[np.intp] | slice) -> Minutes:
        """The moments from which the delays of some happenings ran, minutes since 1970."""
        row = happened.row[chosen]
        if node.anchor is not None:
            return self._anchored(node, row)
        if node.parent is None:
            return self.start[row]
        cause = self.happened[node.parent]
        since: Minutes = cause.moment if happened.block.settled else cause.minute
        return since[happened.cause[chosen]]

    def _candidates(self, node: Node) -> tuple[NDArray[np.intp], Minutes, NDArray[np.int64], NDArray[np.intp]]:
        if node.parent is None:
            mine = self.present & np.isin(np.arange(len(self.present)) % self.size, node.members)
            able = self._eligible(node)
            self.left_out.people(node, mine, able)
            mine &= able
            row = np.flatnonzero(mine)
            anchor = self.start[row] if node.anchor is None else self._anchored(node, row)
            return row, anchor, np.zeros(len(row), np.int64), np.full(len(row), -1, np.intp)
        parent = self.happened[node.parent]
        row = self._child_rows(node, parent.row) if node.newborn else parent.row
        cause = None
        if node.taken is not None:
            cause = np.flatnonzero(took(parent.block.parameters[CHOICE][parent.rows], node.taken))  # type: ignore[arg-type]
        if node.starts:
            cause = self._first_of(node, parent, row)
        row, anchor, occurrence = _of((row, parent.minute, parent.occurrence), cause)
        occurrence = np.zeros(len(row), np.int64) if node.starts else occurrence
        anchor = anchor if node.anchor is None else self._anchored(node, row)
        return row, anchor, occurrence, np.arange(len(row)) if cause is None else cause

    def _eligible(self, node: Node) -> NDArray[np.bool_]:
        rows = len(self.present)
        scope = Scope(self, np.arange(rows), {}, node.journey)
        return np.asarray(np.logical_and.reduce([np.ones(rows, bool), *(each.holds(scope, rows) for each in node.eligible)]))

    def _first_of(self, node: Node, parent: Happenings, row: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of each person whose journey it is, the first happening."""
        order = np.lexsort((parent.minute, row))
        first = order[np.diff(row[order], prepend=-1) != 0]
        first, able = first[np.isin(row[first] % self.size, node.members)], self._eligible(node)
        self.left_out.people(node, row[first], able)
        return np.sort(first[able[row[first]]])

    def _anchored(self, node: Node, row: NDArray[np.intp]) -> Minutes:
        if isinstance(node.anchor, int):
            return np.full(len(row), node.anchor * DAY)
        born = np.asarray(self.people["birth_date"])[row]
        return (birthdays(born, node.anchor[1]) if isinstance(node.anchor, tuple) else born.astype("datetime64[D]").astype(np.int64)) * DAY

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
        person = np.asarray(self.people["person_id"])[row]
        return person * OCCURRENCES + occurrence % OCCURRENCES + ((occurrence // OCCURRENCES) << _ABOVE)

    def _able(self, node: Node, row: NDArray[np.intp], anchor: Minutes, ids: NDArray[np.int64]) -> NDArray[np.intp] | None:
        if not node.conditions:
            return None
        changing = any(name.startswith("state.") or name.removeprefix("outcome.") in self.history for name in node.reads)
        scope = Scope(self, row, {}, node.journey, self._moment(node, row, anchor, ids) if changing else None)
        return np.flatnonzero(np.logical_and.reduce([expression.holds(scope, len(row)) for expression in node.conditions]))

    def _within(self, node: Node, made: Occurrences) -> NDArray[np.bool_]:
        of_age = True if node.befalls.ages is None else node.befalls.of_age(self.age(made.row, made.minute))
        if node.newborn:
            return (made.minute <= self.horizon) & of_age
        start, late = self.begins(node, made.row), made.minute > self.horizon
        over = np.zeros(len(made), bool) if node.starts else made.minute > start + (node.duration * DAY + DAY - 1)
        self.left_out.events(node, over, late & ~over, made.first, self.run.as_of)
        inside = ~(over | late) & of_age
        if node.anchor is not None:
            inside &= made.minute >= start
            if node.parent is not None:
                inside &= made.minute >= self.happened[node.parent].minute[made.cause]
        if node.state is not None:
            inside &= made.minute < self._left(node, made.cause)
        return inside

    def age(self, row: NDArray[np.intp], minute: Minutes) -> NDArray[np.int64]:
        """Whole years of age of some rows at moments."""
        return whole_years(np.asarray(self.people["birth_date"])[row], (minute // DAY).astype("datetime64[D]"))

    def _fitting(self, node: Node, made: Occurrences, parameters: Mapping[str, Any]) -> tuple[Occurrences, Mapping[str, Any]]:
        """What happens to people of the ages of the diagnoses that were drawn."""
        fit = node.befalls.fit(parameters, self.people["sex"][made.row], self.age(made.row, made.minute))  # type: ignore[arg-type]
        self.left_out.unfit(node, int(np.sum(~fit)))
        kept = np.flatnonzero(fit)
        return (made, parameters) if fit.all() else (made.take(kept), Columns(parameters, len(made)).take(kept).parts)

    def begins(self, node: Node, row: NDArray[np.intp]) -> Minutes:
        """When the node's journey begins for each of some rows."""
        return self.start[row] if node.origin is None else self._origins[node.origin][row]

    def _left(self, node: Node, cause: NDArray[np.intp]) -> Minutes:
        """When the state is left to which each happening belongs."""
        at, parent = cause, node.parent
        while parent is not None and parent != node.state:
            at, parent = self.happened[parent].cause[at], self._parents[parent]
        assert parent is not None, node.path
        happened = self.happened[parent]
        return np.asarray(happened.block.parameters[LEFT][happened.rows])[at]

    def _one_by_one(self, node: Node, made: Occurrences) -> tuple[Occurrences, Mapping[str, Any]]:
        """Draw what a repeated event gives, one occurrence after the other: each reads the one before."""
        until, times = _until(node), node.recurrence.times if node.recurrence is not None else 1
        over = np.zeros(len(made), bool)  # by series: the same person's, after the same occurrence of what it follows
        _, series = np.unique(made.row * node.most + made.occurrence // times, return_inverse=True)
        parts, order = [], []
        for step in np.unique(made.occurrence):
            at = np.flatnonzero((made.occurrence == step) & ~over[series])
            some = made.take(at)
            parameters = self._drawn(node, some)
            parts.append(Columns(parameters, len(at)))
            order.append(at)
            if until is not None:
                over[series[at]] |= until.holds(Scope(self, some.row, parts[-1], node.journey, some.minute), len(at))
        if not parts:
            return made, self._drawn(node, made)
        rows = np.concatenate(order)
        return made.take(np.sort(rows)), Columns.concat(parts).take(np.argsort(rows, kind="stable")).parts

    def _drawn(self, node: Node, made: Occurrences) -> Mapping[str, Any]:
        row, rows = made.row, len(made)
        scope = Scope(self, row, {}, node.journey, made.minute)
        draw = Draws(self.run.seed, "parameter", made.id)
        parameters = node.parameters.before_outcomes(scope.__getitem__, rows, draw)
        if node.branch is not None:
            reading = Scope(self, row, parameters, node.journey, made.minute)
            choice = node.branch.choose(reading, rows, Draws(self.run.seed, "outcome", made.id))
            if self._witness is not None:
                self._witness(node.path, node.branch.name, choice, reading, made.id)
            self._remember(f"{node.journey}/{node.branch.name}", made, choice)
            return {**parameters, CHOICE: choice}
        if not node.outcomes and not node.parameters.references:
            return parameters
        loops = node.most > 1 and _reads_itself(node)  # its own values are the latest, others' those of the moment
        columns, own = Columns(parameters, rows), {name: self.latest(name)[row] for name, _ in node.outcomes} if loops else {}
        for name, distribution in node.outcomes:
            unit = Draws(self.run.seed, "outcome", made.id).uniform(name)
            reading = Scope(self, row, columns, node.journey, made.minute, own)
            values = distribution.sample(unit, reading)
            if self._witness is not None:
                self._witness(node.path, name, values, reading, made.id)
            self._remember(name, made, values)
            own = {**own, name: values if node.most > 1 else self.outcomes[name][row]}
        late = node.parameters.after_outcomes(Scope(self, row, columns, node.journey, made.minute, own).__getitem__, columns)
        return {**columns.parts, **late}

    def _note(self, node: Node, made: Occurrences, parameters: Mapping[str, Any]) -> None:
        """Keep what was over time of the states passed through."""
        if node.lifecycle is not None:
            key = f"{node.journey}/{node.lifecycle.name}"
            self.history[key] = History(self.latest(key))
            self.history[key].add(made.row, made.minute, parameters[CHOICE])

    def _remember(self, name: str, made: Occurrences, values: Column) -> None:
        self.outcomes[name] = _replaced(self.latest_like(name, values), made.row, values)
        if name in self.history:
            self.history[name].add(made.row, made.minute, values)

    def latest_like(self, name: str, values: Column) -> Column:
        """The latest value, or nulls of the kind of `values`."""
        if name in self.outcomes or name in self.people:
            return self.latest(name)
        if isinstance(values, Text):
            return Text.constant(None, len(self.present))
        return np.full(len(self.present), np.datetime64("NaT", "D") if values.dtype.kind == "M" else np.nan)

    def _be_born(self, index: int, birth: Block) -> None:
        rows = birth.row - birth.row % self.size + self.births[index]
        self.present[rows] = True
        day = (birth.minute // DAY).astype("datetime64[D]")
        for name in ("birth_date", "start_date"):
            column = np.asarray(self.people[name]).copy()
            column[rows] = day
            self.people[name] = column
        self.start[rows] = birth.minute // DAY * DAY


def _of(arrays: tuple[NDArray[Any], ...], rows: NDArray[np.intp] | None) -> tuple[NDArray[Any], ...]:
    """Some rows of each, or all."""
    return arrays if rows is None else tuple(array[rows] for array in arrays)


def _replaced(column: Column, rows: NDArray[np.intp], values: Column) -> Column:
    if isinstance(column, Text) or isinstance(values, Text):
        source = np.arange(len(column))
        source[rows] = len(column) + np.arange(len(rows))
        return concat([column, values])[source]
    changed = column.astype(np.result_type(column, values))
    changed[rows] = values
    return changed


def _reads_itself(node: Node) -> bool:
    """Whether what it gives depends on what it gave before."""
    own = {name for name, _ in node.outcomes}
    reads = node.parameters.reads.union(*(distribution.names for _, distribution in node.outcomes))
    return bool(own & {name.removeprefix("outcome.") for name in reads})


def _until(node: Node) -> Expression | None:
    return node.recurrence.until if node.recurrence is not None else None
