"""The journey itself."""

from __future__ import annotations

import functools
from typing import Any

from pydantic import AliasChoices, Field, field_validator, model_validator

from healthsim_core.errors import suggestion
from healthsim_core.spec.base import Document
from healthsim_core.spec.distribution import Condition
from healthsim_core.spec.journey.events import NAME, EventSpecification, StartsOn
from healthsim_core.spec.journey.expansion import Step, steps_of
from healthsim_core.spec.journey.patterns import MOST_TRANSITIONS, Branch, Lifecycle, Protocol

MOST_EVENTS = 500
MOST_STEPS = 5_000


class JourneySpecification(Document):
    """What happens to a person.

    `requires` says what the person must be, such as `{"sex": "F"}`: others are passed over, and where a scenario gives
    the journey to a member whose attribute the profile leaves unsaid, the member is so. `starts_on` makes the journey begin
    with an event of another journey of the same person; else it begins at the run's start.
    """

    journey_id: str = Field(pattern=NAME, validation_alias=AliasChoices("journey_id", "id"))
    name: str = ""
    version: str = "1.0"
    description: str = ""
    products: list[str] = Field(default_factory=list)
    duration_days: int = Field(ge=1, le=36_525)
    condition: Condition | None = None
    requires: dict[str, str | float] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    starts_on: StartsOn | None = None
    events: list[EventSpecification] = Field(default_factory=list, max_length=MOST_EVENTS)
    branches: list[Branch] = Field(default_factory=list, max_length=100)
    protocol: Protocol | None = None
    lifecycle: list[Lifecycle] = Field(default_factory=list, max_length=20)

    @field_validator("lifecycle", "branches", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @functools.cached_property
    def steps(self) -> list[Step]:
        """Every event, with branches, protocol and lifecycles written out."""
        return steps_of(self.events, self.branches, self.protocol, self.lifecycle, self.starts_on)

    @model_validator(mode="after")
    def _dependencies_hold(self) -> JourneySpecification:
        if not self.steps:
            raise ValueError("events: a journey needs at least one event")
        if len(self.steps) > MOST_STEPS:
            raise ValueError(f"its patterns come to {len(self.steps):,} events; at most {MOST_STEPS:,}")
        parents = {step.event.event_id: step.event.depends_on for step in self.steps}
        if len(parents) < len(self.steps):
            ids = [step.event.event_id for step in self.steps]
            raise ValueError(f"events: the event_id {next(i for i in ids if ids.count(i) > 1)!r} is there twice")
        inside = {name: parent for name, parent in parents.items() if isinstance(parent, str)}
        for step in self.steps:
            parent = step.event.depends_on
            if isinstance(parent, str) and parent not in parents:
                raise ValueError(f'{step.where}.depends_on: no event is called "{parent}". {suggestion(parent, parents)}')
        _refuse_cycles(inside)
        for index, lifecycle in enumerate(self.lifecycle):
            expected = lifecycle.expected_transitions(self.duration_days / 365.2425)
            if expected > MOST_TRANSITIONS:
                said = f"{expected:,.0f}" if expected < 1e9 else "endlessly many"
                most = f"at most {MOST_TRANSITIONS}; give lower rates or a shorter duration"
                raise ValueError(f"lifecycle[{index}]: a person may pass through {said} states in {self.duration_days} days; {most}")
        return self


def _refuse_cycles(parents: dict[str, str]) -> None:
    done: set[str] = set()
    for first in parents:
        chain, seen, at = [first], {first}, parents.get(first)
        while at is not None and at not in done:
            if at in seen:
                raise ValueError(f"events: depends_on runs in a circle: {' -> '.join([*chain[chain.index(at) :], at])}")
            chain.append(at)
            seen.add(at)
            at = parents.get(at)
        done |= seen
