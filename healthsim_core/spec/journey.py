"""A journey: what happens to a person, in which order, and when."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from healthsim_core.spec.base import Document, Specification
from healthsim_core.spec.distribution import Condition, Distribution
from healthsim_core.spec.profile import Probability

UNITS = ("minutes", "hours", "days", "weeks", "months", "years")
Span = float | Annotated[list[float], Field(min_length=2, max_length=2)]
MOST_OCCURRENCES = 1_000


class Delay(Specification):
    """How long after its anchor an event happens: `{"days": 90}`, `{"weeks": [8, 10]}`, `{"days": 90, "window": [-7, 7]}`.

    Exactly one unit is given: a number, or the least and the most. `window` widens a number by days before and after.
    `distribution` is how values lie between the bounds: uniform, or normal around the middle; fixed takes no bounds.
    """

    minutes: Span | None = None
    hours: Span | None = None
    days: Span | None = None
    weeks: Span | None = None
    months: Span | None = None
    years: Span | None = None
    window: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    distribution: Literal["fixed", "uniform", "normal"] = "uniform"

    @model_validator(mode="after")
    def _makes_sense(self) -> Delay:
        given = [unit for unit in UNITS if getattr(self, unit) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(UNITS)}, not {len(given)}")
        span = getattr(self, given[0])
        if isinstance(span, list) and (span[0] > span[1] or self.distribution == "fixed"):
            raise ValueError(f"{given[0]} {span}: the least comes first, and a fixed delay has no bounds")
        if self.window is not None and self.window[0] > self.window[1]:
            raise ValueError(f"window {self.window}: it ends before it begins")
        if self.minimum() < 0:
            raise ValueError("an event cannot come before what it depends on; use a delay of 0 or more")
        return self

    @property
    def unit(self) -> str:
        """The unit given."""
        return next(unit for unit in UNITS if getattr(self, unit) is not None)

    @property
    def span(self) -> tuple[float, float]:
        """Least and most, in `unit`."""
        given = getattr(self, self.unit)
        return (given[0], given[1]) if isinstance(given, list) else (given, given)

    def minimum(self) -> float:
        """The least, in `unit`; below zero is an error."""
        low = self.span[0]
        return low + (self.window[0] / DAYS[self.unit] if self.window and low else 0)


DAYS = {"minutes": 1 / 1440, "hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 365.2425 / 12, "years": 365.2425}


class Repeat(Specification):
    """An event that comes again: `count` times in all, or as often as the journey's duration allows."""

    every: Delay
    count: int | None = Field(default=None, ge=1, le=MOST_OCCURRENCES)


class InlineTrigger(Specification):
    """An event that this one causes, said in the journey itself."""

    event_type: str
    delay: Delay | None = None
    condition: Condition | None = None
    carry: list[str] | dict[str, str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)


class EventSpecification(Specification):
    """One event of a journey.

    `depends_on` names the event it follows (the journey's start where it is absent); `delay` runs from there.
    `outcomes` are values drawn when it happens, which later conditions, distributions and `${outcome.x}` may read.
    `ends` stops what comes later: of this journey, or with "life" everything (a death).
    `adds_person` makes it a birth; `subject: newborn` makes an event happen to the child.
    """

    event_id: str = Field(pattern=r"^[A-Za-z0-9_-]+$", validation_alias=AliasChoices("event_id", "id"))
    event_type: str
    name: str | None = None
    delay: Delay | None = None
    depends_on: str | None = None
    conditions: list[Condition] = Field(default_factory=list, validation_alias=AliasChoices("conditions", "condition"))
    probability: Probability = 1.0
    repeat: Repeat | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    outcomes: dict[str, Distribution] = Field(default_factory=dict)
    triggers: list[InlineTrigger] = Field(default_factory=list)
    subject: Literal["self", "newborn"] = "self"
    adds_person: Literal["newborn"] | None = None
    ends: Literal["journey", "life"] | None = None

    @field_validator("conditions", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]


class JourneySpecification(Document):
    """What happens to a person.

    `requires` says what the person must be, such as `{"sex": "F"}`: others are passed over, and where a scenario gives
    the journey to a member whose attribute the profile leaves unsaid, the member is so.
    """

    journey_id: str = Field(pattern=r"^[A-Za-z0-9_-]+$", validation_alias=AliasChoices("journey_id", "id"))
    name: str = ""
    version: str = "1.0"
    description: str = ""
    products: list[str] = Field(default_factory=list)
    duration_days: int = Field(ge=1, le=36_525)
    condition: Condition | None = None
    requires: dict[str, str | float] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    events: list[EventSpecification] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _dependencies_hold(self) -> JourneySpecification:
        from healthsim_core.errors import suggestion

        parents = {event.event_id: event.depends_on for event in self.events}
        if len(parents) < len(self.events):
            ids = [event.event_id for event in self.events]
            raise ValueError(f"events: the event_id {next(i for i in ids if ids.count(i) > 1)!r} is there twice")
        for index, event in enumerate(self.events):
            if event.depends_on is not None and event.depends_on not in parents:
                hint = suggestion(event.depends_on, parents)
                raise ValueError(f'events[{index}].depends_on: no event is called "{event.depends_on}". {hint}')
        for first in parents:
            _refuse_cycle(first, parents)
        return self


def _refuse_cycle(first: str, parents: dict[str, str | None]) -> None:
    chain, at = [first], parents[first]
    while at is not None:
        if at in chain:
            raise ValueError(f"events: depends_on runs in a circle: {' -> '.join([*chain[chain.index(at) :], at])}")
        chain.append(at)
        at = parents[at]
