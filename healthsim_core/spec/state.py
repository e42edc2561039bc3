"""What a skill declares of a person's state: measures of the body, conditions, treatments, circumstances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from healthsim_core.spec.base import Checked, Findings, Specification
from healthsim_core.spec.distribution import Distribution
from healthsim_core.spec.distribution.composed import Conditional

NAME = r"^[a-z][a-z0-9_]*$"
Positive = Annotated[float, Field(gt=0, le=1e9)]
Text = Annotated[str, Field(min_length=1)]
ELSE = "else"


Loading = Annotated[float, Field(gt=-1, lt=1)]


class Spread(Checked):
    """A spread: of a standard deviation, or of a part of the level; it may follow that of other measures."""

    sd: Positive | None = None
    cv: Annotated[float, Field(gt=0, le=2)] | None = None
    follows: dict[str, Loading] = Field(default_factory=dict)

    def _check(self, findings: Findings) -> None:
        if (self.sd is None) == (self.cv is None):
            findings.add('it states "sd" or "cv", one of them.', "Give a standard deviation, or a part of the level.")


class Wandering(Spread):
    """How a value wanders around a person's level, and within how many days it is another one."""

    days: Positive


class Cause(Checked):
    """What moves a measure: one of the three."""

    treatment: Text | None = None
    condition: Text | None = None
    circumstance: Text | None = None

    @property
    def named(self) -> tuple[str, str]:
        """Kind and name of it."""
        pairs = (("treatment", self.treatment), ("condition", self.condition), ("circumstance", self.circumstance))
        return next((kind, name) for kind, name in pairs if name is not None)

    def _check(self, findings: Findings) -> None:
        if sum(name is not None for name in (self.treatment, self.condition, self.circumstance)) != 1:
            findings.add("it names one treatment, condition or circumstance.", "Name one of them.")


class Effect(Cause):
    """An effect of first order: towards its size while its cause lasts, towards nothing afterwards.

    `size` is a number, or an expression over `level` and what is known of the person; `share` a part of the level.
    `days` is when about two thirds of it are there. `full_dose` is the dose a day, by drug, that has all of it, lower
    ones their part; `by_dose` says, by drug and dose, which part each has.
    """

    size: float | str | None = None
    share: Annotated[float, Field(ge=-1, le=10)] | None = None
    days: Positive
    full_dose: dict[str, Positive] = Field(default_factory=dict)
    by_dose: dict[str, dict[Positive, Annotated[float, Field(ge=0, le=10)]]] = Field(default_factory=dict)
    of: Literal["taken", "ordered"] = "taken"
    source: Text

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        if (self.size is None) == (self.share is None):
            findings.add('it states "size" or "share", one of them.', "Give a size, or a part of the level.")
        for drug in sorted(self.full_dose.keys() & self.by_dose.keys()):
            findings.add(f'doses of "{drug}" are said twice.', 'Leave out "full_dose" or "by_dose".')
        for drug in sorted(drug for drug, parts in self.by_dose.items() if not parts):
            findings.add(f'no dose of "{drug}" is said.', "Give a dose and its part of the effect.", f"by_dose.{drug}")


class Drift(Cause):
    """A change of so much a year while its cause lasts."""

    per_year: float


class Measure(Checked):
    """A quantity of the body: a laboratory value or a vital sign.

    It has a `level`, which people keep, wander around, drift away from and are moved from; or it `is` an expression of
    other measures; or both, and then the expression reads what comes of its level as `level`. The level is a
    distribution, or `{"cases": {"condition": ..., "else": ...}}`. One `unless_declared` is there for those who have no
    skill that declares it.
    """

    description: Text
    unit: Text
    loinc: Text | None = None
    category: Literal["laboratory", "vital-signs", "other"] = "laboratory"
    specimen: Text | None = None
    reference: dict[Literal["low", "high"], float] = Field(default_factory=dict)
    decimals: Annotated[int, Field(ge=0, le=6)] = 1
    level: Distribution | None = None
    follows: dict[str, Loading] = Field(default_factory=dict)
    wanders: Wandering | None = None
    drift: list[Drift] = Field(default_factory=list)
    noise: Spread | None = None
    bounds: tuple[float, float]
    moved_by: list[Effect] = Field(default_factory=list)
    is_: str | None = Field(default=None, alias="is")
    unless_declared: bool = False
    source: Text

    @field_validator("level", mode="before")
    @classmethod
    def _by_cases(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or set(value) != {"cases"} or not isinstance(value["cases"], Mapping):
            return value
        cases = dict(value["cases"])
        default = cases.pop(ELSE, None)
        rules = [{"if": condition, "then": then} for condition, then in cases.items()]
        return {"type": "conditional", "rules": rules, "default": default} if rules else default

    def _check(self, findings: Findings) -> None:
        if self.level is None and self.is_ is None:
            findings.add('it states neither "level" nor "is".', "Give a level, or an expression of other measures.")
        if isinstance(self.level, Conditional) and self.level.default is None:
            findings.add("some people have no level.", f'Give the level of all others, "{ELSE}".', "level")
        if self.bounds[0] >= self.bounds[1]:
            findings.add("the bounds hold nothing.", "Give the lower one first.", "bounds")


class Staged(Specification):
    """A condition with stages: codes of each."""

    stages: dict[str, list[Text]]
    source: Text


class Treatment(Specification):
    """A class of drugs, and what it is."""

    description: Text
    drugs: list[Text] = Field(default_factory=list)


class Circumstance(Specification):
    """Something that a person may be in."""

    description: Text


class CodeOfState(Specification):
    """The code that a diagnosis has of somebody in some state, in the place of codes that begin with another."""

    instead_of: Text
    when: Text
    code: Text
    description: Text
    source: Text


class StateSpecification(Specification):
    """What a skill declares of a person's state; `effects` are on measures, whichever skill declares them."""

    measures: dict[Annotated[str, Field(pattern=NAME)], Measure] = Field(default_factory=dict)
    effects: dict[str, list[Effect]] = Field(default_factory=dict)
    conditions: dict[str, Staged] = Field(default_factory=dict)
    codes: list[CodeOfState] = Field(default_factory=list)
    treatments: dict[str, Treatment] = Field(default_factory=dict)
    circumstances: dict[Annotated[str, Field(pattern=NAME)], Circumstance] = Field(default_factory=dict)
