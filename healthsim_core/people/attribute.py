"""Attributes: what a person is, drawn from a distribution for each household position."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
from pydantic import TypeAdapter

from healthsim_core.columns import Column, Text, concat
from healthsim_core.coverage import default_plan, refuse_disagreement
from healthsim_core.defaults import defaults
from healthsim_core.designs.known import KnownPlans
from healthsim_core.distributions import Distribution, compile_distribution
from healthsim_core.distributions.allowed import as_codes, check_codes, kind_of_codes, whole_ages
from healthsim_core.draws import Draws, Floats
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.checking import same_kind
from healthsim_core.expressions.kinds import ANYTHING, Kind, always, together
from healthsim_core.households.family import PossibleAges
from healthsim_core.households.household import Household
from healthsim_core.households.steps import ColumnStep, Known
from healthsim_core.portable import ndtr, ndtri
from healthsim_core.spec.coded import CODED
from healthsim_core.spec.distribution import Distribution as WrittenDistribution

BUILT_IN = ("age", "sex", "race", "ethnicity", "language", "coverage_type", "plan")
_FOR_EVERYBODY = ("age", "sex", "race", "ethnicity", "language")  # columns of `core.person` that are never null
_OPEN = 2.0**-54, 1 - 2.0**-53


@attrs.frozen
class Attribute(ColumnStep):
    """One attribute of every person.

    Attributes:
        name: Column name; also the name of its stream of draws.
        by_member: The distribution of each household position.
        household: Whether it is drawn once a household.
        where: The path in the profile, for errors.
        stated: Where it is stated for each household position, and validation therefore tests it;
            empty where it is not.
        normals: Where it is correlated: attributes and their shares, whose normals make up its own.
    """

    name: str
    by_member: tuple[Distribution, ...]
    household: bool = False
    where: str = ""
    stated: tuple[str, ...] = ()
    normals: tuple[tuple[str, float], ...] = ()

    @property
    def loose(self) -> tuple[str, ...]:
        """Its column, where it is not one that everybody has."""
        return () if self.name in BUILT_IN else (self.name,)

    @property
    def drawn(self) -> str:
        """Its name."""
        return self.name

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""
        return frozenset().union(*(distribution.names for distribution in self.by_member))

    def kinds(self, known: Known) -> dict[str, Kind]:
        """What its column holds, once its distributions are checked: a subscriber's does not read itself."""
        if not self.by_member:  # it could not be compiled
            return {self.name: ANYTHING}
        kind = _kind(self, known)
        for member, distribution in zip(known.members, self.by_member, strict=True):
            itself = f"subscriber_{self.name}" if member.role in ("individual", "subscriber") else ""
            known.check(distribution, but=itself)
        return {self.name: kind}

    def make(self, house: Household) -> None:
        """Draw it, once a household or once a person."""
        column = _household_column(house, self) if self.household else _member_column(house, self)
        if self.name == "age":
            column = whole_ages(column, self.where)
        if self.name in CODED:
            column = as_codes(self.name, column, self.where)  # type: ignore[arg-type]
        if self.name == "sex":
            column = _spouses_sex(house, column)  # type: ignore[arg-type]
        house.columns[self.name] = column
        if self.name in ("coverage_type", "plan") and {"coverage_type", "plan"} <= house.columns.keys():
            kinds, plans = (house.columns[name] for name in ("coverage_type", "plan"))
            known = KnownPlans.of_run(house.run.plans)
            house.columns["plan"] = refuse_disagreement(kinds, plans, known, "coverage.plan")  # type: ignore[arg-type]
        if self.name in ("age", "sex"):
            house.columns[f"subscriber_{self.name}"] = column[house.subscriber_row()]


def _kind(attribute: Attribute, known: Known) -> Kind:
    mistakes = known.mistakes
    kinds = {f"members[{i}]": law.gives(known.columns) for i, law in enumerate(attribute.by_member)}
    kind = mistakes.attempt(
        ANYTHING, same_kind, kinds, attribute.where, "some members' values are text and others numbers"
    )
    if attribute.name not in BUILT_IN:
        return kind
    usual = _usual(attribute.name)
    if kind.of not in (usual.of, "anything"):
        with mistakes.caught():
            raise SpecificationError(f"the {attribute.name} is {kind}, not {usual}.", attribute.where, f"Give {usual}.")
        return kind_of_codes(attribute.name) if attribute.name in CODED else always(usual)
    if attribute.name in _FOR_EVERYBODY and not kind.always and attribute.names <= known.columns.keys():
        with mistakes.caught():
            what = f"the {attribute.name} may be null for some people, and everybody has one."
            raise SpecificationError(
                what, attribute.where, 'Give a default: a conditional distribution with "is not None" in its rule.'
            )
    if attribute.name in CODED:
        mistakes.attempt(None, check_codes, attribute.name, kind, attribute.where)
        return kind_of_codes(attribute.name)
    return together([kind, usual]) or kind


@functools.cache
def _usual(name: str) -> Kind:
    """What a built-in attribute holds where the profile leaves it unsaid."""
    stated = [
        entries[name]
        for entries in defaults()["members"].values()
        if name in entries and "distribution" in entries[name]
    ]
    stated += [defaults()["attributes"][name]] if name in defaults()["attributes"] else []
    stated += [{"distribution": default_plan()}] if name == "plan" else []
    written: TypeAdapter[Any] = TypeAdapter(WrittenDistribution)
    compiled = [
        compile_distribution(written.validate_python(entry["distribution"]), f"defaults.{name}") for entry in stated
    ]
    return together([law.gives({}) for law in compiled]) or ANYTHING


def uniform_of(attribute: Attribute, draws: Callable[[str], Draws]) -> Floats:
    """The uniform from which an attribute is drawn: its own, or where it is correlated,
    what the group makes of its own."""
    if len(attribute.normals) < 2:  # alone, or the first of its group
        return draws(attribute.name).uniform("value")
    normals = sum(share * ndtri(draws(name).uniform("value")) for name, share in attribute.normals)
    return np.asarray(np.clip(ndtr(normals), *_OPEN))


def _household_column(house: Household, attribute: Attribute) -> Column:
    rows = house.of_member(house.subscriber)
    unit = uniform_of(attribute, house.household_draws)[rows]
    distribution = attribute.by_member[house.subscriber]
    column = distribution.sample(unit, house.at(rows, distribution.names))
    return column[np.repeat(np.arange(len(rows)), house.size)]


def _member_column(house: Household, attribute: Attribute) -> Column:
    unit = uniform_of(attribute, house.draws)
    if all(distribution is attribute.by_member[0] for distribution in attribute.by_member):
        return attribute.by_member[0].sample(unit, house.columns)
    order = sorted(range(house.size), key=lambda index: index != house.subscriber)
    parts: list[Column] = []
    for index in order:
        rows = house.of_member(index)
        context = house.at(rows, attribute.by_member[index].names)
        if parts:
            context[f"subscriber_{attribute.name}"] = parts[0]
        drawn, where = _drawn(house, attribute, index, unit[rows], context), attribute.stated[index] or attribute.where
        parts.append(whole_ages(drawn, where) if attribute.name == "age" else drawn)
    rows_in_order = np.concatenate([house.of_member(index) for index in order])
    return concat(parts)[np.argsort(rows_in_order, kind="stable")]


def _drawn(house: Household, attribute: Attribute, index: int, unit: Floats, context: Mapping[str, Any]) -> Column:
    law = attribute.by_member[index]
    if attribute.name != "age" or house.members[index].role != "dependent":
        return law.sample(unit, context)
    return PossibleAges.of(law, context, np.asarray(context["subscriber_age"])).sample(law, unit, context)


def _spouses_sex(house: Household, sex: Text) -> Text:
    codes, subscriber = {"F": 0, "M": 1}, house.subscriber_row()
    known = Text(sex.map(lambda value: codes.get(value, 0), np.int32, 0), ["F", "M"])
    for index, member in enumerate(house.members):
        if member.same_sex is None:
            continue
        rows = house.of_member(index)
        same = house.draws("spouse_sex").happens("same", member.same_sex)[rows]
        partner = known.codes[subscriber[rows]]
        known.codes[rows] = np.where(same, partner, 1 - partner)
    return known
