"""What products decide of events that change a person's state, decided while lives are lived."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import enrolled
from healthsim_core.columns import Columns
from healthsim_core.decision_offers import EventDecision
from healthsim_core.events import People, Run
from healthsim_core.handling.batches import Batches
from healthsim_core.handling.decided import decided as decided_of
from healthsim_core.journeys.nodes import Node
from healthsim_core.person_state.changed import Changed, changed_by
from healthsim_core.person_state.sources import Sources
from healthsim_core.reliving.viewing import view
from healthsim_core.timeline.state import Timeline


@attrs.frozen(eq=False, slots=False)
class Deciding:
    """Decides of events that change a person's state, whenever somebody reads what they change.

    Attributes:
        run: The run.
        nodes: The plan's nodes; what follows nothing that is decided of follows nothing here.
        decisions: Those of events that change a person's state.
        sources: What changes it.
        indices: The nodes that are looked at: events that are decided of, what leads to them, and those of coverage.
        conditions: Takes columns of people; returns who has which condition.
    """

    run: Run
    nodes: tuple[Node, ...]
    decisions: tuple[EventDecision, ...]
    sources: Sources
    indices: tuple[int, ...]
    conditions: Callable[[Columns], Mapping[str, NDArray[np.bool_]]]

    @classmethod
    def of(
        cls,
        run: Run,
        nodes: Sequence[Node],
        decisions: Sequence[EventDecision],
        sources: Sources,
        conditions: Callable[[Columns], Mapping[str, NDArray[np.bool_]]],
    ) -> Deciding | None:
        """What is to be decided in a plan while its lives are lived; None where nobody reads what that changes."""
        changing = tuple(decision for decision in decisions if sources.changing.intersection(decision.event_types))
        if not changing:
            return None
        types = {name for decision in changing for name in decision.event_types}
        indices = {index for index, node in enumerate(nodes) if node.event_type in types | set(enrolled.TYPES)}
        for index in sorted(indices, reverse=True):
            indices |= set(_leading(nodes, index))
        cut = tuple(
            node if node.triggered and node.parent in indices else attrs.evolve(node, parent=None) for node in nodes
        )
        return cls(run, cut, changing, sources, tuple(sorted(indices)), conditions)

    @functools.cached_property
    def depends(self) -> frozenset[str]:
        """Event types on which the decisions depend."""
        return frozenset(self.nodes[index].event_type for index in self.indices)

    @functools.cached_property
    def decided(self) -> frozenset[str]:
        """Event types that are decided of."""
        return frozenset(name for decision in self.decisions for name in decision.event_types)

    @functools.cached_property
    def kinds(self) -> frozenset[str]:
        """Of what these are records, as far as they change a person's state."""
        changes = (change for name in self.decided for change in self.sources.by_type.get(name, ()))
        return frozenset(kind for change in changes for kind in self.sources.kinds_of(change))

    def __call__(self, timeline: Timeline, rows: NDArray[np.intp]) -> Iterator[Changed]:
        """What events of some people change, as it is decided now.

        Args:
            timeline: What has happened so far.
            rows: Int array: the people's rows.
        """
        lived = view(timeline, self.nodes, self.indices, rows)
        columns = Columns(timeline.people, len(timeline.present)).take(rows)
        people = People(self.run, columns, self.conditions(columns))
        batches = Batches(self.run, self.nodes, people, lived, np.arange(len(rows)))
        for decision in self.decisions:
            at = batches.at(decision.event_types)
            events = batches.batch(at, decision.parameters, f"{decision.product}.decision")
            batches.note(decision, decided_of(decision, events, at, len(batches.chain)))
        for event_type in sorted(self.sources.by_type.keys() & self.decided):
            yield from self._changed(batches, event_type, rows)

    def _changed(self, batches: Batches, event_type: str, rows: NDArray[np.intp]) -> Iterator[Changed]:
        at = batches.at([event_type])
        rank = np.array([node.rank for node in self.nodes])[batches.chain.node[at]]
        for change in self.sources.by_type[event_type]:
            events = batches.batch(at, change.parameters, f"{change.product}.state")
            given = changed_by(change, events.parameters)
            for kind in self.sources.kinds_of(change):
                yield Changed(kind, rank, rows[batches.chain.row[at]], batches.chain.minute[at], given)


def _leading(nodes: Sequence[Node], index: int) -> Iterator[int]:
    """What triggers lead from to a node, up to the event of a journey."""
    while nodes[index].triggered and (parent := nodes[index].parent) is not None:
        yield parent
        index = parent
