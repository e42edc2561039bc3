"""Make a chunk's people: columns from addressed draws, household by household."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text
from healthsim_core.distributions.base import numbers
from healthsim_core.draws import Draws, Floats, pick
from healthsim_core.events import Run
from healthsim_core.households.household import POSITIONS, Household, Member
from healthsim_core.people.known import DEPENDENTS
from healthsim_core.people.plan import PeoplePlan
from healthsim_core.reference.places import Addresses

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
    house = Household(plan.members, plan.subscriber, run, start, stop)
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
        step.make(house)
    for name in plan.known:
        if name in plan.labs and name not in columns:  # what some skill knows, and none of these conditions has
            columns[name] = np.full(house.rows, np.nan)
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


def _present(house: Household) -> NDArray[np.bool_]:
    present = np.ones(house.rows, bool)
    for index, member in enumerate(house.members):
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
    roles = [member.role for member in house.members if not member.newborn]
    if len(roles) == 1:
        return np.full(house.rows, np.nan)
    dependents = present.reshape(-1, house.size)[:, [member.role == "dependent" for member in house.members]].sum(
        axis=1
    )
    return np.repeat(dependents.astype(np.float64), house.size)


def _count(house: Household, member: Member) -> NDArray[np.float64]:
    assert member.count is not None
    rows = house.of_member(house.subscriber)
    unit = house.household_draws("members").uniform(f"{member.where}.count")[rows]
    return numbers(member.count.sample(unit, house.at(rows, member.count.names)))
