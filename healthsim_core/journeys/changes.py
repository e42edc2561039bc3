"""What events say themselves that they begin or end of a person's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.expressions.asking import drug_key
from healthsim_core.expressions.known_state import KnownState
from healthsim_core.journeys.nodes import Node
from healthsim_core.person_state.sources import CIRCUMSTANCE, CONDITION, TREATMENT, Said
from healthsim_core.spec.journey import EventSpecification
from healthsim_core.state_offers import StateChange


def said_by(
    event: EventSpecification, known: KnownState, instead: Callable[[str], str] | None, where: str
) -> tuple[Said, ...]:
    """What an event begins and ends.

    Args:
        event: The event.
        known: What can be asked of a person's state.
        instead: Takes a code of conditions; returns what to write in its place, "" where it is one.
        where: The path of the event, for errors.

    Raises:
        SpecificationError: Names that nobody knows.
    """
    mistakes, said = Mistakes(), []
    for key, names in (("starts", event.starts), ("stops", event.stops)):
        for index, name in enumerate(names):
            with mistakes.caught():
                kind = _kind(name, known, instead, f"{where}.{key}[{index}]")
                said.append(Said(kind, name, key == "stops"))
    mistakes.tell()
    return tuple(said)


def check_stops(
    nodes: Sequence[Node],
    changes: Iterable[StateChange],
    conditions: Sequence[str],
    where: Sequence[str],
    mistakes: Mistakes,
) -> None:
    """Take note of events that end what nothing in the plan can begin.

    Args:
        nodes: All nodes of the run.
        changes: What the products that take part say that events change.
        conditions: Codes of the profile's conditions.
        where: The path of each node in the document.
        mistakes: Takes what is wrong.
    """
    types = {node.event_type for node in nodes}
    begun = {(said.kind, drug_key(said.name)) for node in nodes for said in node.said if not said.stops}
    told = [change for change in changes if types.intersection(change.event_types)]
    open_ = {change.kind for change in told if not change.names}
    begun |= {(change.kind, drug_key(name)) for change in told for name in change.names}
    codes = [*conditions, *(said.name for node in nodes for said in node.said if not said.stops)]
    for node, path in zip(nodes, where, strict=True):
        for said in (said for said in node.said if said.stops and said.kind not in open_):
            alike = any(code.startswith(said.name) for code in codes) if said.kind == CONDITION else False
            if not alike and (said.kind, drug_key(said.name)) not in begun:
                with mistakes.caught():
                    what = f'it ends "{said.name}", which nothing in this run can begin.'
                    raise SpecificationError(what, f"{path}.stops", "Add an event that begins it, or leave it out.")


def _kind(name: str, known: KnownState, instead: Callable[[str], str] | None, where: str) -> str:
    if name in known.circumstances:
        return CIRCUMSTANCE
    if drug_key(name) in map(drug_key, known.treatments):
        return TREATMENT
    if instead is not None and not instead(name):
        return CONDITION
    near = suggestion(name, known.circumstances | known.treatments)
    raise SpecificationError(f'nobody knows a circumstance, treatment or condition "{name}".', where, near)
