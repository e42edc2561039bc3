"""What follows from conditions without being stated: all their codes, a severity, laboratory values, those above."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from healthsim_core.columns import Columns, Text
from healthsim_core.conditions.condition import ConditionPlan
from healthsim_core.expressions.kinds import BOOLEAN, NUMBER, TEXT, WORDS, Kind, always
from healthsim_core.households.household import Household
from healthsim_core.households.steps import ColumnStep, Known, Step
from healthsim_core.person_state.measures import Measures
from healthsim_core.portable import ndtr, ndtri
from healthsim_core.skills.use import resolved_or_null


@attrs.frozen
class AllConditions(Step):
    """`conditions`: the codes of all conditions of each person, in the profile's order."""

    conditions: tuple[ConditionPlan, ...]

    makes = ("conditions",)

    @property
    def names(self) -> frozenset[str]:
        """The code of each."""
        return frozenset(f"code.{plan.category}" for plan in self.conditions)

    loose = ()  # its words are codes

    def kinds(self, known: Known) -> dict[str, Kind]:
        """Words, each a code that the run knows."""
        return {"conditions": attrs.evolve(WORDS, instead=known.codes.instead_of_stem)}

    def make(self, house: Household) -> None:
        """Join the codes."""
        codes = [house.columns[f"code.{plan.category}"] for plan in self.conditions]
        house.columns["conditions"] = _joined(codes, house.rows)  # type: ignore[arg-type]


@attrs.frozen
class Severity(Step):
    """`severity`: that of the primary condition, null without one.

    Attributes:
        primary: The profile's primary condition.
    """

    primary: ConditionPlan | None

    makes = ("severity",)

    @property
    def names(self) -> frozenset[str]:
        """The condition's own."""
        return frozenset() if self.primary is None else frozenset({f"severity.{self.primary.category}"})

    def kinds(self, known: Known) -> dict[str, Kind]:
        """What the condition's own holds."""
        column = "".join(self.names)
        return {"severity": known.columns.get(column, TEXT)}

    def make(self, house: Household) -> None:
        """Take it from the condition."""
        severity = Text.constant(None, house.rows) if self.primary is None else house.columns["".join(self.names)]
        house.columns["severity"] = severity


@attrs.frozen
class Baseline(ColumnStep):
    """A laboratory value as the skills of a person's conditions know it, the first condition's first; null without one.

    Attributes:
        name: What the value is called.
        conditions: All conditions of the profile, in its order.
        measures: Those that skills declare: where it is one of them, a person stands in it as they do in the measure.
    """

    name: str
    conditions: tuple[ConditionPlan, ...]
    measures: Measures

    @property
    def names(self) -> frozenset[str]:
        """Who has a condition whose skill knows the value."""
        knowing = [plan for plan in self.conditions if plan.skill is not None and self.name in plan.skill.baselines]
        return frozenset(f"condition.{plan.category}" for plan in knowing)

    loose = ()  # it is a number

    def kinds(self, known: Known) -> dict[str, Kind]:
        """A number."""
        return {self.name: NUMBER}

    def make(self, house: Household) -> None:
        """Draw it for those who have such a condition."""
        draw, values = house.draws(f"baseline.{self.name}"), np.full(house.rows, np.nan)
        unit = (
            self.measures.unit(self.name, house.person_id, house.run.seed, house.scores)
            if self.name in self.measures
            else draw.uniform("value")
        )
        for plan in self.conditions:
            if plan.skill is None or self.name not in plan.skill.baselines:
                continue
            context = Columns({"severity": house.severities[plan.category], "lab": self.name}, house.rows)
            baseline = resolved_or_null(plan.skill, "baseline", context, draw)
            mean, sd, low, high = (np.asarray(baseline[name], np.float64) for name in ("mean", "sd", "min", "max"))
            below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
            drawn = mean + sd * ndtri(below + (above - below) * unit)
            values = np.where(np.isnan(values) & np.asarray(house.columns[f"condition.{plan.category}"]), drawn, values)
        house.columns[self.name] = values


@attrs.frozen
class Above(ColumnStep):
    """condition.C or code.C of a condition that the profile does not state and a skill asks for:
    of those who have one below it, as N18.4 is below N18.

    Attributes:
        name: The column.
        below: The columns of the conditions below it.
    """

    name: str
    below: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """The columns of the conditions below it."""
        return self.below

    def kinds(self, known: Known) -> dict[str, Kind]:
        """A code, or whether there is one."""
        return {self.name: TEXT if self.name.startswith("code.") else always(BOOLEAN)}

    def make(self, house: Household) -> None:
        """Look at those below."""
        below: list[Any] = [house.columns[name] for name in sorted(self.below)]
        if self.name.startswith("code."):
            all_codes = Text.constant(None, house.rows)
            for codes in below:
                all_codes = all_codes.or_else(codes)
            house.columns[self.name] = all_codes
        else:
            house.columns[self.name] = np.logical_or.reduce([np.zeros(house.rows, bool), *below])


def _joined(codes: list[Text], rows: int) -> Text:
    if not codes:
        return Text.constant(None, rows)
    key, bases = np.zeros(rows, np.int64), []
    for text in codes:
        bases.append(len(text.values) + 1)
        key = key * bases[-1] + (text.codes + 1)
    distinct, inverse = np.unique(key, return_inverse=True)
    words: list[str | None] = []
    for combined in distinct.tolist():
        parts = []
        for text, base in zip(reversed(codes), reversed(bases), strict=True):
            combined, code = divmod(combined, base)
            parts.append(text.values[code - 1].as_py() if code else None)
        words.append(" ".join(dict.fromkeys(part for part in reversed(parts) if part)) or None)
    encoded = Text.of(words)
    return Text(encoded.codes[inverse], encoded.values)
