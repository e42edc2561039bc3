"""The journey itself."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from pydantic import AliasChoices, Field, field_validator, model_validator

from healthsim_core.errors import suggestion
from healthsim_core.spec.ages import check_written_age
from healthsim_core.spec.base import Document, Findings
from healthsim_core.spec.coded import CODED, recode
from healthsim_core.spec.distribution import Condition, Constant
from healthsim_core.spec.journey.events import NAME, EventSpecification, StartsOn
from healthsim_core.spec.journey.expansion import Step, parts_of, steps_of
from healthsim_core.spec.journey.patterns import MOST_TRANSITIONS, Branch, Lifecycle, Protocol
from healthsim_core.spec.journey.presumption import Presumption
from healthsim_core.spec.schema import or_one
from healthsim_core.spec.wording import COLUMN

MOST_EVENTS = 500
MOST_STEPS = 5_000


class JourneySpecification(Document):
    """What happens to a person.

    `requires` says what the person must be, such as `{"sex": "F"}`: others are passed over, and where a scenario gives
    the journey to a member whose attribute the profile leaves unsaid, the member is so. `presumes` says of a condition
    that the profile does not state how many have it, as published: the journey is for them. `starts_on` makes the
    journey begin with an event of another journey of the same person; else it begins at the run's start. A run that
    says no start begins on a day within the year before its latest one, another for each household;
    with `calendar_year` it begins on 1 January.
    """

    document_kind = "journey"

    journey_id: str = Field(pattern=NAME, validation_alias=AliasChoices("journey_id", "id"))
    name: str = ""
    version: str = "1.0"
    description: str = ""
    products: list[str] = Field(default_factory=list)
    duration_days: int = Field(ge=1, le=36_525)
    condition: Condition | None = None
    requires: dict[Annotated[str, Field(pattern=COLUMN)], str | float] = Field(default_factory=dict)
    presumes: list[Presumption] = Field(default_factory=list, max_length=20)
    parameters: dict[str, Any] = Field(default_factory=dict)
    calendar_year: bool = False
    starts_on: StartsOn | None = None
    events: list[EventSpecification] = Field(default_factory=list, max_length=MOST_EVENTS)
    branches: list[Branch] = Field(default_factory=list, max_length=100, json_schema_extra=or_one)
    protocol: Protocol | None = None
    lifecycle: list[Lifecycle] = Field(default_factory=list, max_length=20, json_schema_extra=or_one)

    @field_validator("lifecycle", "branches", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("requires")
    @classmethod
    def _codes(cls, value: dict[str, str | float]) -> dict[str, str | float]:
        findings = Findings()
        for name, constant in value.items():
            if name in CODED and isinstance(constant, str):
                code = Constant(value=constant)
                recode(name, code, findings, name)
                value[name] = str(code.value)
            if name == "age":
                check_written_age(Constant(value=constant), findings, name)
        findings.tell()
        return value

    @functools.cached_property
    def steps(self) -> list[Step]:
        """Every event, with branches, protocol and lifecycles written out."""
        return self._steps(Findings())

    def _steps(self, findings: Findings) -> list[Step]:
        return steps_of(self.events, self.branches, self.protocol, self.lifecycle, self.starts_on, findings)

    @model_validator(mode="after")
    def _dependencies_hold(self) -> JourneySpecification:
        findings = Findings()
        steps = self._steps(findings)
        if not steps:
            findings.add("a journey needs at least one event.", "Add one.", "events", value=[])
        if len(steps) > MOST_STEPS:
            findings.add(f"its patterns come to {len(steps):,} events.", f"At most {MOST_STEPS:,} are allowed.")
            findings.tell()
        _refuse_unknown(steps, findings)
        _refuse_cycles(steps, findings)
        for index, lifecycle in enumerate(self.lifecycle):
            expected = lifecycle.expected_transitions(self.duration_days / 365.2425)
            if expected > MOST_TRANSITIONS:
                count = f"{expected:,.0f}" if expected < 1e9 else "endlessly many"
                what = f"a person may pass through {count} states in {self.duration_days} days."
                findings.add(
                    what,
                    f"At most {MOST_TRANSITIONS} are allowed: give lower rates or a shorter duration.",
                    "lifecycle",
                    index,
                )
        findings.tell()
        return self


def _refuse_unknown(steps: list[Step], findings: Findings) -> None:
    """Events of one id, and those that follow what is not there."""
    written: dict[str, str] = {}
    for step in steps:
        name = step.event.event_id
        if name in written:
            what = f'the event_id "{name}" is there twice, at {written[name]} too.'
            findings.add(what, "Give each event an id of its own.", *parts_of(step.where), "event_id", value=name)
        written.setdefault(name, step.where)
    for step in steps:
        parent = step.event.depends_on
        if isinstance(parent, str) and parent not in written:
            path = ("anchor",) if step.where.startswith("protocol.") else (*parts_of(step.where), "depends_on")
            path = ("protocol", *path) if path == ("anchor",) else path
            findings.add(f'no event is called "{parent}".', suggestion(parent, written), *path, value=parent)


def _refuse_cycles(steps: list[Step], findings: Findings) -> None:
    parents = {step.event.event_id: step.event.depends_on for step in steps if isinstance(step.event.depends_on, str)}
    where = {step.event.event_id: step.where for step in steps}
    done: set[str] = set()
    for first in parents:
        chain, seen, at = [first], {first}, parents.get(first)
        while at is not None and at not in done:
            if at in seen:
                circle = " -> ".join([*chain[chain.index(at) :], at])
                findings.add(
                    f"depends_on runs in a circle: {circle}.",
                    "Break it.",
                    *parts_of(where[at]),
                    "depends_on",
                    value=parents[at],
                )
                break
            chain.append(at)
            seen.add(at)
            at = parents.get(at)
        done |= seen
