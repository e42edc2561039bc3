"""Who has which condition, how severe, since when, under which billable code; and the baseline values that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.generation.identity import defaults
from healthsim_core.generation.people_plan import ConditionPlan
from healthsim_core.generation.skill_use import resolved_or_null

if TYPE_CHECKING:
    from healthsim_core.generation.people import Household

_DAYS_A_YEAR = 365.25


def add_conditions(house: Household) -> None:
    """Add, for each condition C: condition.C (bool), severity.C, code.C, description.C, onset.C; and `conditions`, `severity`.

    Baseline laboratory values that a skill knows for a condition become columns too, unless the profile states them.
    """
    codes: list[Text] = []
    for plan in house.plan.conditions:
        codes.append(_add_condition(house, plan))
    house.columns["conditions"] = _joined(codes, house.rows)
    primary = [house.columns[f"severity.{plan.category}"] for plan in house.plan.conditions if plan.primary]
    if "severity" not in house.columns:
        house.columns["severity"] = primary[0] if primary else Text.constant(None, house.rows)
    for plan in house.plan.conditions:
        if plan.skill is not None and plan.skill.baselines:
            _add_baselines(house, plan)
    _add_unknown_baselines(house)


def _add_condition(house: Household, plan: ConditionPlan) -> Text:
    name, draw = plan.category, house.draws(f"condition.{plan.category}")
    has = draw.uniform("has") < _probability(house, plan)
    severity = _severity(house, plan)
    house.severities[name] = severity
    code, description = _code(house, plan, severity)
    years = defaults()["attributes"]["onset_years"]["distribution"]
    before = (draw.uniform("onset", years["min"], years["max"]) * _DAYS_A_YEAR).astype(np.int64)
    birth, start = np.asarray(house.columns["birth_date"]), np.asarray(house.columns["start_date"])
    onset = np.maximum(birth, start - before)
    house.columns[f"condition.{name}"] = has
    house.columns[f"severity.{name}"] = _only(severity, has)
    house.columns[f"code.{name}"] = _only(code, has)
    house.columns[f"description.{name}"] = _only(description, has)
    house.columns[f"onset.{name}"] = np.where(has, onset, np.datetime64("NaT"))
    return _only(code, has)


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
            parts.append(stated.sample(unit[rows], {name: column[rows] for name, column in house.columns.items()}))
        elif plan.skill is not None and "severity" in plan.skill.lookups:
            drawn = resolved_or_null(plan.skill, "severity", Columns({}, house.rows), draw)["severity"]
            parts.append(drawn[rows])
        else:
            parts.append(Text.constant(None, len(rows)))
    order = np.argsort(np.concatenate([house.of_member(index) for index in range(house.size)]), kind="stable")
    return concat(parts)[order]  # type: ignore[return-value]


def _code(house: Household, plan: ConditionPlan, severity: Text) -> tuple[Text, Text]:
    if plan.code is not None:
        return Text.constant(plan.code, house.rows), Text.constant(plan.description, house.rows)
    assert plan.skill is not None
    keys = plan.skill.lookups["diagnosis"][0]
    context = Columns({key: severity if key == "severity" else house.columns[key] for key in keys}, house.rows)
    found = resolved_or_null(plan.skill, "diagnosis", context, house.draws(f"code.{plan.category}"))
    return found["code"], found["description"]  # type: ignore[return-value]


def _add_baselines(house: Household, plan: ConditionPlan) -> None:
    assert plan.skill is not None
    has = np.asarray(house.columns[f"condition.{plan.category}"])
    severity = house.severities[plan.category]
    stated = {attribute.name for attribute in house.plan.attributes}
    for lab in plan.skill.baselines:
        if lab in stated:
            continue
        draw = house.draws(f"baseline.{lab}")
        found = resolved_or_null(plan.skill, "baseline", Columns({"severity": severity, "lab": lab}, house.rows), draw)
        mean, sd, low, high = (np.asarray(found[name], np.float64) for name in ("mean", "sd", "min", "max"))
        below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
        values = mean + sd * ndtri(below + (above - below) * draw.uniform("value"))
        mine = np.where(has, values, np.nan)
        earlier = np.asarray(house.columns[lab]) if lab in house.columns else mine
        house.columns[lab] = np.where(np.isnan(earlier), mine, earlier)


def _add_unknown_baselines(house: Household) -> None:
    for name in house.plan.known:
        if name not in house.columns and name in house.plan.labs:
            house.columns[name] = np.full(house.rows, np.nan)


def _only(text: Column, has: NDArray[np.bool_]) -> Text:
    assert isinstance(text, Text)
    return Text(np.where(has, text.codes, -1), text.values)


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
