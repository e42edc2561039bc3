"""How many people there are by sex and single year of age: of the nation, bundled; of a county, as its facts tell."""

from __future__ import annotations

import functools

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.reference.places import bundled

SEXES = ("F", "M")


@attrs.frozen(eq=False)
class AgeStructure:
    """People by sex and age.

    Attributes:
        people: Float array (sexes, ages): women and men of each age from 0; shares will do.
    """

    people: NDArray[np.float64]

    @functools.cached_property
    def share_of_women(self) -> NDArray[np.float64]:
        """Float array (ages,): the share of women at each age; of ages that nobody has,
        that of the nearest below that somebody has."""
        total = self.people.sum(axis=0)
        at = np.maximum.accumulate(np.where(total > 0, np.arange(len(total)), np.argmax(total > 0)))
        return np.asarray(self.people[0, at] / total[at])

    @property
    def women(self) -> float:
        """The share of women among all."""
        return float(self.people[0].sum() / self.people.sum())

    def within(self, low: int, high: int) -> NDArray[np.float64]:
        """Float array: the share of each age from `low` to `high` among those between; all alike where nobody is."""
        people = self.people.sum(axis=0)[low : high + 1]
        return people / people.sum() if people.sum() > 0 else np.full(high - low + 1, 1 / (high - low + 1))


@functools.cache
def nation(oldest: int) -> AgeStructure:
    """The United States, up to an age that nobody is beyond."""
    table = bundled("national_ages.csv")
    people = np.stack([table[sex].to_numpy().astype(np.float64) for sex in SEXES])
    return AgeStructure(np.pad(people, ((0, 0), (0, oldest + 1 - people.shape[1]))))
