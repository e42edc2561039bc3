"""What events say themselves that they begin or end of a person's state."""

from __future__ import annotations

from collections.abc import Callable

from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.expressions.asking import drug_key
from healthsim_core.expressions.known_state import KnownState
from healthsim_core.person_state.sources import CIRCUMSTANCE, CONDITION, TREATMENT, Said
from healthsim_core.spec.journey import EventSpecification


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


def _kind(name: str, known: KnownState, instead: Callable[[str], str] | None, where: str) -> str:
    if name in known.circumstances:
        return CIRCUMSTANCE
    if drug_key(name) in map(drug_key, known.treatments):
        return TREATMENT
    if instead is not None and not instead(name):
        return CONDITION
    near = suggestion(name, known.circumstances | known.treatments)
    raise SpecificationError(f'nobody knows a circumstance, treatment or condition "{name}".', where, near)
