"""The households of a chunk, as their columns are made: a row for every position,
draws addressed by person and by household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.distributions import Distribution
from healthsim_core.draws import Draws
from healthsim_core.events import Run

POSITIONS = 16  # ids of one household: person = unit * 16 + position


@attrs.frozen
class Member:
    """A position in the household.

    Attributes:
        role: Its role.
        probability: How likely somebody is there.
        count: How many of the household's positions of this kind there are somebody in; None where it stands alone.
        number: Which of these it is, from 1.
        where: The path in the profile; also the name of the draw of `count`.
        newborn: Whether it comes by birth.
        same_sex: How likely its sex is the subscriber's; None where its sex is drawn or stated.
        fixed: What journeys require of it.
    """

    role: str
    probability: float = 1.0
    count: Distribution | None = None
    number: int = 1
    where: str = ""
    newborn: bool = False
    same_sex: float | None = None
    fixed: Mapping[str, Any] = attrs.field(factory=dict)


class Household:
    """The shape of a chunk: households of as many rows as there are members, unit by unit.

    Args:
        members: The household positions.
        subscriber: Index of the subscriber's.
        run: The run.
        start: First unit (0 is the first household).
        stop: One past the last unit.
    """

    def __init__(self, members: Sequence[Member], subscriber: int, run: Run, start: int, stop: int) -> None:
        self.members, self.subscriber, self.run = members, subscriber, run
        self.size = len(members)
        self.units = np.arange(start, stop, dtype=np.int64) + 1
        self.rows = len(self.units) * self.size
        self.position = np.tile(np.arange(self.size), len(self.units))
        self.household_id = np.repeat(self.units * POSITIONS, self.size)
        self.person_id = self.household_id + self.position
        self.columns: dict[str, Column] = {}
        self.scores: dict[str, NDArray[np.float64]] = {}  # by measure of the body, where each stands among all
        self.severities: dict[str, Text] = {}  # by condition, also of those who do not have it

    def draws(self, stream: str) -> Draws:
        """Draws addressed by person."""
        return Draws(self.run.seed, f"person.{stream}", self.person_id)

    def household_draws(self, stream: str) -> Draws:
        """Draws addressed by household, a row a person."""
        return Draws(self.run.seed, f"household.{stream}", self.household_id)

    def of_member(self, index: int) -> NDArray[np.intp]:
        """The rows of one position."""
        return np.arange(index, self.rows, self.size)

    def subscriber_row(self) -> NDArray[np.intp]:
        """Each row's subscriber's row."""
        return np.arange(self.rows) // self.size * self.size + self.subscriber

    def at(self, rows: NDArray[np.intp], names: frozenset[str]) -> dict[str, Column]:
        """Some columns at some rows; those that are not made yet are left out."""
        return {name: self.columns[name][rows] for name in names if name in self.columns}
