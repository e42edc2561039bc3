"""Whom a journey is for, where it presumes a condition that the profile does not state:
a published share of those at risk."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.distributions import condition
from healthsim_core.draws import Draws
from healthsim_core.expressions.expression import Expression
from healthsim_core.spec.journey import JourneySpecification


class Seeded(Mapping[str, Any]):
    """Columns of people by name, of a run."""

    @property
    @abstractmethod
    def seed(self) -> int:
        """The run's seed."""


@attrs.frozen
class Presumed:
    """Those who have a condition, and a share of others.

    Attributes:
        journey: The journey, which the draws are of.
        code: The condition.
        has: Holds for those who have it.
        shares: Of whom how many more: the first that holds counts.
    """

    journey: str
    code: str
    has: Expression
    shares: tuple[tuple[Expression, float], ...]

    @property
    def text(self) -> str:
        """In words, for notes."""
        others = [f"{100 * share:.3g}% of others with {when.text}" for when, share in self.shares]
        return f"({' or '.join([self.has.text, *others])})" if others else self.has.text

    def holds(self, people: Seeded, rows: int) -> NDArray[np.bool_]:
        """Boolean array (rows,): for whom the journey is."""
        has, seen = self.has.holds(people, rows), np.zeros(rows, bool)
        unit = Draws(people.seed, "presumed", np.asarray(people["person_id"])).uniform(f"{self.journey}/{self.code}")
        for when, share in self.shares:
            at_risk = when.holds(people, rows) & ~seen
            has, seen = has | (at_risk & (unit < share)), seen | at_risk
        return has


def presumed(
    journey: JourneySpecification, codes: Sequence[str], stated: Iterable[str], where: str
) -> Iterator[Presumed]:
    """What a journey presumes, one for each condition.

    Args:
        journey: The journey.
        codes: The codes of its presumptions, as their system writes them.
        stated: The conditions that the profile states: nobody is presumed to have them.
        where: The path of the presumptions, for errors.
    """
    known = tuple(stated)
    for code in dict.fromkeys(codes):
        shares = tuple(
            (condition(assumption.when, f"{where}[{index}].when"), assumption.share)
            for index, assumption in enumerate(journey.presumes)
            if codes[index] == code and not any(other.startswith(code) or code.startswith(other) for other in known)
        )
        yield Presumed(
            journey.journey_id, code, Expression.parse(f"{code!r} in conditions", f"{where}.code", "boolean"), shares
        )
