"""Drug utilization review: the rules by class, as arrays."""

from __future__ import annotations

import functools

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

SEVERITIES = ["", "minor", "moderate", "major", "contraindicated"]
CONTRAINDICATED = SEVERITIES.index("contraindicated")
INTERACTION, DUPLICATION, EARLY, AGE, SEX = range(1, 6)
CODES = ["", "DD", "TD", "ER", "PA", "SX"]  # NCPDP reason for service codes, field 439-E4
OLDEST = 999


@attrs.frozen(eq=False)
class Rules:
    """The rules.

    Attributes:
        interaction: Int array (classes, classes): severity, symmetric, 0 for none.
        interacting: Int array: the classes that interact with any.
        duplicates_allowed: Boolean array (classes,).
        overlap: Days of the former product that a new one may overlap.
        age_from: Int array (classes,): conflict from this age on.
        age_below: Int array (classes,): conflict below this age.
        age_severity: Int array (classes,).
        sex: The sex that must not have the class, by class; None for both may.
        sex_severity: Int array (classes,).
    """

    interaction: NDArray[np.int64]
    interacting: NDArray[np.intp]
    duplicates_allowed: NDArray[np.bool_]
    overlap: int
    age_from: NDArray[np.int64]
    age_below: NDArray[np.int64]
    age_severity: NDArray[np.int64]
    sex: tuple[str | None, ...]
    sex_severity: NDArray[np.int64]

    def age_conflict(self, drug_class: NDArray[np.int64], age: NDArray[np.int64]) -> NDArray[np.int64]:
        """Severity of each age conflict, 0 for none."""
        conflict = (age >= self.age_from[drug_class]) | (age < self.age_below[drug_class])
        return np.where(conflict, self.age_severity[drug_class], 0)

    def sex_conflict(self, drug_class: NDArray[np.int64], sex: Text) -> NDArray[np.int64]:
        """Severity of each conflict with the patient's sex, 0 for none."""
        sexes = [*sex.values.to_pylist(), None]
        table = np.array([[unfit is not None and unfit == one for one in sexes] for unfit in self.sex])
        return np.where(table[drug_class, sex.codes], self.sex_severity[drug_class], 0)


@functools.cache
def rules() -> Rules:
    """The bundled rules."""
    said, names = document("dur"), formulary().classes
    size = len(names)
    interaction = np.zeros((size, size), np.int64)
    for rule in said["interactions"]:
        one, other = (names.index(name) for name in rule["classes"])
        interaction[one, other] = interaction[other, one] = SEVERITIES.index(rule["severity"])
    age_from, age_below, age_severity = np.full(size, OLDEST), np.zeros(size, np.int64), np.zeros(size, np.int64)
    for rule in said["age"]:
        at = names.index(rule["class"])
        age_from[at], age_below[at] = rule.get("from", OLDEST), rule.get("below", 0)
        age_severity[at] = SEVERITIES.index(rule["severity"])
    unfit = {rule["class"]: rule for rule in said["sex"]}
    return Rules(
        interaction=interaction,
        interacting=np.flatnonzero(interaction.any(axis=1)),
        duplicates_allowed=np.array([name in said["duplicates_allowed"]["classes"] for name in names]),
        overlap=said["duplicate_overlap"]["days"],
        age_from=age_from,
        age_below=age_below,
        age_severity=age_severity,
        sex=tuple(unfit[name]["not"] if name in unfit else None for name in names),
        sex_severity=np.array([SEVERITIES.index(unfit[name]["severity"]) if name in unfit else 0 for name in names]),
    )
