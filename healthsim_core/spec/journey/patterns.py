"""Patterns of events: branches, protocols and lifecycles, each written once and expanded to events."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from healthsim_core.errors import suggestion
from healthsim_core.spec.base import Findings, Specification
from healthsim_core.spec.distribution import Condition, Distribution, age_band
from healthsim_core.spec.distribution.parameters import checked_weights
from healthsim_core.spec.journey.delay import Delay
from healthsim_core.spec.journey.events import NAME, EventSpecification, Happening, JourneyEvent
from healthsim_core.spec.profile import Probability
from healthsim_core.spec.schema import or_one

IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"  # what an expression reads after `branch.` or `state.`
MOST_CHOICES = 50
MOST_STATES = 100
MOST_CYCLES = 500
MOST_TRANSITIONS = 200  # expected of a person; a lifecycle that asks for more is refused


class Choice(Specification):
    """One way on: `weight`, or `when`, or both; `probability` where the choices do not exclude each other."""

    choice_id: str = Field(pattern=NAME, validation_alias=AliasChoices("choice_id", "id"))
    weight: float | None = Field(default=None, ge=0)
    when: Condition | None = None
    probability: Probability | None = None
    events: list[EventSpecification] = Field(default_factory=list, max_length=500)


class Branch(Specification):
    """Where a journey parts.

    Exclusive choices are taken by `weight` (weights sum to 1 within 1%; among those whose `when` holds, they are taken
    in proportion), or, without weights, the first whose `when` holds is taken, else the one that has none. Where
    `exclusive` is false each choice is taken or not with its own `probability`, whatever the others. Events of a choice
    follow the branch or each other. Later events read `branch.<branch_id>`: the choice taken (of several,
    separated by spaces), or null.
    """

    branch_id: str = Field(pattern=IDENTIFIER, validation_alias=AliasChoices("branch_id", "id"))
    name: str | None = None
    depends_on: str | JourneyEvent | None = None
    delay: Delay | None = None
    conditions: list[Condition] = Field(
        default_factory=list, validation_alias=AliasChoices("conditions", "condition"), json_schema_extra=or_one
    )
    exclusive: bool = True
    choices: list[Choice] = Field(min_length=1, max_length=MOST_CHOICES)

    @field_validator("conditions", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _makes_sense(self) -> Branch:
        findings, ids = Findings(), [choice.choice_id for choice in self.choices]
        unfit = "probability" if self.exclusive else "weight"
        for index, choice in enumerate(self.choices):
            if choice.choice_id in ids[:index]:
                remedy = "Give each choice an id of its own."
                findings.add(f'the choice "{choice.choice_id}" is there twice.', remedy, "choices", index, "choice_id")
            if getattr(choice, unfit) is not None:
                what = f"choices that {'exclude' if self.exclusive else 'do not exclude'} each other have no {unfit}."
                remedy = (
                    'Give weights, or say "exclusive": false.'
                    if self.exclusive
                    else 'Give a "probability", or say "exclusive": true.'
                )
                findings.add(what, remedy, "choices", index, unfit, value=getattr(choice, unfit))
        if self.exclusive:
            self._check_weights(findings)
        findings.tell()
        return self

    def _check_weights(self, findings: Findings) -> None:
        weights = {index: choice.weight for index, choice in enumerate(self.choices) if choice.weight is not None}
        without = [index for index in range(len(self.choices)) if index not in weights]
        for index in without if weights else ():
            findings.add(
                "other choices have a weight, and this one has none.",
                "Give every choice one, or none.",
                "choices",
                index,
            )
        if weights and not without:
            with findings.caught("choices"):
                checked_weights(weights)
        default = [index for index in without if self.choices[index].when is None]
        for index in default[1:] if not weights else ():
            findings.add(
                'it has neither "weight" nor "when", as one before it.',
                "Let one at most be the default.",
                "choices",
                index,
            )


class Visit(Happening):
    """A planned visit of a protocol: on `day` of each of its `cycles` (all, where none are named),
    within `window` days.

    `arms` are those that have it (all, where none are named). `events` happen at the visit or after it.
    """

    visit_id: str = Field(pattern=NAME, validation_alias=AliasChoices("visit_id", "id"))
    day: int = Field(ge=1)
    window: Annotated[list[float], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.0, 0.0])
    distribution: Literal["uniform", "normal"] = "uniform"
    cycles: list[int] | None = None
    arms: list[str] | None = None
    events: list[EventSpecification] = Field(default_factory=list)

    @model_validator(mode="after")
    def _a_window(self) -> Visit:
        if self.window[0] > 0 or self.window[1] < 0:
            findings, what = Findings(), f"{self.window} does not hold the planned day, 0."
            findings.add(
                what,
                "Write the days before it below 0 and those after it above, such as [-2, 3].",
                "window",
                value=self.window,
            )
            findings.tell()
        return self


class Protocol(Specification):
    """Visits planned from one day: day 1 is that of the `anchor` event, whatever the visits before did.

    Cycles follow each other every `cycle_days`. `arm` is what says a person's arm (an outcome, or a column); `arms`
    gives each arm its parameters, which visits read as `${arm.x}`. `until` ends it: visits do not happen once it holds.
    """

    anchor: str
    cycle_days: int | None = Field(default=None, ge=1)
    cycles: int = Field(default=1, ge=1, le=MOST_CYCLES)
    arm: str | None = None
    arms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    until: Condition | None = None
    weekdays: bool = False
    visits: list[Visit] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _makes_sense(self) -> Protocol:
        findings = Findings()
        if self.cycles > 1 and self.cycle_days is None:
            findings.add(f"{self.cycles} cycles have no length.", "Give it in days.", "cycle_days")
        if self.arms and self.arm is None:
            findings.add("nothing says which arm a person is in.", "Name the outcome or column that does.", "arm")
        for index, visit in enumerate(self.visits):
            self._check_visit(visit, ("visits", index), findings)
        findings.tell()
        return self

    def _check_visit(self, visit: Visit, path: tuple[str, int], findings: Findings) -> None:
        if self.cycles > 1 and self.cycle_days is not None and visit.day > self.cycle_days:
            what = f"day {visit.day} is not one of a cycle of {self.cycle_days} days."
            findings.add(what, f"Give 1 to {self.cycle_days}.", *path, "day", value=visit.day)
        for position, cycle in enumerate(visit.cycles or []):
            if not 1 <= cycle <= self.cycles:
                what, remedy = f"there is no cycle {cycle} of {self.cycles}.", f"Give 1 to {self.cycles}."
                findings.add(what, remedy, *path, "cycles", position, value=cycle)
        for position, arm in enumerate(visit.arms or []):
            if arm not in self.arms:
                findings.add(
                    f'no arm is called "{arm}".', suggestion(arm, self.arms), *path, "arms", position, value=arm
                )


Rate = Annotated[float, Field(ge=0)]


class Transition(Specification):
    """A way out of a state, for whom `when` holds on entering it.

    `yearly_probability` is the chance to leave this way within a year in the state; of several ways they add up, to 1
    at most. `hazard` is the rate a year. Either may be given by age band: `{"40-64": 0.02, "65+": 0.05}`;
    other ages have none.
    """

    to: str
    yearly_probability: Probability | dict[str, Probability] | None = None
    hazard: Rate | dict[str, Rate] | None = None
    when: Condition | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Transition:
        findings = Findings()
        if (self.yearly_probability is None) == (self.hazard is None):
            findings.add("it has not one of both rates.", 'Say either "yearly_probability" or "hazard".')
        for name in ("yearly_probability", "hazard"):
            for band in given if isinstance(given := getattr(self, name), dict) else ():
                with findings.caught(name, band):
                    age_band(band)
        findings.tell()
        return self

    def bands(self) -> dict[str, float]:
        """Probability or hazard by age band."""
        given = self.hazard if self.yearly_probability is None else self.yearly_probability
        return given if isinstance(given, dict) else {"0+": float(given or 0)}


class State(Specification):
    """What happens on entering a state, and where it leads; a state without transitions is final.

    Events that would come after the state is left do not happen.
    """

    name: str | None = None
    transitions: list[Transition] = Field(default_factory=list, max_length=MOST_STATES)
    events: list[EventSpecification] = Field(default_factory=list, max_length=500)


class Lifecycle(Specification):
    """States that a person passes through over years, in continuous time: hazards compete and change with age.

    Later events and conditions read `state.<lifecycle_id>`: the state at their own moment, null before the first.
    """

    lifecycle_id: str = Field(pattern=IDENTIFIER, validation_alias=AliasChoices("lifecycle_id", "id"))
    name: str | None = None
    depends_on: str | JourneyEvent | None = None
    delay: Delay | None = None
    conditions: list[Condition] = Field(
        default_factory=list, validation_alias=AliasChoices("conditions", "condition"), json_schema_extra=or_one
    )
    initial: Distribution
    states: Annotated[dict[Annotated[str, Field(pattern=NAME)], State], Field(min_length=1, max_length=MOST_STATES)]

    @field_validator("conditions", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _states_are_known(self) -> Lifecycle:
        findings = Findings()
        for name, state in self.states.items():
            path = ("states", name, "transitions")
            for index, transition in enumerate(state.transitions):
                to = transition.to
                if to not in self.states:
                    findings.add(
                        f'no state is called "{to}".', suggestion(to, self.states), *path, index, "to", value=to
                    )
                if to == name:
                    findings.add(
                        f'"{name}" leads to itself.',
                        "Leave it out: what is not left needs none.",
                        *path,
                        index,
                        "to",
                        value=to,
                    )
            for age in range(131):
                total = sum(p for t in state.transitions if t.when is None and t.hazard is None for p in _at(t, age))
                if total > 1 + 1e-9:
                    what = f"the yearly probabilities at age {age} sum to {total:.4g}."
                    findings.add(what, "Give 1 or less together.", *path)
                    break
        findings.tell()
        return self

    def expected_transitions(self, years: float) -> float:
        """An upper bound of the transitions that a person can be expected to make;
        states without a way back count once."""
        most = max((self._most_hazard(name) for name in self._returning()), default=0.0)
        return len(self.states) + most * years

    def _most_hazard(self, name: str) -> float:
        worst = 0.0
        for age in range(131):
            rates = [(t.hazard is None, value) for t in self.states[name].transitions for value in _at(t, age)]
            chance = min(sum(value for yearly, value in rates if yearly), 1.0)
            hazard = sum(value for yearly, value in rates if not yearly)
            worst = max(worst, hazard + (math.inf if chance >= 1 else -math.log1p(-chance)))
        return worst

    def _returning(self) -> list[str]:
        """States that can be entered again."""
        reach = {name: {t.to for t in state.transitions} for name, state in self.states.items()}
        for _ in self.states:
            reach = {name: to.union(*(reach[other] for other in to)) for name, to in reach.items()}
        return [name for name, to in reach.items() if name in to]


def _at(transition: Transition, age: int) -> list[float]:
    """What the transition says of an age: one value, or none."""
    spans = [(age_band(band), value) for band, value in transition.bands().items()]
    return [value for (low, high), value in spans if low <= age <= high or (high >= 110 and age > 110 and low <= 110)][
        :1
    ]
