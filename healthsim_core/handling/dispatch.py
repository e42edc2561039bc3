"""Hand a chunk's events to the products: once an event type, sorted by person and time; collect their tables."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import enrolled
from healthsim_core.benefits.covered import Coverages
from healthsim_core.benefits.ledger import Settled, settle, settled
from healthsim_core.catalog import Catalog
from healthsim_core.columns import Column, Columns, Repeated, Text, concat, spelled
from healthsim_core.decision_offers import EventDecision
from healthsim_core.errors import HealthSimError
from healthsim_core.events import ANY, Events, People, Run, merged, no_ancestors
from healthsim_core.handling.calling import spent_by, written_by
from healthsim_core.handling.decided import Decided, decided, over
from healthsim_core.journeys.nodes import Node, event_texts
from healthsim_core.offers import EventColumns, EventHandler
from healthsim_core.parameters.kinds import GREATEST_PARAMETER, SHARED
from healthsim_core.tables import Field, Table
from healthsim_core.timeline.chain import chain_of
from healthsim_core.timeline.state import Timeline
from healthsim_core.world import EVENT

_OF_ANCESTORS = ("id", "time", "provider_npi", "facility_npi")
_OfBlock: TypeAlias = tuple[int, NDArray[np.intp], NDArray[np.int64]]


class Dispatcher:
    """Builds the batches of a chunk and calls the handlers.

    `notes` counts what handlers have to tell of it, `checks` holds what they have checked.

    Args:
        run: The run.
        catalog: The offers.
        nodes: The plan's nodes.
        people: The chunk's people, those who are there.
        timeline: What happened; its rows refer to household positions.
        renumbered: Int array: household position to row of `people`.
        decisions: What products decide of events, before any handler is called.
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
    ) -> None:
        self.run, self.catalog, self.nodes, self.people = run, catalog, nodes, people
        self.blocks = timeline.blocks
        self.notes: Counter[str] = Counter()
        self.checks: list[tuple[tuple[str, str], tuple[int, int]]] = []
        self.chain = chain_of(timeline, nodes)
        self.row = renumbered[self.chain.row[:-1]]
        texts = event_texts(nodes)
        self.type_of_node = texts["type"]
        self.texts = Columns({name: Text(np.append(text.codes, -1), text.values) for name, text in texts.items()})
        nobody = Text.constant(None, len(self.chain) + 1)
        self.assigned: dict[str, Text] = {"provider_npi": nobody, "facility_npi": nobody}
        self._decided: dict[str, list[Decided]] = {}
        self._settled: dict[int, tuple[Events, Settled]] = {}
        self._assign()
        self._decide(decisions)

    def events(self, types: Sequence[str], fields: Sequence[Field], stream: str) -> Events:
        """The chunk's events of some types, with the parameters that `fields` names."""
        return self._batch(self._at(types), fields, stream)

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
        events = self._everybody(handler.parameters, stream) if "person" in handler.event_types else None
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

    def _at(self, types: Sequence[str]) -> NDArray[np.intp]:
        """The rows of the events of some types."""
        names = self.type_of_node.values.to_pylist()
        places = [places for code, places in self._at_type.items() if names[code] in types]
        return places[0] if len(places) == 1 else np.sort(np.concatenate([np.empty(0, np.intp), *places]))

    @functools.cached_property
    def _at_type(self) -> dict[int, NDArray[np.intp]]:
        return dict(_grouped(self.type_of_node.codes[self.chain.node[:-1]]))

    def _everybody(self, fields: Sequence[Field], stream: str) -> Events:
        rows = len(self.people)
        columns = {
            "type": "person", "time": np.asarray(self.people["start_date"]).astype("datetime64[s]"),
            "id": self.people.id,
            "cause": np.zeros(rows, np.int64), "occurrence": np.zeros(rows, np.int64),
            **dict.fromkeys(("node", "journey", "label", "provider_npi", "facility_npi")),
        }  # fmt: skip
        parameters = Columns({field.name: field.nulls(rows) for field in fields}, rows)
        return Events(
            self.run,
            np.arange(rows),
            Columns(columns, rows),
            parameters,
            self.people,
            lambda _: no_ancestors(rows),
            stream,
            self.coverages,
        )

    def _batch(self, at: NDArray[np.intp], fields: Sequence[Field], stream: str) -> Events:
        grouped = self._by_block(at) if fields else []
        parameters = Columns({field.name: self._parameter(field, at, grouped) for field in fields}, len(at))
        # some are asked for more than once, by parts of a batch
        columns, ancestors = self.whole.take(at), functools.cache(functools.partial(self._ancestor, at=at))
        return Events(self.run, self.row[at], columns, parameters, self.people, ancestors, stream, self.coverages)

    def coverages(self) -> Coverages:
        """Who is covered, from when to when."""
        return self._coverages

    @functools.cached_property
    def _coverages(self) -> Coverages:
        return enrolled.covered(self.people, self.events(enrolled.TYPES, enrolled.FIELDS, "coverage"))

    def _by_block(self, at: NDArray[np.intp]) -> list[_OfBlock]:
        """The rows of `at` that belong to each block, and their rows there."""
        return [
            (number, of_block, self.chain.within(at[of_block])) for number, of_block in _grouped(self.chain.blocks(at))
        ]

    def _parameter(self, field: Field, at: NDArray[np.intp], grouped: Sequence[_OfBlock]) -> Column:
        column = self._given(field, at, grouped)
        for decision in self._decided.get(field.name, ()):
            column = over(column, _as(field, decision.columns[field.name]), decision.row[at])
        return column

    def _given(self, field: Field, at: NDArray[np.intp], grouped: Sequence[_OfBlock]) -> Column:
        """A parameter as the events were given it."""
        fixed = self._fixed(field, at, grouped)
        if fixed is not None:
            return fixed
        parts, rows = [], []
        for number, of_block, within in grouped:
            parameters = self.blocks[number].parameters
            if field.name in parameters:
                parts.append(_as(field, parameters[field.name][within]))
                rows.append(of_block)
        if not parts:
            return field.nulls(len(at))
        given, where = concat(parts), np.concatenate(rows)
        if isinstance(given, Text):
            codes = np.full(len(at), -1, np.int32)
            codes[where] = given.codes
            return Text(codes, given.values)
        nulls = np.asarray(field.nulls(len(at)))
        column = nulls.astype(given.dtype if len(where) == len(at) else np.result_type(given, nulls))
        column[where] = given
        return column

    def _fixed(self, field: Field, at: NDArray[np.intp], grouped: Sequence[_OfBlock]) -> Text | None:
        """The column, where it is text and every block has one value for all its events: a code a block."""
        if field.type not in ("text", "category"):
            return None
        values: list[str | None] = [None] * len(self.blocks)
        for number, _, _ in grouped:
            given = self.blocks[number].parameters.unread(field.name)
            if given is not None and not (isinstance(given, Repeated) and isinstance(given.value, str | None)):
                return None
            values[number] = given.value if given is not None else None
        encoded = Text.of(values)
        return Text(encoded.codes[self.chain.blocks(at)], encoded.values)

    def _ancestor(self, event_type: str, at: NDArray[np.intp]) -> Columns:
        matching = np.asarray(self.type_of_node == event_type) | (event_type == ANY)
        wanted = np.append(matching, True)  # none, the last, ends the search as well
        ancestors = self.chain.cause[at]
        searching = np.flatnonzero(~wanted[self.chain.node[ancestors]])
        while len(searching):
            ancestors[searching] = self.chain.cause[ancestors[searching]]
            searching = searching[~wanted[self.chain.node[ancestors[searching]]]]
        same = (
            (ancestors >= 0) & (self.chain.row[ancestors] == self.chain.row[at])
            if len(ancestors)
            else np.zeros(0, bool)
        )
        return self.whole.select(_OF_ANCESTORS).take(
            np.where(same, ancestors, -1)
        )  # a newborn's stay is not the mother's

    @property
    def whole(self) -> Columns:
        """What is known of every event, and of the one that is none."""
        return self._known.assign(**self.assigned)

    @functools.cached_property
    def _known(self) -> Columns:
        chain = self.chain
        known = {
            "time": chain.time,
            "id": chain.id,
            "cause": chain.id.take(chain.cause),
            "occurrence": chain.occurrence,
        }
        return Columns({**known, **self.texts.take(chain.node).parts}, len(chain) + 1)

    def _assign(self) -> None:
        """What is assigned to an event that asks holds for its effects too."""
        asks = [
            node.parent is None or ("specialty" in node.parameters.names and not node.triggered) for node in self.nodes
        ]
        at, source = np.flatnonzero(np.array(asks, bool)[self.chain.node[:-1]]), self.chain.sources(asks)
        assigned: dict[str, Text] = {}  # apart: no offer sees what another one assigns
        for offer in self.catalog.of(EventColumns):
            given = offer.compute(self._batch(at, SHARED, f"{offer.product}.assignment"))
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
            at, stream = self._at(decision.event_types), f"{decision.product}.decision"
            with _told_of(stream, decision.decide):
                events = self._batch(at, decision.parameters, stream)
                made.append((decision, decided(decision, events, at, len(self.chain))))
        for decision, columns in made:
            for name in decision.names:
                self._decided.setdefault(name, []).append(columns)

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


def _grouped(node: NDArray[Any]) -> list[tuple[int, NDArray[np.intp]]]:
    # radix on short words
    order = np.argsort(node.astype(np.int16) if not len(node) or node.max() < 2**15 else node, kind="stable")
    ends = np.flatnonzero(np.diff(node[order], append=-1)) + 1
    return (
        [(int(node[order[start]]), order[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        if len(node)
        else []
    )


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


def _as(field: Field, column: Column) -> Column:
    """The column as the field wants it; a text where something else is wanted is the number that it spells, or null."""
    if isinstance(column, Text) and field.type not in ("text", "category"):
        return (
            _as(field, column.map(_number))
            if field.type in ("number", "integer", "money")
            else field.nulls(len(column))
        )
    if field.type in ("text", "category") and not isinstance(column, Text):
        return spelled(np.asarray(column))
    if field.type == "number" and not isinstance(column, Text):
        return np.clip(np.asarray(column, np.float64), *_ends(field))
    return column


def _ends(field: Field) -> tuple[float, float]:
    """What a number is taken for that is drawn beyond what its field may be."""
    least = -GREATEST_PARAMETER if field.least is None or field.signed_by else field.least
    return least, GREATEST_PARAMETER if field.most is None else field.most


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
