"""Hand a chunk's events to the products: once an event type, sorted by person and time; collect their tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core.benefits.ledger import Settled, settle, settled
from healthsim_core.catalog import Catalog
from healthsim_core.columns import Columns, Text
from healthsim_core.decision_offers import EventDecision
from healthsim_core.errors import HealthSimError
from healthsim_core.events import Events, People, Run, merged
from healthsim_core.handling.batches import Batches
from healthsim_core.handling.calling import spent_by, written_by
from healthsim_core.handling.decided import decided
from healthsim_core.journeys.nodes import Node
from healthsim_core.offers import EventColumns, EventHandler
from healthsim_core.parameters.kinds import SHARED
from healthsim_core.patterns.timing import minutes
from healthsim_core.tables import Table
from healthsim_core.timeline.state import Timeline
from healthsim_core.world import EVENT


class Dispatcher(Batches):
    """Builds the batches of a chunk and calls the handlers.

    `notes` counts what handlers have to tell of it, `checks` holds what they have checked, `noted` which measures they
    asked for: of which positions at which minutes.

    Args:
        run: The run.
        catalog: The offers.
        nodes: The plan's nodes.
        people: The chunk's people, those who are there.
        timeline: What happened; its rows refer to household positions.
        renumbered: Int array: household position to row of `people`.
        decisions: What products decide of events, before any handler is called.
        noting: Whether to note what handlers measure.
    """

    def __init__(
        self,
        run: Run,
        catalog: Catalog,
        nodes: Sequence[Node],
        people: People,
        timeline: Timeline,
        renumbered: NDArray[np.intp],
        decisions: Sequence[EventDecision] = (),
        noting: bool = False,
    ) -> None:
        super().__init__(run, nodes, people, timeline, renumbered)
        self.catalog = catalog
        self.notes: Counter[str] = Counter()
        self.checks: list[tuple[tuple[str, str], tuple[int, int]]] = []
        self._settled: dict[int, tuple[Events, Settled]] = {}
        self._state, self._position = timeline.state, np.flatnonzero(renumbered >= 0)
        self.bodies = self._measured
        self.noted: list[tuple[str, NDArray[np.intp], NDArray[np.int64]]] | None = [] if noting else None
        self._assign()
        self._decide(decisions)

    def _measured(self, name: str, row: NDArray[np.intp], time: NDArray[Any]) -> NDArray[np.float64]:
        asked = name, self._position[row], minutes(time)
        if self.noted is not None:
            self.noted.append(asked)
        return self._state.measured(*asked)

    def settle(self, handlers: Sequence[EventHandler]) -> None:
        """Let all handlers that spend price their lines, and share these in one ledger, before any is called."""
        spending = [handler for handler in handlers if handler.spends is not None]
        batches = [self._of_handler(handler) for handler in spending]
        priced = []
        for handler, events in zip(spending, batches, strict=True):
            with _told_of(_stream(handler), handler.spends):
                priced.append(spent_by(handler, events))
        if spending:
            given = settled(settle(priced, self.run.plans, batches[0].coverages, self.people["birth_date"]))
            for handler, events, settled_of in zip(spending, batches, given, strict=True):
                self._settled[id(handler)] = events, settled_of

    def handle(self, handler: EventHandler) -> dict[str, Columns]:
        """Call one handler and check that it writes what it declares."""
        known = self._settled.pop(id(handler), None)
        events, given = known if known is not None else (self._of_handler(handler), None)
        with _told_of(_stream(handler), handler.handle):
            written = written_by(handler, events, given)
            self.notes.update(handler.notes(events, written) if handler.notes is not None else {})
            self.checks += (handler.checks(events, written) if handler.checks is not None else {}).items()
        return written

    def _of_handler(self, handler: EventHandler) -> Events:
        """The chunk's events of the types that a handler names."""
        stream = _stream(handler)
        events = self.everybody(handler.parameters, stream) if "person" in handler.event_types else None
        others = [name for name in handler.event_types if name != "person"]
        if others or events is None:
            happened = self.events(others, handler.parameters, stream)
            events = happened if events is None else merged(events, happened)
        return events

    def event_table(self) -> pa.Table:
        """The timeline as `core.event`."""
        known = {name: text[:-1] for name, text in self.assigned.items()}
        texts, cause = self.texts.take(self.chain.node[:-1]), self.chain.id.take(self.chain.cause[:-1])
        columns = {
            "event_id": self.chain.id[:-1], "person_id": self.people.id[self.row], "time": self.chain.time[:-1],
            "event_type": texts["type"], "journey": texts["journey"], "node": texts["node"],
            "occurrence": self.chain.occurrence[:-1],
            "label": texts["label"], "cause_id": cause, **known,
        }  # fmt: skip
        return EVENT.arrow(Columns(columns, len(self.chain)))

    def _assign(self) -> None:
        """What is assigned to an event that asks holds for its effects too."""
        asks = [
            node.parent is None or ("specialty" in node.parameters.names and not node.triggered) for node in self.nodes
        ]
        at, source = np.flatnonzero(np.array(asks, bool)[self.chain.node[:-1]]), self.chain.sources(asks)
        assigned: dict[str, Text] = {}  # apart: no offer sees what another one assigns
        for offer in self.catalog.of(EventColumns):
            given = offer.compute(self.batch(at, SHARED, f"{offer.product}.assignment"))
            for name in offer.fields:
                column = given[name]
                assert isinstance(column, Text)
                codes = np.full(len(self.chain) + 1, -1, np.int32)
                codes[at] = column.codes
                assigned[name] = Text(self._inherited(codes, at, source)[source], column.values)
        self.assigned |= assigned

    def _decide(self, decisions: Sequence[EventDecision]) -> None:
        """What products decide of events; no decision sees what another one gives."""
        made = []
        for decision in decisions:
            at, stream = self.at(decision.event_types), f"{decision.product}.decision"
            with _told_of(stream, decision.decide):
                events = self.batch(at, decision.parameters, stream)
                made.append((decision, decided(decision, events, at, len(self.chain))))
        for decision, columns in made:
            self.note(decision, columns)

    def _inherited(self, codes: NDArray[np.int32], at: NDArray[np.intp], source: NDArray[np.intp]) -> NDArray[np.int32]:
        """Who asks and is assigned nothing has what its cause has: node by node,
        for a cause's node precedes its effects'."""
        left = at[(codes[at] < 0) & (self.chain.cause[at] >= 0)]
        for node in np.unique(self.chain.node[left]):
            rows = left[self.chain.node[left] == node]
            codes[rows] = codes[source[self.chain.cause[rows]]]
        return codes


@contextmanager
def _told_of(stream: str, function: Any) -> Iterator[None]:
    """Say of errors in a product's function where they were raised."""
    try:
        yield
    except HealthSimError as error:
        raise error.within(stream) from error
    except Exception as error:
        error.add_note(f"in {stream}, {getattr(function, '__qualname__', function)}")
        raise


def _stream(handler: EventHandler) -> str:
    return f"{handler.product}.{'+'.join(handler.event_types)}"


def collected(tables: Mapping[str, Table], parts: Iterable[Mapping[str, Columns]]) -> dict[str, pa.Table]:
    """The Arrow tables of all handlers' columns, sorted by person."""
    pieces: dict[str, list[pa.Table]] = {}
    for part in parts:
        for name, columns in part.items():
            pieces.setdefault(name, []).append(tables[name].arrow(columns))
    return {name: _sorted(tables[name], pa.concat_tables(of_table)) for name, of_table in pieces.items()}


def _sorted(table: Table, rows: pa.Table) -> pa.Table:
    if not table.person or rows.num_rows == 0:
        return rows
    person = rows[table.person].to_numpy()
    if (person[1:] >= person[:-1]).all():
        return rows.combine_chunks() if rows[0].num_chunks > 1 else rows
    return rows.take(pa.array(np.argsort(person, kind="stable")))
