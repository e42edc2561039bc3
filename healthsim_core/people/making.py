"""Make a chunk's people: columns from addressed draws, household by household."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import identity
from healthsim_core.columns import Column, Columns, Text, concat
from healthsim_core.coverage import refuse_disagreement
from healthsim_core.distributions.allowed import as_codes, whole_ages
from healthsim_core.distributions.base import numbers
from healthsim_core.draws import Draws, Floats, pick
from healthsim_core.events import Run
from healthsim_core.offers import asks_condition
from healthsim_core.people.conditions import (
    add_asked,
    add_baseline,
    add_code,
    add_condition,
    add_severity,
    add_unknown_baselines,
    join_conditions,
)
from healthsim_core.people.correlation import uniform_of
from healthsim_core.people.family import PossibleAges
from healthsim_core.people.household import POSITIONS, Household
from healthsim_core.people.known import DEPENDENTS
from healthsim_core.people.plan import Member, PeoplePlan
from healthsim_core.people.steps import Attribute, ConditionCode, ConditionPlan, Step
from healthsim_core.reference.places import Addresses
from healthsim_core.spec.coded import CODED

MANY = 1_000_000  # households, which leave few counties without one


# what is too great to be computed is infinite or null, and so in the tables
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def make_people(
    plan: PeoplePlan, run: Run, start_dates: tuple[np.datetime64, np.datetime64], start: int, stop: int
) -> tuple[Columns, NDArray[np.bool_]]:
    """All people of the units start to stop.

    Args:
        plan: The compiled profile.
        run: The run.
        start_dates: First and last day on which a household's journeys may begin.
        start: First unit (0 is the first household).
        stop: One past the last unit.

    Returns:
        The columns, a row for every household position, and a boolean array: whether somebody is there from the
        start (positions kept for births are not).
    """
    house = Household(plan, run, start, stop)
    columns = house.columns
    columns["person_id"], columns["household_id"] = house.person_id, house.household_id
    columns["role"] = Text(house.position.astype(np.int32), [member.role for member in plan.members])
    columns["subscriber_id"] = house.person_id[house.subscriber_row()]
    first, last = (day.astype(np.int64) for day in start_dates)
    begins = (
        house.household_draws("start").integers("date", first, last + 1) if last > first else np.full(house.rows, first)
    )
    columns["start_date"] = begins.astype("datetime64[D]")
    where = house.household_draws("place")
    columns.update(_addresses(tuple(plan.counties.items())).draw(where.uniform("county"), where.uniform("zip")))
    for step in plan.steps:
        _add(house, step)
    add_unknown_baselines(house)
    present = _present(house)
    columns[DEPENDENTS] = _dependents(house, present)
    return Columns(columns, house.rows), present


@functools.lru_cache(maxsize=64)
def _addresses(counties: tuple[tuple[str, float], ...]) -> Addresses:
    return Addresses.of(dict(counties))


def counties_met(plan: PeoplePlan, seed: int, count: int) -> tuple[str, ...]:
    """FIPS codes of the counties where households of a run live, sorted; of a run that meets nearly all of them,
    all."""
    fips = tuple(sorted(plan.counties))
    if len(fips) < 2 or count > MANY:
        return fips
    units = (np.arange(count, dtype=np.int64) + 1) * POSITIONS
    met = pick(
        Draws(seed, "household.place", units).uniform("county"), np.array([plan.counties[code] for code in fips])
    )
    return tuple(fips[index] for index in np.unique(met))


def _add(house: Household, step: Step) -> None:
    if isinstance(step, Attribute):
        _add_attribute(house, step)
    elif isinstance(step, ConditionPlan):
        add_condition(house, step)
    elif isinstance(step, ConditionCode):
        add_code(house, step)
    elif asks_condition(step.name):
        add_asked(house, step)
    elif step.name in _FOLLOWING:
        _FOLLOWING[step.name](house)
    else:
        add_baseline(house, step.name)


def _add_attribute(house: Household, attribute: Attribute) -> None:
    column = _household_column(house, attribute) if attribute.household else _member_column(house, attribute)
    if attribute.name == "age":
        column = whole_ages(column, attribute.where)
    if attribute.name in CODED:
        column = as_codes(attribute.name, column, attribute.where)  # type: ignore[arg-type]
    if attribute.name == "sex":
        column = _spouses_sex(house, column)  # type: ignore[arg-type]
    house.columns[attribute.name] = column
    if attribute.name in ("coverage_type", "plan") and {"coverage_type", "plan"} <= house.columns.keys():
        kinds, plans = (house.columns[name] for name in ("coverage_type", "plan"))
        house.columns["plan"] = refuse_disagreement(kinds, plans, "coverage.plan")  # type: ignore[arg-type]
    if attribute.name in ("age", "sex"):
        house.columns[f"subscriber_{attribute.name}"] = column[house.subscriber_row()]


def _household_column(house: Household, attribute: Attribute) -> Column:
    rows = house.of_member(house.plan.subscriber)
    unit = uniform_of(attribute, house.household_draws)[rows]
    distribution = attribute.by_member[house.plan.subscriber]
    column = distribution.sample(unit, _at(house.columns, rows, distribution.names))
    return column[np.repeat(np.arange(len(rows)), house.size)]


def _member_column(house: Household, attribute: Attribute) -> Column:
    unit = uniform_of(attribute, house.draws)
    if all(distribution is attribute.by_member[0] for distribution in attribute.by_member):
        return attribute.by_member[0].sample(unit, house.columns)
    order = sorted(range(house.size), key=lambda index: index != house.plan.subscriber)
    parts: list[Column] = []
    for index in order:
        rows = house.of_member(index)
        context = _at(house.columns, rows, attribute.by_member[index].names)
        if parts:
            context[f"subscriber_{attribute.name}"] = parts[0]
        drawn, where = _drawn(house, attribute, index, unit[rows], context), attribute.stated[index] or attribute.where
        parts.append(whole_ages(drawn, where) if attribute.name == "age" else drawn)
    rows_in_order = np.concatenate([house.of_member(index) for index in order])
    return concat(parts)[np.argsort(rows_in_order, kind="stable")]


def _drawn(house: Household, attribute: Attribute, index: int, unit: Floats, context: Mapping[str, Any]) -> Column:
    law = attribute.by_member[index]
    if attribute.name != "age" or house.plan.members[index].role != "dependent":
        return law.sample(unit, context)
    return PossibleAges.of(law, context, np.asarray(context["subscriber_age"])).sample(law, unit, context)


def _spouses_sex(house: Household, sex: Text) -> Text:
    codes, subscriber = {"F": 0, "M": 1}, house.subscriber_row()
    known = Text(sex.map(lambda value: codes.get(value, 0), np.int32, 0), ["F", "M"])
    for index, member in enumerate(house.plan.members):
        if member.same_sex is None:
            continue
        rows = house.of_member(index)
        same = house.draws("spouse_sex").happens("same", member.same_sex)[rows]
        partner = known.codes[subscriber[rows]]
        known.codes[rows] = np.where(same, partner, 1 - partner)
    return known


def _add_identity(house: Household) -> None:
    columns, space = house.columns, house.run.namespace
    start = np.asarray(columns["start_date"])
    columns["birth_date"] = identity.birth_dates(np.asarray(columns["age"]), start, house.draws("birth"))
    columns["death_date"] = np.full(house.rows, np.datetime64("NaT"), "datetime64[D]")
    columns["last_name"] = identity.last_names(house.household_draws("name"))
    columns["first_name"] = identity.first_names(columns["sex"], columns["birth_date"], house.draws("name"))  # type: ignore[arg-type]
    columns["address"] = identity.streets(house.household_draws("street"))
    columns["phone"] = identity.phones(house.household_draws("phone"))
    columns["email"] = identity.emails(columns["first_name"], columns["last_name"], house.person_id, space)  # type: ignore[arg-type]
    columns["ssn"] = identity.social_security_numbers(house.person_id, space)
    columns["member_number"] = identity.member_numbers(np.asarray(columns["subscriber_id"]), space)


def _present(house: Household) -> NDArray[np.bool_]:
    present = np.ones(house.rows, bool)
    for index, member in enumerate(house.plan.members):
        rows = house.of_member(index)
        if member.newborn:
            present[rows] = False
        elif member.count is not None:
            present[rows] = _count(house, member) >= member.number
        elif member.probability < 1:
            present[rows] = house.draws("present").happens("there", member.probability)[rows]
    return present


def _dependents(house: Household, present: NDArray[np.bool_]) -> Floats:
    """How many dependents each person's household has from the start; null where the profile tells of single people."""
    roles = [member.role for member in house.plan.members if not member.newborn]
    if len(roles) == 1:
        return np.full(house.rows, np.nan)
    there = present.reshape(-1, house.size)[:, [member.role == "dependent" for member in house.plan.members]].sum(
        axis=1
    )
    return np.repeat(there.astype(np.float64), house.size)


def _count(house: Household, member: Member) -> NDArray[np.float64]:
    assert member.count is not None
    rows = house.of_member(house.plan.subscriber)
    unit = house.household_draws("members").uniform(f"{member.where}.count")[rows]
    return numbers(member.count.sample(unit, _at(house.columns, rows, member.count.names)))


def _at(columns: Mapping[str, Column], rows: NDArray[Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: columns[name][rows] for name in names if name in columns}


_FOLLOWING = {"birth_date": _add_identity, "conditions": join_conditions, "severity": add_severity}
