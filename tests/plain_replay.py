"""Lives replayed one event at a time, in order of time, in plain Python: an event asks what has happened before it.

It shares with the product the compiled journeys (conditions, delays, distributions) and the addresses of draws, and
nothing that keeps or finds what has happened.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from replay_body import alike
from replay_reads import Change, Reads, codes_of, scalar

from healthsim_core.columns import Columns, Text
from healthsim_core.draws import Draws, identify
from healthsim_core.journeys.nodes import Branched, Node, Passage, Repeated
from healthsim_core.patterns.lifecycle import MOST_STEPS
from healthsim_core.patterns.timing import DAY, birthdays, minutes, scheduled

NEVER = 1 << 60
APART = 4_096  # of occurrences, as ids are addressed


class Event(NamedTuple):
    """Something that happens: when, of which node, to which row, the how manieth, after what."""

    minute: int
    rank: int
    node: int
    row: int
    occurrence: int
    cause: Event | None
    first: bool = True  # whether its conditions are still to be asked
    stay: tuple[str, int] | None = None  # of a passage: the state, and when it is left


class Replay:
    """The life of one household.

    Args:
        plan: The compiled plan.
        people: Columns of the household's people, a row a position.
        present: Who is there at the start.
    """

    def __init__(self, plan: Any, people: Columns, present: Any) -> None:
        self.plan, self.nodes, self.people, self.present = plan, plan.nodes, people, present.copy()
        self.seed, self.births = plan.run.seed, plan.births
        self.columns = {name: people[name] for name in people}
        self.start = minutes(np.asarray(people["start_date"])).tolist()
        self.horizon = int(minutes(np.array([plan.run.as_of]))[0]) + DAY - 1
        self.rank = ranks(self.nodes)
        self.children = defaultdict(list)
        for index, node in enumerate(self.nodes):
            if not node.triggered and node.parent is not None:
                self.children[node.parent].append(index)
        self.values: dict[tuple[int, str], list[Any]] = defaultdict(list)
        self.start_of = list(self.start)  # as the run has it, for newborns too
        self.changes: dict[int, list[Change]] = defaultdict(list)
        self.ends: dict[tuple[int, str], int] = {}
        self.begun: dict[tuple[int, str], int] = {}
        self.happened: list[Event] = []
        self.drawn: dict[tuple[int, int, int, str], Any] = {}
        self.given: dict[tuple[int, int, int], Any] = {}  # each event's parameters
        self.read: dict[tuple[int, int, int, str], dict[str, Any]] = {}  # what each outcome's law read
        self.waiting: list[Event] = []
        self.over: set[tuple[int, int, int]] = set()  # of what comes again, the series that has ended

    def live(self) -> list[Event]:
        """Everything that happens, in order."""
        for index, node in enumerate(self.nodes):
            if node.parent is None and not node.triggered:
                for row in np.flatnonzero(self.present).tolist():
                    self._begin(index, node, row)
        while self.waiting:
            self._come(heapq.heappop(self.waiting))
        return self.happened

    def _begin(self, index: int, node: Node, row: int) -> None:
        if row not in node.place.members:
            return
        moment = self.start[row]
        if all(self._holds(part, node, row, moment, {}) for part in node.place.eligible):
            self._wait(index, row, self._anchor(node, row, moment), 0, None)

    def _anchor(self, node: Node, row: int, otherwise: int) -> int:
        anchor = node.place.anchor
        if anchor is None:
            return otherwise
        if isinstance(anchor, int):
            return anchor * DAY
        born = np.asarray(self.columns["birth_date"])[[row]]
        day = birthdays(born, anchor[1]) if isinstance(anchor, tuple) else born.astype("datetime64[D]").astype(np.int64)
        return int(day[0]) * DAY

    def _wait(self, index: int, row: int, anchor: int, occurrence: int, cause: Event | None) -> None:
        node = self.nodes[index]
        draw = Draws(self.seed, "event", self._id(node, row, occurrence))
        reads = Reads(self, node, row, anchor, {}) if node.timing.names else {}
        minute = int(node.timing.after(np.array([anchor]), draw, reads)[0])
        heapq.heappush(self.waiting, Event(minute, self.rank[index], index, row, occurrence, cause))

    def _come(self, event: Event) -> None:
        node = self.nodes[event.node]
        if self._is_over(event):
            return
        if event.first:
            if not all(self._holds(term, node, event.row, event.minute, {}) for term in node.conditions):
                return
            draw = Draws(self.seed, "event", self._id(node, event.row, event.occurrence))
            if node.probability < 1 and not bool(draw.happens("occurs", node.probability)[0]):
                return
            if isinstance(node.how, Repeated):
                for again in self._again(node, event):
                    heapq.heappush(self.waiting, again)
                return
            if isinstance(node.how, Passage):
                for stay in self._stays(node, event):
                    heapq.heappush(self.waiting, stay)
                return
        if self._series(node, event) not in self.over and self._within(node, event):
            self._happen(node, event)

    def _series(self, node: Node, event: Event) -> tuple[int, int, int]:
        times = node.how.recurrence.times if isinstance(node.how, Repeated) else 1
        return event.node, event.row, event.occurrence // times

    def _again(self, node: Node, event: Event) -> Iterator[Event]:
        how = node.how.recurrence  # type: ignore[union-attr]
        at, row = np.array([event.minute]), event.row
        for step in range(how.times):
            occurrence = event.occurrence * how.times + step
            draw = Draws(self.seed, "repeat", self._id(node, row, occurrence))
            if step:
                if how.attrition and bool(draw.happens("attrition", how.attrition)[0]):
                    return
                if how.scheduled:
                    at = np.maximum(scheduled(how.every, np.array([event.minute]), step, draw), at + 1)
                else:
                    at = how.every.after(at, draw)
            yield event._replace(minute=int(at[0]), occurrence=occurrence, first=False)

    def _stays(self, node: Node, event: Event) -> Iterator[Event]:
        life, row = node.how.lifecycle, event.row  # type: ignore[union-attr]
        end = min(self.horizon, self._begins(node, row) + node.duration * DAY + DAY - 1)
        passage = life.pass_through(
            np.array([event.minute]), np.array([end]), np.asarray(self.columns["birth_date"])[[row]],
            Reads(self, node, row, event.minute, {}),
            lambda _, step: self._id(node, row, event.occurrence * MOST_STEPS + step), self.seed,
        )  # fmt: skip
        for step, minute, state, left in zip(
            passage.step.tolist(), passage.minute.tolist(), passage.state.to_pylist(), passage.left.tolist(),
            strict=True,
        ):  # fmt: skip
            occurrence = event.occurrence * MOST_STEPS + step
            yield event._replace(minute=minute, occurrence=occurrence, first=False, stay=(state, left))

    def _within(self, node: Node, event: Event) -> bool:
        row, minute = event.row, event.minute
        if node.befalls.ages is not None:
            born = np.asarray(self.columns["birth_date"])[row]
            if not node.befalls.of_age(np.array([age_at(born, minute)]))[0]:
                return False
        if node.place.newborn:
            return minute <= self.horizon
        begins = self._begins(node, row)
        if minute > self.horizon or (not node.place.starts and minute > begins + node.duration * DAY + DAY - 1):
            return False
        if node.place.anchor is not None:
            after = max(begins, event.cause.minute if event.cause is not None else begins)
            if minute < after:
                return False
        if node.place.state is not None:
            stay = event.cause
            while stay is not None and stay.node != node.place.state:
                stay = stay.cause
            assert stay is not None and stay.stay is not None
            return minute < stay.stay[1]
        return True

    def _begins(self, node: Node, row: int) -> int:
        if node.place.origin is None:
            return self.start[row]
        return self.begun[row, self.nodes[node.place.origin].journey]

    def _is_over(self, event: Event) -> bool:
        """Whether it, or what led to it, comes after the end of its journey or of the life."""
        at: Event | None = event
        while at is not None:
            journey = self.nodes[at.node].journey
            if at.minute > min(self.ends.get((at.row, journey), NEVER), self.ends.get((at.row, "@life"), NEVER)):
                return True
            at = at.cause
        return False

    def _happen(self, node: Node, event: Event) -> None:
        row = event.row
        given = self._given(node, event)
        if given is None:
            return
        self.happened.append(event)
        if node.path.endswith("/@start") or node.place.starts:
            self.begun.setdefault((row, node.journey), event.minute // DAY * DAY)
        self._change(node, event, given)
        until = node.how.recurrence.until if isinstance(node.how, Repeated) else None
        if until is not None and self._holds(until, node, row, event.minute, self.columns_given):
            self.over.add(self._series(node, event))
        if node.ending.ends == "journey":
            self.ends[row, node.journey] = min(self.ends.get((row, node.journey), NEVER), event.minute)
        if node.ending.ends == "life":
            self.ends[row, "@life"] = min(self.ends.get((row, "@life"), NEVER), event.minute)
        if node.birth:
            self._be_born(event)
        for index in self.children[event.node]:
            self._follow(index, self.nodes[index], event, given)

    def _follow(self, index: int, child: Node, event: Event, given: Mapping[str, Any]) -> None:
        if child.place.taken is not None and child.place.taken not in str(given.get("@choice") or "").split():
            return
        row, occurrence = self._row(child, event.row), event.occurrence
        if child.place.starts:
            known = any(other.node == event.node and other.row == event.row for other in self.happened[:-1])
            if known or row not in child.place.members:
                return
            if not all(self._holds(part, child, row, event.minute, {}) for part in child.place.eligible):
                return
            occurrence = 0
        self._wait(index, row, self._anchor(child, row, event.minute), occurrence, event)

    def _row(self, child: Node, row: int) -> int:
        if not child.place.newborn or row in self.births.values():
            return row
        at = child.parent
        while at is not None and at not in self.births:
            at = self.nodes[at].parent
        assert at is not None
        return int(self.births[at])

    def _be_born(self, event: Event) -> None:
        row, day = self.births[event.node], np.datetime64(event.minute // DAY, "D")
        self.present[row] = True
        for name in ("birth_date", "start_date"):
            column = np.asarray(self.columns[name]).copy()
            column[row] = day
            self.columns[name] = column
        self.start[row] = event.minute // DAY * DAY

    def _given(self, node: Node, event: Event) -> dict[str, Any] | None:
        """Parameters, outcomes and ways of an event; None where it does not befall this person."""
        row, ids = event.row, self._id(node, event.row, event.occurrence)
        reads = Reads(self, node, row, event.minute, {})
        parameters = node.parameters.before_outcomes(reads.column, 1, Draws(self.seed, "parameter", ids))
        if event.stay is not None:
            self.given[event.node, row, event.occurrence] = parameters
            given = {"@choice": event.stay[0]}
            self._keep(node, event, node.key(node.how.lifecycle.name), event.stay[0])  # type: ignore[union-attr]
            return given
        columns = self.columns_given = Columns(parameters, 1)
        self.given[event.node, row, event.occurrence] = columns.parts
        if isinstance(node.how, Branched):
            way = node.how.branching
            choice = way.choose(Reads(self, node, row, event.minute, columns), 1, Draws(self.seed, "outcome", ids))
            self._keep(node, event, node.key(way.name), choice.to_pylist()[0])
            return {**_plain(columns), "@choice": choice.to_pylist()[0]}
        own: dict[str, Any] = {}
        unit = Draws(self.seed, "outcome", ids)
        for name, law in node.outcomes:
            known = Reads(self, node, row, event.minute, columns, dict(own))
            own[name] = law.sample(unit.uniform(name), known)
            self.read[event.node, row, event.occurrence, name] = {read: scalar(known[read]) for read in law.names}
        late = node.parameters.after_outcomes(Reads(self, node, row, event.minute, columns, own).column, columns)
        whole = self._recoded(node, event, {**columns.parts, **late})
        measured = {name: scalar(reads[f"measured.{name}"]) for name in node.measures}
        self.columns_given = Columns(whole, 1)
        self.given[event.node, row, event.occurrence] = whole
        if node.befalls.looked_at:
            sexes, born = self.columns["sex"][[row]], np.asarray(self.columns["birth_date"])[row]
            if not node.befalls.fit(whole, sexes, np.array([age_at(born, event.minute)]))[0]:
                return None
        for name, value in own.items():
            self._keep(node, event, name, value)
        for name, value in measured.items():
            self.values[row, f"last:{name}"].append((event, np.array([value])))
        return _plain(Columns(whole, 1))

    def _recoded(self, node: Node, event: Event, whole: dict[str, Any]) -> dict[str, Any]:
        """Diagnoses as they are coded of somebody in some state."""
        for one in node.recoded:
            said = scalar(Columns(whole, 1)[one.name]) if one.name in whole else None
            for rule in one.rules:
                if (
                    said
                    and said.startswith(rule.instead_of)
                    and self._holds(rule.when, node, event.row, event.minute, {})
                ):
                    whole = {**whole, one.name: Text.of([rule.code])}
                    break
        return whole

    def _keep(self, node: Node, event: Event, name: str, value: Any) -> None:
        self.drawn[event.node, event.row, event.occurrence, name] = scalar(value)
        self.values[event.row, name].append((event, value))

    def _change(self, node: Node, event: Event, given: Mapping[str, Any]) -> None:
        """What an event says that it begins or ends, and what the products that take part say of it."""
        told = [Change(said.kind, said.name, NEVER, said.stops, False, event.minute) for said in node.said]
        for change in self.plan.sharing.sources.by_type.get(node.event_type, ()):
            read = Columns({field.name: _field(field, given) for field in change.parameters}, 1)
            said = Columns(change.changes(read), 1)
            name, days = said.text("name").to_pylist()[0], float(said.array("days")[0]) if "days" in said else np.nan
            until = NEVER if np.isnan(days) else event.minute + round(days * DAY)
            if name is not None:
                stops = bool(said.array("stops")[0]) if "stops" in said else False
                drug = said.text("drug").to_pylist()[0] if "drug" in said else None
                dose = float(said.array("dose")[0]) if "dose" in said else np.nan
                told.append(Change(change.kind, name, until, stops, True, event.minute, drug, dose, change.before))
        self.changes[event.row] += told

    def changes_of(self, row: int, kind: str, name: str) -> list[Change]:
        """What began and ended of what is meant by a name, in order; conditions of the profile come first."""
        if kind == "condition":
            meant, had = codes_of(self.plan, name), []
            for column in (column for column in self.people if column.startswith("onset.")):
                code = self.people[f"code.{column[6:]}"][[row]].to_pylist()[0] or column[6:]
                if bool(np.asarray(self.people[f"condition.{column[6:]}"])[row]) and code.startswith(meant):
                    onset = int(minutes(np.asarray(self.people[column])[[row]])[0])
                    had.append(Change(kind, code, NEVER, False, True, onset, before=True))
            told = [one for one in self.changes[row] if one.kind == kind and one.name.startswith(meant)]
            return [*sorted(had, key=lambda one: one.minute), *told]
        wanted = alike(name)
        own = (one for one in self.changes[row] if one.kind == ("treatment" if kind == "order" else kind))
        if kind == "circumstance":
            return [one for one in own if one.name == name]
        return [one for one in own if wanted in (alike(one.name), alike(one.drug or ""))]

    def id_of(self, event: Event) -> int:
        """The id of an event."""
        return int(self._id(self.nodes[event.node], event.row, event.occurrence)[0])

    def _id(self, node: Node, row: int, occurrence: int) -> Any:
        person = int(np.asarray(self.people["person_id"])[row])
        address = person * APART + occurrence % APART + ((occurrence // APART) << 48)
        return identify(self.seed, f"event/{node.path}", np.array([address]))

    def _holds(self, term: Any, node: Node, row: int, minute: int, parameters: Any) -> bool:
        return bool(term.holds(Reads(self, node, row, minute, parameters), 1)[0])


def ranks(nodes: Any) -> list[int]:
    """Which of two events of one minute comes first: as written within a journey, journeys by name, a journey that
    starts on an event of another right after it."""
    keys: list[tuple[tuple[str, int], ...]] = []
    for place, node in enumerate(nodes):
        above = keys[node.parent] if node.parent is not None else ()
        if node.parent is not None and nodes[node.parent].journey == node.journey:
            above = above[:-1]
        keys.append((*above, (node.journey, place)))
    order = sorted(range(len(nodes)), key=keys.__getitem__)
    return [order.index(index) for index in range(len(nodes))]


def age_at(born: Any, minute: int) -> int:
    """Whole years of age."""
    day, birth = np.datetime64(minute // DAY, "D").item(), born.astype("datetime64[D]").item()
    return int(day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)))


def _field(field: Any, given: Mapping[str, Any]) -> Any:
    value = given.get(field.name)
    if field.type in ("text", "category"):
        return Text.of([value if isinstance(value, str) or value is None else f"{value:g}"])
    return np.array([np.nan if value is None or isinstance(value, str) else value])


def _plain(columns: Columns) -> dict[str, Any]:
    return {name: scalar(columns[name]) for name in columns}
