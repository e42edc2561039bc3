"""Who has which condition, how severe, since when, under which billable code; and the baseline values that follow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text, concat
from healthsim_core.defaults import defaults
from healthsim_core.people.household import Household
from healthsim_core.people.steps import ConditionCode, ConditionPlan, Consequence
from healthsim_core.portable import ndtr, ndtri
from healthsim_core.skills.use import resolved_or_null

_DAYS_A_YEAR = 365.25


def add_condition(house: Household, plan: ConditionPlan) -> None:
    """Add of a condition C: condition.C (bool), severity.C and onset.C."""
    name, draw = plan.category, house.draws(f"condition.{plan.category}")
    has = draw.uniform("has") < _probability(house, plan)
    severity = _severity(house, plan)
    house.severities[name] = severity
    years = defaults()["attributes"]["onset_years"]["distribution"]
    before = (draw.uniform("onset", years["min"], years["max"]) * _DAYS_A_YEAR).astype(np.int64)
    birth, start = np.asarray(house.columns["birth_date"]), np.asarray(house.columns["start_date"])
    onset = np.maximum(birth, start - before)
    house.columns[f"condition.{name}"] = has
    house.columns[f"severity.{name}"] = severity.only(has)
    house.columns[f"onset.{name}"] = np.where(has, onset, np.datetime64("NaT"))


def add_code(house: Household, step: ConditionCode) -> None:
    """Add of a condition C: code.C and description.C."""
    name = step.condition.category
    has = np.asarray(house.columns[f"condition.{name}"])
    code, description = _code(house, step)
    house.columns[f"code.{name}"] = code.only(has)
    house.columns[f"description.{name}"] = description.only(has)


def add_asked(house: Household, step: Consequence) -> None:
    """Add condition.C or code.C of a condition that the profile does not state and a skill asks for:
    of who has one below it."""
    below: list[Any] = [house.columns[name] for name in sorted(step.names)]
    if step.name.startswith("code."):
        found = Text.constant(None, house.rows)
        for codes in below:
            found = found.or_else(codes)
        house.columns[step.name] = found
    else:
        house.columns[step.name] = np.logical_or.reduce([np.zeros(house.rows, bool), *below])


def join_conditions(house: Household) -> None:
    """Add `conditions`: the codes of all conditions of each person, in the profile's order."""
    codes = [house.columns[f"code.{plan.category}"] for plan in house.plan.conditions]
    house.columns["conditions"] = _joined(codes, house.rows)  # type: ignore[arg-type]


def add_severity(house: Household) -> None:
    """Add `severity`: that of the primary condition."""
    primary = [house.columns[f"severity.{plan.category}"] for plan in house.plan.conditions if plan.primary]
    house.columns["severity"] = primary[0] if primary else Text.constant(None, house.rows)


def _probability(house: Household, plan: ConditionPlan) -> NDArray[np.float64]:
    age, probability = np.asarray(house.columns["age"]), np.zeros(house.rows)
    for index, prevalence in enumerate(plan.by_member):
        if prevalence is None:
            continue
        mine = house.position == index
        for low, high, value in prevalence.bands:
            probability[mine & (age >= low) & (age <= high)] = value
        if prevalence.when is not None:
            probability[mine & ~prevalence.when.holds(house.columns, house.rows)] = 0.0
    return probability


def _severity(house: Household, plan: ConditionPlan) -> Text:
    draw = house.draws(f"severity.{plan.category}")
    unit, parts = draw.uniform("value"), []
    for index, stated in enumerate(plan.severity):
        rows = house.of_member(index)
        if stated is not None:
            parts.append(stated.sample(unit[rows], {name: house.columns[name][rows] for name in stated.names}))
        elif plan.skill is not None and "severity" in plan.skill.lookups:
            drawn = resolved_or_null(plan.skill, "severity", Columns({}, house.rows), draw)["severity"]
            parts.append(drawn[rows])
        else:
            parts.append(Text.constant(None, len(rows)))
    order = np.argsort(np.concatenate([house.of_member(index) for index in range(house.size)]), kind="stable")
    return concat(parts)[order]  # type: ignore[return-value]


def _code(house: Household, step: ConditionCode) -> tuple[Text, Text]:
    plan = step.condition
    if plan.code is not None:
        return Text.constant(plan.code, house.rows), Text.constant(plan.description, house.rows)
    assert plan.skill is not None
    severity = house.severities[plan.category]
    context = Columns({key: severity if key == "severity" else house.columns[key] for key in step.asked}, house.rows)
    found = resolved_or_null(plan.skill, "diagnosis", context, house.draws(f"code.{plan.category}"))
    return found.text("code"), found.text("description")


def add_baseline(house: Household, lab: str) -> None:
    """Add a laboratory value as the skills of a person's conditions know it, the first condition's first;
    null without one."""
    draw, values = house.draws(f"baseline.{lab}"), np.full(house.rows, np.nan)
    for plan in house.plan.conditions:
        if plan.skill is None or lab not in plan.skill.baselines:
            continue
        context = Columns({"severity": house.severities[plan.category], "lab": lab}, house.rows)
        found = resolved_or_null(plan.skill, "baseline", context, draw)
        mean, sd, low, high = (np.asarray(found[name], np.float64) for name in ("mean", "sd", "min", "max"))
        below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
        drawn = mean + sd * ndtri(below + (above - below) * draw.uniform("value"))
        values = np.where(np.isnan(values) & np.asarray(house.columns[f"condition.{plan.category}"]), drawn, values)
    house.columns[lab] = values


def add_unknown_baselines(house: Household) -> None:
    """Add the laboratory values that some skill knows, but of none of the profile's conditions: null."""
    for name in house.plan.known:
        if name not in house.columns and name in house.plan.labs:
            house.columns[name] = np.full(house.rows, np.nan)


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
