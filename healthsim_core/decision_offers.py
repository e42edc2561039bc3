"""What a product decides of events, once they have happened and before anybody makes records of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from healthsim_core.columns import Column, Columns
from healthsim_core.offers import Offer
from healthsim_core.tables import Field

if TYPE_CHECKING:
    from healthsim_core.events import Events


def _types(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in ((value,) if isinstance(value, str) else value))


def _fields(value: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(value)


@attrs.frozen
class EventDecision(Offer):
    """What becomes of events, decided on the timeline before anybody prices anything.

    Made where one of the product's handlers takes part in the run. What it gives stands beside the events: a handler of
    any product reads it by declaring a parameter of that name, and no event can be given one.

    Attributes:
        event_types: Written `event_type`: the event type, or several that must be seen together, in one batch sorted by
            person and time; "person" is none.
        gives: The columns that it decides, as fields.
        decide: Takes the chunk's `Events` of those types; returns the columns, a row for each event.
        parameters: The event parameters that it reads, as fields; what others decide is not among them.

    Raises:
        ValueError: It is about "person", which does not happen on the timeline,
            or reads what it decides.
    """

    event_types: tuple[str, ...] = attrs.field(converter=_types, alias="event_type")
    gives: tuple[Field, ...] = attrs.field(converter=_fields)
    decide: Callable[[Events], Columns | Mapping[str, Column]]
    parameters: tuple[Field, ...] = attrs.field(default=(), converter=_fields)

    @event_types.validator
    def _on_the_timeline(self, _: Any, value: tuple[str, ...]) -> None:
        if "person" in value:
            raise ValueError('decides of "person", which does not happen on the timeline.')

    @parameters.validator
    def _not_its_own(self, _: Any, value: tuple[Field, ...]) -> None:
        if own := sorted({field.name for field in value} & {field.name for field in self.gives}):
            raise ValueError(f"reads {own}, which it decides.")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what it decides."""
        return tuple(field.name for field in self.gives)

    def needs(self, event_type: str) -> tuple[Field, ...]:
        """The parameters without which an event of a type is refused."""
        return tuple(field for field in self.parameters if not field.nullable)
