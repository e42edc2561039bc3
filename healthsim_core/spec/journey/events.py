"""The events of a journey, and what makes them come again or cause others."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from healthsim_core.spec.base import Findings, Specification
from healthsim_core.spec.distribution import Condition, Distribution
from healthsim_core.spec.journey.delay import Delay
from healthsim_core.spec.profile import Probability
from healthsim_core.spec.reserved import find_reserved
from healthsim_core.spec.schema import or_one

MOST_OCCURRENCES = 1_000
MOST_COPIES = 64
NAME = r"^[A-Za-z0-9_-]+$"


class JourneyEvent(Specification):
    """An event of another journey of the same person."""

    journey: str
    event: str


class StartsOn(JourneyEvent):
    """What a journey starts on: another journey's event (its first, where it is repeated), `delay` later."""

    delay: Delay | None = None


class Anchor(Specification):
    """A moment that is not an event: a `date` of the calendar, or the birthday on which an `age` is reached."""

    date: datetime.date | None = None
    age: float | None = Field(default=None, ge=0, le=130)

    @model_validator(mode="after")
    def _one_of_both(self) -> Anchor:
        if (self.date is None) == (self.age is None):
            raise ValueError('say either "date" or "age"')
        return self


class Repeat(Specification):
    """An event that comes again: `count` times in all, or as often as the journey's duration allows.

    `until` is asked after each occurrence, when its outcomes are known; where it holds there is no next one.
    `attrition` is the chance, before each next one, that there is none any more. `every` runs from the `previous`
    occurrence, so that what is late stays late, or from the `schedule`, the first occurrence,
    so that each returns to it.
    """

    every: Delay
    count: int | None = Field(default=None, ge=1, le=MOST_OCCURRENCES)
    until: Condition | None = None
    attrition: Probability = 0.0
    runs_from: Literal["previous", "schedule"] = Field(default="previous", alias="from")


class InlineTrigger(Specification):
    """An event that this one causes, said in the journey itself.

    `condition` reads the causing event's parameters and the person; `carry` names the parameters that go on, or maps
    old names to new. `fan_out` is how many there are, each with a delay of its own: a number, or an expression.
    """

    event_type: str
    delay: Delay | None = None
    condition: Condition | None = None
    probability: Probability = 1.0
    carry: list[str] | dict[str, str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    fan_out: Annotated[int, Field(ge=1, le=MOST_COPIES)] | str = 1


class Happening(Specification):
    """What every event says, whatever it follows."""

    event_type: str
    name: str | None = None
    conditions: list[Condition] = Field(
        default_factory=list, validation_alias=AliasChoices("conditions", "condition"), json_schema_extra=or_one
    )
    probability: Probability = 1.0
    parameters: dict[str, Any] = Field(default_factory=dict)
    outcomes: dict[str, Distribution] = Field(default_factory=dict)
    triggers: list[InlineTrigger] = Field(default_factory=list)
    ends: Literal["journey", "life", "coverage"] | None = None
    starts: list[str] = Field(default_factory=list, json_schema_extra=or_one)
    stops: list[str] = Field(default_factory=list, json_schema_extra=or_one)

    @field_validator("starts", "stops", mode="before")
    @classmethod
    def _one_name_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @field_validator("outcomes")
    @classmethod
    def _free_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        findings = Findings()
        find_reserved(value, findings, said_by={})
        findings.tell()
        return value

    @field_validator("conditions", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]


class EventSpecification(Happening):
    """One event of a journey.

    `depends_on` names the event it follows, of this journey or, as `{"journey": ..., "event": ...}`, of another one of
    the same person (the journey's start where it is absent); `delay` runs from there, or from the `anchor`: `"birth"`,
    `{"date": ...}` or `{"age": ...}`. What would come before the journey's start, or before what it depends on, does
    not happen. `outcomes` are values drawn when it happens, which later conditions, distributions and `${outcome.x}`
    may read. `ends` stops what comes later: of this journey, with "coverage" the person's insurance, with "life"
    everything (a death). `starts` and `stops` name what begins or ends of the person's state then: circumstances,
    treatments, and conditions by their codes, known or not. `adds_person` makes it a birth; `subject: newborn` makes an
    event happen to the child.
    """

    event_id: str = Field(pattern=NAME, validation_alias=AliasChoices("event_id", "id"))
    delay: Delay | None = None
    depends_on: str | JourneyEvent | None = None
    anchor: Literal["start", "birth"] | Anchor | None = None
    repeat: Repeat | None = None
    subject: Literal["self", "newborn"] = "self"
    adds_person: Literal["newborn"] | None = None
