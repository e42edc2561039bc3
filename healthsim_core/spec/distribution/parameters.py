"""What parameters of distributions have in common: numbers or expressions, in pairs, within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from healthsim_core.spec.base import Specification

Number = float | str  # a number, or an expression over the person's other columns
Positive = Annotated[float, Field(gt=0)] | str
NotNegative = Annotated[float, Field(ge=0)] | str
Share = Annotated[float, Field(ge=0, le=1)]
Weights = dict[str, Annotated[float, Field(ge=0)]]
_AGE_BAND = re.compile(r"^(\d+)(?:-(\d+)|(\+))?$")
OLDEST = 110
_NOBODY = 150


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
    if high > _NOBODY:
        raise ValueError(f'the age band "{text}" goes beyond {_NOBODY}, which nobody reaches')
    return low, high


def one_way(specification: Specification, *ways: tuple[str, ...]) -> None:
    """Raise ValueError unless exactly one of several sets of parameters is given, and wholly."""
    given = [tuple(name for name in way if getattr(specification, name) is not None) for way in ways]
    if sum(map(bool, given)) != 1 or not any(some == way for some, way in zip(given, ways, strict=True)):
        said = [" and ".join(f'"{name}"' for name in way) for way in ways]
        raise ValueError(f"give either {', or '.join(said)}")


def _spread(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise ValueError("a standard deviation is not negative")
    return value


_SPREAD = (BeforeValidator(_spread), Field(validation_alias=AliasChoices("sd", "std_dev")))
Spread = Annotated[Number, *_SPREAD]
SpreadOrNone = Annotated[Number | None, *_SPREAD]


class Bounded(Specification):
    """Bounds of a distribution: truncated between them, never piled up at them."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Bounded:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min:g} is not below max {self.max:g}")
        return self


class BoundedCount(Specification):
    """Bounds of a count: both can occur, and what lies outside cannot."""

    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> BoundedCount:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self
