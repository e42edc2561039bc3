"""What parameters of distributions have in common: numbers or expressions, in pairs, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from healthsim_core.spec.base import Checked, Findings, Specification

Number = float | str  # a number, or an expression over the person's other columns
Positive = Annotated[float, Field(gt=0)] | str
NotNegative = Annotated[float, Field(ge=0)] | str
Share = Annotated[float, Field(ge=0, le=1)]
Weights = dict[str, Annotated[float, Field(ge=0)]]
_AGE_BAND = re.compile(r"^(\d+)(?:-(\d+)|(\+))?$")
OLDEST = 120  # an age that nobody is beyond; the oldest person known died at 122


def checked_weights(weights: Mapping[Any, float]) -> None:
    """Raise ValueError unless the weights sum to one within 1%."""
    if not weights:
        raise ValueError("there are no weights; give at least one")
    total = sum(weights.values())
    if abs(total - 1) > 0.01:
        raise ValueError(f"the weights sum to {total:.4g}; make them sum to 1")


def check_bands(bands: Iterable[str], findings: Findings, *path: str) -> None:
    """Find every band that is none, at its own path below `path`."""
    for band in bands:
        with findings.caught(*path, band):
            age_band(band)


def age_band(text: str) -> tuple[int, int]:
    """First and last age of "0-17", "65+" or "40"."""
    match = _AGE_BAND.match(text.strip())
    if not match:
        raise ValueError(f'"{text}" is not an age band; write "0-17", "65+" or "40"')
    low = int(match[1])
    high = int(match[2]) if match[2] else OLDEST if match[3] else low
    if high < low:
        raise ValueError(f'the age band "{text}" ends before it begins')
    if high > OLDEST:
        raise ValueError(f'the age band "{text}" goes beyond {OLDEST}; end it there, or write "{low}+"')
    return low, high


def one_way(specification: Specification, findings: Findings, *ways: tuple[str, ...]) -> bool:
    """Whether exactly one of several sets of parameters is given, and wholly; if not, it is found."""
    given = [tuple(name for name in way if getattr(specification, name) is not None) for way in ways]
    if sum(map(bool, given)) == 1 and any(some == way for some, way in zip(given, ways, strict=True)):
        return True
    names = _listed(name for some in given for name in some)
    either = ", or ".join(map(_listed, ways))
    findings.add(f"the parameters are {names}." if names else "there are no parameters.", f"Give either {either}.")
    return False


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f'"{name}"' for name in names)


def _spread(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise ValueError("a standard deviation is not negative")
    return value


_SPREAD = (BeforeValidator(_spread), Field(validation_alias=AliasChoices("sd", "std_dev")))
Spread = Annotated[Number, *_SPREAD]
SpreadOrNone = Annotated[Number | None, *_SPREAD]


class Bounded(Checked):
    """Bounds of a distribution: truncated between them, never piled up at them."""

    min: float | None = None
    max: float | None = None

    def _check(self, findings: Findings) -> None:
        if self.min is not None and self.max is not None and self.min >= self.max:
            findings.add(
                f"min {self.min:g} is not below max {self.max:g}.", "Give a greater max.", "max", value=self.max
            )


class BoundedCount(Checked):
    """Bounds of a count: both can occur, and what lies outside cannot."""

    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    def _check(self, findings: Findings) -> None:
        if self.min is not None and self.max is not None and self.min > self.max:
            findings.add(f"min {self.min} is above max {self.max}.", "Give a greater max.", "max", value=self.max)
