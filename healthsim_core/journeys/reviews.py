"""Show products and formats what is planned, so that each refuses what it cannot say before anything is generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from healthsim_core.errors import Mistakes
from healthsim_core.events import Run
from healthsim_core.expressions.kinds import Kind
from healthsim_core.format_offers import OutputFormat
from healthsim_core.journeys.nodes import Node
from healthsim_core.offers import EventHandler
from healthsim_core.planned import PlannedEvent


def planned(nodes: Sequence[Node], kinds: Sequence[Mapping[str, Kind]], where: Sequence[str]) -> list[PlannedEvent]:
    """The nodes as products see them.

    Args:
        nodes: In topological order.
        kinds: What the parameters of each hold.
        where: The path of each in the document.
    """
    events: list[PlannedEvent] = []
    for node, given, path in zip(nodes, kinds, where, strict=False):  # what could not be compiled is a mistake already
        cause = None if node.parent is None else events[node.parent]
        texts = {name: _texts(node, name, given, cause) for name in node.parameters.names}
        sure = frozenset(name for name in texts if given[name].always)
        events.append(PlannedEvent(node.event_type, f"{path}.parameters", texts, sure, cause))
    return events


def _texts(node: Node, name: str, given: Mapping[str, Kind], cause: PlannedEvent | None) -> frozenset[str] | None:
    parameters = node.parameters
    if name in parameters.constants:
        value = parameters.constants[name]
        return frozenset() if value is None else frozenset({str(value)})
    original = next((old for old, new in parameters.carried if new == name), None)
    if original is not None and cause is not None:
        return cause.texts.get(original, frozenset())
    return given[name].values


def review(
    offers: Iterable[EventHandler | OutputFormat], run: Run, events: Sequence[PlannedEvent], mistakes: Mistakes
) -> None:
    """Take note of what the offers refuse."""
    for offer in offers:
        if offer.reviews is not None:
            mistakes.attempt(None, offer.reviews, run, events)
