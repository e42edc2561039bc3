"""Where the columns of people came from: the step of the profile that made each, and what it drew."""

from __future__ import annotations

import functools

import numpy as np

from healthsim_core.conditions.condition import ConditionCode, ConditionPlan
from healthsim_core.conditions.consequences import Baseline
from healthsim_core.explaining.life import Life, scalar
from healthsim_core.explaining.told import Draw, Read
from healthsim_core.households.steps import Step
from healthsim_core.people.attribute import Attribute

_UNSAID = "HealthSim's own default"
Origin = tuple[str, tuple[Draw, ...]]


def columns_of(life: Life, row: int) -> tuple[Read, ...]:
    """What the profile made of a person: every attribute and condition that was drawn."""
    names = [name for step in life.plan.people.steps if step.drawn for name in step.makes]
    found = []
    for name in dict.fromkeys(names):
        if name in life.people:
            origin, draws = origin_of_column(life, name, row)
            found.append(Read(name, scalar(life.people[name][np.array([row])]), origin, draws=draws))
    return tuple(found)


def origin_of_column(life: Life, name: str, row: int) -> Origin:
    """Where a column of a person came from, in words, and what was drawn for it."""
    step = next((step for step in life.plan.people.steps if name in step.makes), None)
    if step is None:
        return "a column of the person", ()
    return made(step, life, name, row)


def conditions_of(life: Life, code: str, row: int) -> Origin:
    """Which conditions of the profile a person has whose codes begin so, in words, and what was drawn for them."""
    had = [
        plan
        for plan in life.plan.people.conditions
        if scalar(life.people[f"condition.{plan.category}"][np.array([row])])
        and (
            plan.category.startswith(code) or str(scalar(life.people[f"code.{plan.category}"][[row]])).startswith(code)
        )
    ]
    found = [made(plan, life, f"condition.{plan.category}", row) for plan in had]
    return "; ".join(origin for origin, _ in found), tuple(draw for _, draws in found for draw in draws)


@functools.singledispatch
def made(step: Step, life: Life, name: str, row: int) -> Origin:
    """How a step made a column of a person.

    Args:
        step: The step.
        life: The household.
        name: The column.
        row: The person's row.
    """
    return f"follows from {', '.join(sorted(step.names)) or 'nothing else'}", ()


@made.register
def _drawn(step: Attribute, life: Life, name: str, row: int) -> Origin:
    where = next((stated for stated in step.stated[row : row + 1] if stated), step.where)
    person = life.person_id(row)
    space, address = ("household", person // 16 * 16) if step.household else ("person", person)
    draws = [life.draws(f"{space}.{of}", address) for of in (dict(step.normals) or {name: 1.0})]
    for draw in draws:
        draw.uniform("value")
    return f"profile: {where or _UNSAID}", tuple(noted for draw in draws for noted in draw.noted)


@made.register
def _had(step: ConditionPlan, life: Life, name: str, row: int) -> Origin:
    draws = life.draws(f"person.condition.{step.category}", life.person_id(row))
    draws.uniform("onset" if name.startswith("onset.") else "has")
    drawn = () if name.startswith("severity.") else tuple(draws.noted)
    return f"profile: {step.where}{_by(step) if name.startswith('severity.') else ''}", drawn


@made.register
def _coded(step: ConditionCode, life: Life, name: str, row: int) -> Origin:
    return f"profile: {step.where}{_by(step.condition)}", ()


@made.register
def _baseline(step: Baseline, life: Life, name: str, row: int) -> Origin:
    if name in step.measures:
        draws = life.draws("measure", life.person_id(row))
        draws.uniform(f"{name}.level")
    else:
        draws = life.draws(f"person.baseline.{name}", life.person_id(row))
        draws.uniform("value")
    skills = [plan.skill.skill for plan in step.conditions if plan.skill is not None and name in plan.skill.baselines]
    return f"baseline of {' or '.join(f'skill {skill}' for skill in skills)}", tuple(draws.noted)


def _by(plan: ConditionPlan) -> str:
    return "" if plan.skill is None else f", skill {plan.skill.skill} {plan.skill.version}"
