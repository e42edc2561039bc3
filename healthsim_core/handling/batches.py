"""Batches of a chunk's events, sorted by person and time, with the parameters that somebody asks for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from healthsim_core import enrolled
from healthsim_core.benefits.covered import Coverages
from healthsim_core.columns import Column, Columns, Repeated, Text, concat, spelled
from healthsim_core.decision_offers import EventDecision
from healthsim_core.events import ANY, Events, People, Run, no_ancestors
from healthsim_core.handling.decided import Decided, over
from healthsim_core.journeys.nodes import Node, event_texts
from healthsim_core.parameters.kinds import GREATEST_PARAMETER
from healthsim_core.tables import Field
from healthsim_core.timeline.chain import Lived, chain_of

_OF_ANCESTORS = ("id", "time", "provider_npi", "facility_npi")
_OfBlock: TypeAlias = tuple[int, NDArray[np.intp], NDArray[np.int64]]


class Batches:
    """Builds batches of what happened to a chunk's people.

    Args:
        run: The run.
        nodes: The plan's nodes.
        people: The chunk's people, those who are there.
        lived: What happened; its rows refer to household positions.
        renumbered: Int array: household position to row of `people`.
    """

    def __init__(
        self, run: Run, nodes: Sequence[Node], people: People, lived: Lived, renumbered: NDArray[np.intp]
    ) -> None:
        self.run, self.nodes, self.people = run, nodes, people
        self.blocks = lived.blocks
        self.chain = chain_of(lived, nodes)
        self.row = renumbered[self.chain.row[:-1]]
        texts = event_texts(nodes)
        self.type_of_node = texts["type"]
        self.texts = Columns({name: Text(np.append(text.codes, -1), text.values) for name, text in texts.items()})
        nobody = Text.constant(None, len(self.chain) + 1)
        self.assigned: dict[str, Text] = {"provider_npi": nobody, "facility_npi": nobody}
        self._decided: dict[str, list[Decided]] = {}
        self.bodies: Callable[[str, NDArray[np.intp], NDArray[Any]], NDArray[np.float64]] | None = None

    def events(self, types: Sequence[str], fields: Sequence[Field], stream: str) -> Events:
        """The chunk's events of some types, with the parameters that `fields` names."""
        return self.batch(self.at(types), fields, stream)

    def at(self, types: Sequence[str]) -> NDArray[np.intp]:
        """The rows of the events of some types."""
        names = self.type_of_node.values.to_pylist()
        places = [places for code, places in self._at_type.items() if names[code] in types]
        return places[0] if len(places) == 1 else np.sort(np.concatenate([np.empty(0, np.intp), *places]))

    @functools.cached_property
    def _at_type(self) -> dict[int, NDArray[np.intp]]:
        return dict(_grouped(self.type_of_node.codes[self.chain.node[:-1]]))

    def everybody(self, fields: Sequence[Field], stream: str) -> Events:
        """An event of type "person" for each of the chunk's people."""
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
            self.bodies,
        )

    def batch(self, at: NDArray[np.intp], fields: Sequence[Field], stream: str) -> Events:
        """The events of some rows of the chain, with the parameters that `fields` names."""
        grouped = self._by_block(at) if fields else []
        parameters = Columns({field.name: self._parameter(field, at, grouped) for field in fields}, len(at))
        # some are asked for more than once, by parts of a batch
        columns, ancestors = self.whole.take(at), functools.cache(functools.partial(self._ancestor, at=at))
        return Events(
            self.run, self.row[at], columns, parameters, self.people, ancestors, stream, self.coverages, self.bodies
        )  # fmt: skip

    def note(self, decision: EventDecision, columns: Decided) -> None:
        """Take note of what has been decided: it stands beside the events."""
        for name in decision.names:
            self._decided.setdefault(name, []).append(columns)

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


def _grouped(node: NDArray[Any]) -> list[tuple[int, NDArray[np.intp]]]:
    # radix on short words
    order = np.argsort(node.astype(np.int16) if not len(node) or node.max() < 2**15 else node, kind="stable")
    ends = np.flatnonzero(np.diff(node[order], append=-1)) + 1
    return (
        [(int(node[order[start]]), order[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        if len(node)
        else []
    )


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
