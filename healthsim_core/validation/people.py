"""People against their profile: attributes, conditions and severity, places, and who belongs to a household."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.plans import UNINSURED
from healthsim_core.columns import Columns
from healthsim_core.conditions.condition import ConditionPlan, Prevalence
from healthsim_core.dates import whole_years
from healthsim_core.distributions import Distribution
from healthsim_core.draws import Draws, Floats
from healthsim_core.households.family import PossibleAges
from healthsim_core.people.attribute import Attribute
from healthsim_core.planning.plan import Plan
from healthsim_core.validation.correlations import both_below, entangled, lower_part
from healthsim_core.validation.counts import CELLS, Tallies
from healthsim_core.validation.sample import PEOPLE_WHOLE, sampled
from healthsim_core.validation.stated import (
    FEW,
    Made,
    Within,
    between,
    between_values,
    tally_ages,
    tally_distribution,
    tally_shares,
)

_GEOGRAPHY = "demographics.geography"


@attrs.frozen(eq=False)
class Households:
    """A chunk's people as the plan states them: a row for every household position, unit by unit.

    Attributes:
        plan: What is stated.
        people: Their columns.
        present: Boolean array (rows,): who is there from the start.
    """

    plan: Plan
    people: Columns
    present: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Positions a household."""
        return len(self.plan.people.members)

    def at(self, position: int) -> NDArray[np.intp]:
        """The rows of those present at one position."""
        rows = np.arange(position, len(self.present), self.size)
        return rows[self.present[rows]]

    def subscribers(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Each row's subscriber's row."""
        return rows // self.size * self.size + self.plan.people.subscriber

    def named(self, what: str, position: int) -> str:
        """What is checked, of one position where there are several."""
        return f"{what} of member {position}" if self.size > 1 else what

    def within(self, rows: NDArray[np.intp], name: str) -> Within:
        """Uniforms that no one else uses, a row a person."""

        def drawn() -> Floats:
            ids = np.asarray(self.people["person_id"])[rows]
            return Draws(self.plan.run.seed, "validation.person", ids).uniform(name)

        return drawn

    def columns(self, rows: NDArray[np.intp], names: frozenset[str]) -> dict[str, Any]:
        """The named columns of some rows; a subscriber's are read by `subscriber_` and the name."""
        columns: dict[str, Any] = {}
        for name in names:
            if name in self.people:
                columns[name] = self.people[name][rows]
            else:
                columns[name] = self.people[name.removeprefix("subscriber_")][self.subscribers(rows)]
        return columns


def tally_people(tallies: Tallies, plan: Plan, people: Columns, present: NDArray[np.bool_]) -> None:
    """Count all that the profile states: of everybody up to 131,072 households, of one block in eight from there on.

    Args:
        tallies: Where to count.
        plan: What is stated.
        people: Columns, a row for every household position.
        present: Boolean array (rows,): who is there from the start.
    """
    _tally_rules(tallies, Households(plan, people, present))
    rows = sampled("people", np.asarray(people["person_id"]), PEOPLE_WHOLE)
    if rows is not None:
        _tally_stated(
            tallies, Households(plan, people if isinstance(rows, slice) else people.take(rows), present[rows])
        )


def _tally_stated(tallies: Tallies, houses: Households) -> None:
    plan, people = houses.plan, houses.people
    for attribute in plan.people.attributes:
        if any(attribute.stated) and attribute.name in people:
            _tally_attribute(tallies, houses, attribute)
    for second in plan.people.attributes:
        for first in plan.people.attributes:
            if first.name in {name for name, _ in second.normals[:-1]}:
                _tally_correlation(tallies, houses, first, second)
    for condition in plan.people.conditions:
        for position in range(houses.size):
            _tally_condition(tallies, houses, condition, position)
    _tally_members(tallies, houses)
    _tally_units(tallies, houses)


def _tally_attribute(tallies: Tallies, houses: Households, attribute: Attribute) -> None:
    subscriber = houses.plan.people.subscriber
    stated: dict[int, str] = {position: path for position, path in enumerate(attribute.stated) if path}
    if attribute.household:  # drawn once a household
        stated = {subscriber: attribute.stated[subscriber]} if attribute.stated[subscriber] else {}
    for position, where in stated.items():
        rows = houses.at(position)
        if attribute.name == "plan":  # the uninsured have none, whatever is stated
            rows = rows[houses.people["coverage_type"][rows] != UNINSURED]
        values, distribution = houses.people[attribute.name][rows], attribute.by_member[position]
        columns, within = houses.columns(rows, distribution.names), houses.within(rows, attribute.name)
        if entangled(attribute, houses.plan.people.attributes):
            if distribution.continuous and attribute.name != "age":
                tallies.shape(where, "values", between_values(distribution, values, columns, within))
            continue
        if attribute.name != "age":
            tally_distribution(distribution, Made(tallies, where, values, columns, within))
            continue
        possible = None
        if houses.plan.people.members[position].role == "dependent":
            possible = PossibleAges.of(
                distribution, columns, np.asarray(houses.people["age"])[houses.subscribers(rows)]
            )
        tally_ages(distribution, Made(tallies, where, np.asarray(values), columns, within), possible)


def _tally_correlation(tallies: Tallies, houses: Households, first: Attribute, second: Attribute) -> None:
    shares = dict(first.normals or ((first.name, 1.0),))
    correlation = sum(share * shares.get(name, 0.0) for name, share in second.normals)
    positions = [houses.plan.people.subscriber] if first.household else range(houses.size)
    for position in positions:
        rows = houses.at(position)
        parts = [_lower(houses, attribute, position, rows) for attribute in (first, second)]
        if parts[0] is None or parts[1] is None:
            continue
        (low, share), (also, other) = parts[0], parts[1]
        stated = both_below(share, other, correlation)
        what = houses.named(f"{first.name} and {second.name} both low, correlation {correlation:.3g}", position)
        tallies.proportion("correlate", what, stated, np.sum(low & also), len(rows))


def _lower(
    houses: Households, attribute: Attribute, position: int, rows: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], float] | None:
    role, age = houses.plan.people.members[position].role, attribute.name == "age"
    if not attribute.stated[position] or (age and role == "dependent"):  # a child's age is bounded by its parent's
        return None
    distribution = attribute.by_member[position]
    return lower_part(
        distribution, houses.people[attribute.name][rows], houses.columns(rows, distribution.names), whole=age
    )


def _tally_condition(tallies: Tallies, houses: Households, plan: ConditionPlan, position: int) -> None:
    prevalence, rows = plan.by_member[position], houses.at(position)
    has = np.asarray(houses.people[f"condition.{plan.category}"])
    if prevalence is None:
        tallies.violation(plan.where, houses.named(f"no {plan.category}", position), np.sum(has[rows]), len(rows))
        return
    band = _bands(prevalence, np.asarray(houses.people["age"])[rows])
    if prevalence.when is not None:
        band[~prevalence.when.holds(houses.columns(rows, prevalence.when.names), len(rows))] = -1
    asked, cases = (
        np.bincount(numbers + 1, minlength=len(prevalence.bands) + 1) for numbers in (band, band[has[rows]])
    )
    for index, (low, high, probability) in enumerate(prevalence.bands):
        who = f" at {low}-{high}" if len(prevalence.bands) > 1 else ""
        what = houses.named(f"prevalence of {plan.category}{who}", position)
        tallies.proportion(plan.where, what, probability, cases[index + 1], asked[index + 1])
    tallies.violation(plan.where, houses.named(f"no {plan.category} but of those asked", position), cases[0], asked[0])
    severity, cases_at = plan.severity[position], rows[has[rows]]
    if severity is not None:
        where, name = f"{plan.where}.severity", f"severity.{plan.category}"
        columns, within = houses.columns(cases_at, severity.names), houses.within(cases_at, name)
        tally_distribution(severity, Made(tallies, where, houses.people[name][cases_at], columns, within))


def _bands(prevalence: Prevalence, age: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which band each age falls into, the last where several hold it; -1 for none."""
    bands = np.full(len(age), -1)
    for index, (low, high, _) in enumerate(prevalence.bands):
        bands[(age >= low) & (age <= high)] = index
    return bands


def _tally_members(tallies: Tallies, houses: Households) -> None:
    for position, member in enumerate(houses.plan.people.members):
        where, units = member.where, len(houses.present) // houses.size
        rows = houses.at(position)
        if member.newborn:
            continue
        if member.probability < 1:
            tallies.proportion(f"{where}.probability", "share of households", member.probability, len(rows), units)
        if member.count is not None and member.number == 1:
            _tally_count(tallies, houses, where, member.count)
        if member.same_sex is not None:
            sex = houses.people["sex"]
            same = sex[rows] == sex[houses.subscribers(rows)]
            tallies.proportion(f"{where}.sex", "share of couples of one sex", member.same_sex, np.sum(same), len(rows))


def _tally_count(tallies: Tallies, houses: Households, where: str, count: Distribution) -> None:
    """How many of the positions that a count makes are filled, household by household."""
    positions = [position for position, member in enumerate(houses.plan.people.members) if member.where == where]
    filled = houses.present.reshape(-1, houses.size)[:, positions]
    tallies.violation(
        f"{where}.count", "filled from the first", np.sum(filled[:, 1:] > filled[:, :-1]), filled.shape[0]
    )
    rows = np.arange(houses.plan.people.subscriber, len(houses.present), houses.size)
    columns, within = houses.columns(rows, count.names), houses.within(rows, f"{where}.count")
    made = Made(tallies, f"{where}.count", filled.sum(axis=1).astype(np.float64), columns, within)
    tally_distribution(count, made)


def _tally_units(tallies: Tallies, houses: Households) -> None:
    """What is drawn once a household: where it lives, and when its journeys begin."""
    plan, rows = houses.plan, np.arange(houses.plan.people.subscriber, len(houses.present), houses.size)
    total = sum(plan.people.counties.values())
    counties = {fips: weight / total for fips, weight in plan.people.counties.items()}
    if len(counties) <= FEW:
        tally_shares(tallies, _GEOGRAPHY, counties, houses.people["county_fips"][rows])
    else:
        _tally_many_counties(tallies, houses, counties, rows)
    first, last = plan.start_dates
    day = (np.asarray(houses.people["start_date"])[rows] - first).astype(np.int64)
    span = int((last - first).astype(np.int64)) + 1
    tallies.violation("start", "start within its dates", np.sum((day < 0) | (day >= span)), len(rows))
    if span > 1:
        unit = between(day / span, (day + 1) / span, houses.within(rows, "start"))
        tallies.shape("start", "start dates", unit)


def _tally_many_counties(
    tallies: Tallies, houses: Households, counties: dict[str, float], rows: NDArray[np.intp]
) -> None:
    """Counties too many to count one by one, in the order in which they are stated."""
    text, order = houses.people.text("county_fips")[rows], {fips: index for index, fips in enumerate(counties)}
    at = text.map(lambda fips: order.get(fips, -1), np.int64, -1)
    ends = np.cumsum(list(counties.values()))
    starts = ends - np.array(list(counties.values()))
    known = at >= 0
    tallies.violation(_GEOGRAPHY, "every county is one of those stated", np.sum(~known), len(rows))
    unit = between(starts[at], ends[at], houses.within(rows, "county"))
    tallies.shape(_GEOGRAPHY, "counties", np.clip(unit[known], 0, 1 - 1 / (2 * CELLS * len(counties))))


def _tally_rules(tallies: Tallies, houses: Households) -> None:
    rows = np.flatnonzero(houses.present)
    people = houses.people.take(rows)
    born, start, age = (np.asarray(people[name]) for name in ("birth_date", "start_date", "age"))
    wrong = np.sum(whole_years(born, start) != age)
    tallies.violation("core.person", "birth date and age agree at the start", wrong, len(rows))
    family = houses.size - len(houses.plan.births) > 1  # a child alone has a card of its own, and may become a mother
    child = (people["role"] == "subscriber") & (age < 18) & family
    tallies.violation("core.person", "children do not subscribe", np.sum(child), len(rows))
