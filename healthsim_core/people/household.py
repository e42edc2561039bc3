"""The households of a chunk, as their columns are made: a row for every position,
draws addressed by person and by household."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.draws import Draws
from healthsim_core.events import Run
from healthsim_core.people.plan import PeoplePlan

POSITIONS = 16  # ids of one household: person = unit * 16 + position


class Household:
    """The shape of a chunk: `units` households of as many rows as the plan has positions, unit by unit."""

    def __init__(self, plan: PeoplePlan, run: Run, start: int, stop: int) -> None:
        self.plan, self.run = plan, run
        self.size = len(plan.members)
        self.units = np.arange(start, stop, dtype=np.int64) + 1
        self.rows = len(self.units) * self.size
        self.position = np.tile(np.arange(self.size), len(self.units))
        self.household_id = np.repeat(self.units * POSITIONS, self.size)
        self.person_id = self.household_id + self.position
        self.columns: dict[str, Column] = {}
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
        return np.arange(self.rows) // self.size * self.size + self.plan.subscriber
