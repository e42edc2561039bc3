"""How an event comes again: how often, after how long, and until when."""

from __future__ import annotations

import attrs

from healthsim_core.distributions import condition
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.patterns.timing import Timing
from healthsim_core.spec.journey.events import MOST_OCCURRENCES, Repeat

MOST_OF_A_NODE = 100_000  # occurrences of one event that a person may have, repeats of repeats included


@attrs.frozen
class Recurrence:
    """How an event comes again.

    Attributes:
        every: Time from one occurrence to the next.
        times: Occurrences at most.
        attrition: Chance, before each next one, that there is none any more.
        until: Where it holds after an occurrence, there is no next one.
        scheduled: Whether each runs from the first by the schedule, not from the one before.
        lasting: Whether it comes as long as its journey lasts, not so many times.
        beyond: How many more times it is stated to come than its journey has room for.
    """

    every: Timing
    times: int
    attrition: float = 0.0
    until: Expression | None = None
    scheduled: bool = False
    lasting: bool = False
    beyond: int = 0

    @classmethod
    def of(cls, repeat: Repeat, lasts: float, where: str) -> Recurrence:
        """Compile what a journey says of it.

        Args:
            repeat: As it is written.
            lasts: How long it may come again, days.
            where: Its path.

        Raises:
            SpecificationError: It never ends, comes too often, or its window is too wide.
        """
        every = Timing.of(repeat.every, f"{where}.every")
        if every.never_later:
            remedy = "Give an interval of a day or more."
            raise SpecificationError("it comes again at once, and so without an end.", f"{where}.every", remedy)
        times = min(repeat.count or MOST_OF_A_NODE, int(lasts // every.least) + 1)
        if times > MOST_OCCURRENCES:
            what = f"it may come {times:,} times; at most {MOST_OCCURRENCES:,}."
            raise SpecificationError(what, where, "Give a count, or a longer interval.")
        scheduled = repeat.runs_from == "schedule"
        if scheduled and every.high - every.low >= every.expected:
            raise SpecificationError("its window is as wide as its interval.", f"{where}.every", "Make it narrower.")
        until = None if repeat.until is None else condition(repeat.until, f"{where}.until")
        beyond = (repeat.count or times) - times
        return cls(every, times, repeat.attrition, until, scheduled, repeat.count is None, beyond)
