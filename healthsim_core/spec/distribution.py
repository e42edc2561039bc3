"""How a value is distributed: one model a kind, each parameter named as the field names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Discriminator, Field, Tag, model_validator

from healthsim_core.errors import suggestion
from healthsim_core.spec.base import Specification

Number = float | str  # a number, or an expression over the person's other columns
Weights = dict[str, Annotated[float, Field(ge=0)]]
_AGE_BAND = re.compile(r"^(\d+)(?:-(\d+)|(\+))?$")
OLDEST = 110


def checked_weights(weights: Mapping[Any, float]) -> None:
    """Raise ValueError unless the weights sum to one within 1%."""
    if not weights:
        raise ValueError("there are no weights; give at least one")
    total = sum(weights.values())
    if abs(total - 1) > 0.01:
        raise ValueError(f"the weights sum to {total:.4g}; make them sum to 1")


def age_band(text: str) -> tuple[int, int]:
    """First and last age of "0-17", "65+" or "40"."""
    match = _AGE_BAND.match(text.strip())
    if not match:
        raise ValueError(f'"{text}" is not an age band; write "0-17", "65+" or "40"')
    low = int(match[1])
    high = int(match[2]) if match[2] else OLDEST if match[3] else low
    if high < low:
        raise ValueError(f'the age band "{text}" ends before it begins')
    return low, high


class Constant(Specification):
    """The same value for everybody. A bare number or text means the same."""

    type: Literal["constant"] = "constant"
    value: float | str | bool


class Categorical(Specification):
    """One of a few values, by weight."""

    type: Literal["categorical"]
    weights: Weights

    @model_validator(mode="after")
    def _sum_to_one(self) -> Categorical:
        checked_weights(self.weights)
        return self


class Bounded(Specification):
    """Bounds of a continuous distribution: truncated between them, never piled up at them."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Bounded:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min:g} is not below max {self.max:g}")
        return self


def _spread(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise ValueError("a standard deviation is not negative")
    return value


Spread = Annotated[Number, BeforeValidator(_spread), Field(validation_alias=AliasChoices("sd", "std_dev"))]


class Normal(Bounded):
    """Normal, by mean and standard deviation of the distribution before truncation."""

    type: Literal["normal"]
    mean: Number
    sd: Spread


class LogNormal(Bounded):
    """Log-normal, by the arithmetic mean and standard deviation of the values."""

    type: Literal["log_normal"]
    mean: Annotated[float, Field(gt=0)]
    sd: Spread
    max: Annotated[float, Field(gt=0)] | None = None


class Uniform(Specification):
    """Any value between min and max alike."""

    type: Literal["uniform"]
    min: float
    max: float

    @model_validator(mode="after")
    def _in_order(self) -> Uniform:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class AgeBands(Specification):
    """Whole years: a band by weight, and within it every age alike."""

    type: Literal["age_bands"]
    bands: Weights

    @model_validator(mode="after")
    def _bands_parse(self) -> AgeBands:
        checked_weights(self.bands)
        for band in self.bands:
            age_band(band)
        return self


class Weighted(Specification):
    """A value and its weight."""

    value: float | str
    weight: Annotated[float, Field(ge=0)] = 1.0


class Explicit(Specification):
    """Given values: a list (alike, or with weights) or a mapping from value to weight."""

    type: Literal["explicit"]
    values: list[Weighted]

    @model_validator(mode="before")
    @classmethod
    def _as_pairs(cls, data: Any) -> Any:
        values = data.get("values") if isinstance(data, dict) else None
        if isinstance(values, Mapping):
            return {**data, "values": [{"value": value, "weight": weight} for value, weight in values.items()]}
        if isinstance(values, list) and not all(isinstance(item, dict | Weighted) for item in values):
            return {**data, "values": [item if isinstance(item, dict) else {"value": item} for item in values]}
        return data

    @model_validator(mode="after")
    def _some_weight(self) -> Explicit:
        if sum(item.weight for item in self.values) <= 0:
            raise ValueError("there are no values with a weight; give at least one")
        if len({isinstance(item.value, str) for item in self.values}) > 1:
            raise ValueError("some values are text and others numbers; make all of them one or the other")
        return self


class Compared(Specification):
    """A condition in structured form: field, operator, value."""

    field: str
    operator: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains"] = "eq"
    value: Any

    def expression(self) -> str:
        """The same condition as an expression."""
        symbol = {"eq": "==", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "in": "in", "not_in": "not in"}
        name = self.field.removeprefix("entity.")
        if self.operator in ("in", "not_in") and not isinstance(self.value, list | tuple):
            return f"{name} {symbol[self.operator]} {[self.value]!r}"
        return f"{self.value!r} in {name}" if self.operator == "contains" else f"{name} {symbol[self.operator]} {self.value!r}"


Condition = str | Compared


class Rule(Specification):
    """One case of a conditional distribution."""

    when: Condition = Field(validation_alias=AliasChoices("if", "when"), serialization_alias="if")
    then: Distribution


class Conditional(Specification):
    """The first rule whose condition holds, else the default."""

    type: Literal["conditional"]
    rules: list[Rule] = Field(min_length=1)
    default: Distribution | None = None


KINDS: dict[str, type[Specification]] = {
    "constant": Constant,
    "categorical": Categorical,
    "normal": Normal,
    "log_normal": LogNormal,
    "uniform": Uniform,
    "age_bands": AgeBands,
    "explicit": Explicit,
    "conditional": Conditional,
}


def _kind(value: Any) -> str:
    return str(value.get("type", "constant") if isinstance(value, dict) else getattr(value, "type", "constant"))


def _known(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return {"type": "constant", "value": value}
    if isinstance(value, dict) and _kind(value) not in KINDS:
        raise ValueError(f'no distribution is called "{_kind(value)}". {suggestion(_kind(value), KINDS)}')
    return value


Distribution = Annotated[
    Annotated[Constant, Tag("constant")]
    | Annotated[Categorical, Tag("categorical")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[LogNormal, Tag("log_normal")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[AgeBands, Tag("age_bands")]
    | Annotated[Explicit, Tag("explicit")]
    | Annotated[Conditional, Tag("conditional")],
    Discriminator(_kind),
    BeforeValidator(_known),
]
Rule.model_rebuild()
Conditional.model_rebuild()
