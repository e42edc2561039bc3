"""What an event must follow, and what it may take from what causes it: as handlers declare it,
checked when the plan is compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from healthsim_core.catalog import CORE_EVENT_TYPES, Catalog
from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.journeys.nodes import Node
from healthsim_core.parameters.kinds import SHARED


def check_carried(
    catalog: Catalog,
    cause: str,
    effect: str,
    pairs: Mapping[str, tuple[str, str]],
    given: Collection[str] | None = None,
) -> None:
    """Raise SpecificationError where a trigger carries what the one event does not have, or the other does not take.

    What an event has is known where somebody installed handles its type; a core event has whatever it is given.

    Args:
        catalog: Whose handlers say which parameters there are.
        cause: The causing event type.
        effect: The caused one.
        pairs: Old and new name, by their path in the document.
        given: Parameters that the causing event is given; None where they differ from event to event.
    """
    mistakes = Mistakes()
    has, takes = {*_parameters(catalog, cause), *(given or ())}, _parameters(catalog, effect)
    known = given is not None if cause in CORE_EVENT_TYPES else catalog.readers(cause)
    for where, (old, new) in pairs.items():
        if known and old not in has:
            mistakes.attempt(
                None, _refuse, f'"{cause}" has no parameter "{old}" to carry.', where, suggestion(old, has)
            )
        elif catalog.readers(effect) and effect not in CORE_EVENT_TYPES and new not in takes:
            mistakes.attempt(None, _refuse, f'"{effect}" has no parameter "{new}".', where, suggestion(new, takes))
    mistakes.tell()


def check_sequence(
    catalog: Catalog, nodes: Sequence[Node], of_child: Sequence[bool], where: Sequence[str], mistakes: Mistakes
) -> None:
    """Take note of events that follow nothing that must have led to them.

    Args:
        catalog: Whose handlers say so.
        nodes: All nodes of the run.
        of_child: Whether each happens to a newborn.
        where: The path of each in the document.
        mistakes: Takes what is wrong.
    """
    refused = set[int]()
    for index, node in enumerate(nodes):
        if node.triggered and node.parent in refused:
            refused.add(index)
            continue
        if node.place.newborn and not any(nodes[at].birth for at in _ancestors(nodes, index)):
            what = "it happens to a newborn, and no birth leads to it."
            mistakes.attempt(
                None, _refuse, what, f"{where[index]}.subject", 'Let it depend on an event that has "adds_person".'
            )
        led = {nodes[at].event_type for at in _ancestors(nodes, index) if of_child[at] == of_child[index]}
        wanted = [
            needed
            for handler in catalog.handlers(node.event_type)
            if (needed := handler.follows.get(node.event_type, ()))
        ]
        for needed in wanted:
            if index not in refused and led.isdisjoint(needed):
                refused.add(index)
                what = f'"{node.event_type}" follows no "{_listed(needed)}".'
                mistakes.attempt(None, _refuse, what, f"{where[index]}.depends_on", _remedy(needed, node, nodes))


def without_records(catalog: Catalog, nodes: Sequence[Node]) -> Iterator[str]:
    """Events of which nothing is recorded, as the run has none of those that must come before them, a line each."""
    event_types = {node.event_type for node in nodes}
    for event_type in dict.fromkeys(node.event_type for node in nodes):
        for handler in catalog.handlers(event_type):
            before = handler.after.get(event_type, ())
            if before and event_types.isdisjoint(before):
                yield (
                    f"{event_type}: {handler.product} makes no records of it, as no journey of the run has a "
                    f'"{_listed(before)}"'
                )


def _remedy(needed: Sequence[str], node: Node, nodes: Sequence[Node]) -> str:
    of_journey = (other for other in nodes if other.journey == node.journey and not other.triggered)
    steps = [other.path.split("/", 1)[1] for other in of_journey if other.event_type in needed]
    return (
        f'Let it depend on "{steps[0]}", or on an event that does.'
        if steps
        else f"Add the {needed[0]}, and let it depend on that."
    )


def _ancestors(nodes: Sequence[Node], index: int) -> Iterable[int]:
    at = nodes[index].parent
    while at is not None:
        yield at
        at = nodes[at].parent


def _parameters(catalog: Catalog, event_type: str) -> set[str]:
    return {field.name for field in (*catalog.parameters(event_type), *SHARED)}


def _listed(names: Sequence[str]) -> str:
    return '" or "'.join(names)


def _refuse(what: str, where: str, remedy: str) -> None:
    raise SpecificationError(what, where, remedy)
