"""What events change of a person's state, as the product that knows them says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from healthsim_core.columns import Column, Columns
from healthsim_core.offers import Offer
from healthsim_core.tables import Field

KINDS = ("condition", "treatment", "circumstance")


def _types(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in ((value,) if isinstance(value, str) else value))


def _fields(value: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(value)


def _names(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


@attrs.frozen
class StateChange(Offer):
    """What events of some types begin or end of a person's state; whoever reads the state later sees it.

    Attributes:
        event_types: Written `event_type`: the event type, or several.
        kind: "condition", "treatment" or "circumstance".
        changes: Takes the events' parameters as columns; returns columns, a row for each event: `name` (Text: an
            ICD-10-CM code, a class of drugs, a circumstance; null changes nothing) and, where they say something,
            `drug` (Text), `dose` (a day), `days` (how long it lasts; null until something stops it), `stops` (boolean:
            it ends what is called so).
        parameters: The event parameters that it reads, as fields; what a product decides of the events, too.
        names: Circumstances that it may name, or treatments; () for codes, and what parameters say.
        dispensed: Of treatments, whether they are in the person's hands then, and not only ordered: where a run has
            events of such a type, these tell what is taken.
        given: Of treatments, whether they are taken as they are given, in a trial or a stay, beside what is ordered.
        before: Whether it has been so since before the run, as a history that is taken tells: it is in the level of
            what it moves, and its end is felt.

    Raises:
        ValueError: It is of no known kind.
    """

    event_types: tuple[str, ...] = attrs.field(converter=_types, alias="event_type")
    kind: str = attrs.field(validator=attrs.validators.in_(KINDS))
    changes: Callable[[Columns], Columns | Mapping[str, Column]]
    parameters: tuple[Field, ...] = attrs.field(default=(), converter=_fields)
    names: tuple[str, ...] = attrs.field(default=(), converter=_names)
    dispensed: bool = False
    given: bool = False
    before: bool = False
