"""How long after something an event happens."""

from __future__ import annotations

import calendar
import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from healthsim_core.spec.base import Findings, Specification
from healthsim_core.spec.distribution import Distribution
from healthsim_core.spec.schema import AnyOf

DAYS = {
    "minutes": 1 / 1440,
    "hours": 1 / 24,
    "days": 1.0,
    "business_days": 7 / 5,
    "weeks": 7.0,
    "months": 365.2425 / 12,
    "years": 365.2425,
}
UNITS = tuple(DAYS)
CLOCK_UNITS = ("minutes", "hours")
LONGEST_YEARS = 150
_DAY_OF_YEAR = re.compile(r"^(\d\d)-(\d\d)$")
_CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")


def _form(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "bounds"
    return "distribution" if isinstance(value, dict) or hasattr(value, "type") else "number"


Bounds = Annotated[list[float], Field(min_length=2, max_length=2)]
Span = Annotated[Annotated[float, Tag("number")] | Annotated[Bounds, Tag("bounds")], Discriminator(_form)]
Days = Annotated[
    Annotated[float, Tag("number")] | Annotated[Bounds, Tag("bounds")] | Annotated[Distribution, Tag("distribution")],
    Discriminator(_form),
    AnyOf,
]


def clock(text: str) -> int:
    """Minutes since midnight of "09:00"."""
    match = _CLOCK.match(text)
    if not match:
        raise ValueError(f'"{text}" is not a time of day; write it as "09:00"')
    return int(match[1]) * 60 + int(match[2])


def month_and_day(text: str) -> tuple[int, int]:
    """Month and day of "09-01"."""
    match = _DAY_OF_YEAR.match(text)
    month, day = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(2001, month)[1]:
        raise ValueError(f'"{text}" is not a day of every year; write it as "09-01"')
    return month, day


class Delay(Specification):
    """How long after its anchor an event happens: `{"days": 90}`, `{"weeks": [8, 10]}`,
    `{"days": 90, "window": [-7, 7]}`.

    Exactly one unit is given: a number, or the least and the most; of `days`, a distribution as well. `window` widens a
    number by days before and after. `distribution` is how values lie between the bounds: uniform, or normal around the
    middle; fixed takes no bounds. Months and years are those of the calendar. `business_days` count Monday to Friday;
    there are no holidays. With `weekdays`, what falls on a weekend is moved to the next Monday, or to the Friday before
    where only that lies within the bounds. `at` is the time of day, `between` its least and most; where that time has
    passed when the delay ends on the anchor's own day, it is the next day's. `season`, such as `["09-01", "01-31"]`, is
    the part of every year in which the event can happen:
    what would come at another time comes on any day of the next season.
    """

    minutes: Span | None = None
    hours: Span | None = None
    days: Days | None = None
    business_days: Span | None = None
    weeks: Span | None = None
    months: Span | None = None
    years: Span | None = None
    window: Bounds | None = None
    distribution: Literal["fixed", "uniform", "normal"] = "uniform"
    weekdays: bool = False
    season: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    at: str | None = None
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None

    @field_validator("at", "between")
    @classmethod
    def _times_of_day(cls, value: Any) -> Any:
        times = [clock(text) for text in ([value] if isinstance(value, str) else value or [])]
        if times != sorted(times):
            raise ValueError(f"{value}: the earlier time of day comes first")
        return value

    @field_validator("season")
    @classmethod
    def _days_of_any_year(cls, value: list[str] | None) -> list[str] | None:
        for text in value or []:
            month_and_day(text)
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Delay:
        findings, given = Findings(), [unit for unit in UNITS if getattr(self, unit) is not None]
        if len(given) != 1:
            units = " and ".join(f'"{unit}"' for unit in given) or "none"
            findings.add(f"a delay has one unit, not {units}.", f"Give exactly one of {', '.join(UNITS)}.")
        if self.at is not None and self.between is not None:
            findings.add(
                'both "at" and "between" say the time of day.',
                'Give either "at" or "between".',
                "between",
                value=self.between,
            )
        if self.window is not None and self.window[0] > self.window[1]:
            findings.add(f"{self.window} ends before it begins.", "Give the least first.", "window", value=self.window)
        if len(given) == 1:
            self._check_unit(given[0], findings)
        findings.tell()
        return self

    def _check_unit(self, unit: str, findings: Findings) -> None:
        for name in ("window", "weekdays", "season", "at", "between") if unit in CLOCK_UNITS else ():
            if getattr(self, name):
                findings.add(
                    f'{unit} run by the clock, without "{name}".', "Give days or longer, or leave it out.", name
                )
        if not self.is_distribution:
            self._check_span(unit, findings)
            return
        for name in ("window", "distribution"):
            if name in self.model_fields_set and getattr(self, name) is not None:
                findings.add(
                    "the days have a distribution of their own.", "Give its bounds there, and leave this out.", name
                )

    def _check_span(self, unit: str, findings: Findings) -> None:
        span, (low, high) = getattr(self, unit), (value * DAYS[unit] for value in self.span)
        if isinstance(span, list) and low > high:
            findings.add(
                f"{span[0]:g} to {span[1]:g} ends before it begins.", "Give the least first.", unit, value=span
            )
        elif isinstance(span, list) and self.distribution == "fixed":
            remedy = 'Give one number, or the distribution "uniform" or "normal".'
            findings.add("a fixed delay has no bounds.", remedy, "distribution", value=self.distribution)
        if self.minimum() < 0:
            what = f"{self.minimum():g} {unit}: an event cannot come before what it depends on."
            findings.add(what, "Use a delay of 0 or more.", "window" if low >= 0 else unit, value=span)
        if max(low, high) > LONGEST_YEARS * DAYS["years"]:
            findings.add(
                f"{max(self.span):,g} {unit} are longer than a life.",
                f"Give at most {LONGEST_YEARS} years.",
                unit,
                value=span,
            )
        if unit == "business_days" and any(value % 1 for value in (*self.span, *(self.window or []))):
            findings.add("a part of a business day is none.", "Give whole days.", unit, value=span)
        if unit in ("days", "weeks") and low < high and low % 1 and int(low) == int(high):
            findings.add(f"no whole day lies between {low:g} and {high:g} days.", "Widen it.", unit, value=span)

    @property
    def unit(self) -> str:
        """The unit given."""
        return next(unit for unit in UNITS if getattr(self, unit) is not None)

    @property
    def is_distribution(self) -> bool:
        """Whether days are drawn from a distribution."""
        return self.days is not None and not isinstance(self.days, float | list)

    @property
    def span(self) -> tuple[float, float]:
        """Least and most, in `unit`; not of a distribution."""
        given = getattr(self, self.unit)
        return (given[0], given[1]) if isinstance(given, list) else (given, given)

    def minimum(self) -> float:
        """The least, in `unit`; below zero is an error. A window around nothing is cut off there."""
        low = self.span[0]
        return low + (self.window[0] / DAYS[self.unit] if self.window and low else 0)

    def months_and_days(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The first and the last day of the season, each as month and day."""
        assert self.season is not None
        return month_and_day(self.season[0]), month_and_day(self.season[1])

    def time_of_day(self) -> tuple[int, int] | None:
        """Least and most minute of the day, where one is said."""
        if self.at is not None:
            return clock(self.at), clock(self.at)
        return (clock(self.between[0]), clock(self.between[1])) if self.between else None
