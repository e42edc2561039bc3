"""What every column of people holds, found before anybody is made, and whether the profile's expressions fit it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from pydantic import TypeAdapter

from healthsim_core.catalog import Catalog
from healthsim_core.columns import Columns, Text
from healthsim_core.coverage import default_plan
from healthsim_core.defaults import defaults
from healthsim_core.distributions import compile_distribution
from healthsim_core.distributions.allowed import check_codes, kind_of_codes
from healthsim_core.draws import Draws
from healthsim_core.errors import HealthSimError, Mistakes, SkillError, SpecificationError
from healthsim_core.expressions.checking import kind_of_expression, same_kind
from healthsim_core.expressions.expression import expressions_in
from healthsim_core.expressions.kinds import (
    ANYTHING,
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    WORDS,
    Kind,
    always,
    kind_of_field,
    text_of,
    together,
)
from healthsim_core.offers import PersonColumns, asks_condition
from healthsim_core.people.plan import Member
from healthsim_core.people.steps import Attribute, ConditionCode, ConditionPlan, Consequence, Step
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.reference.places import instead_of_county
from healthsim_core.skills.use import always_given, check_lookup
from healthsim_core.spec.coded import CODED
from healthsim_core.spec.distribution import Distribution as WrittenDistribution
from healthsim_core.spec.profile import ROLES
from healthsim_core.world import PERSON

_EARLY = {  # there before any attribute; the subscriber's own age and sex come before those of the others
    "person_id": NUMBER, "household_id": NUMBER, "subscriber_id": NUMBER, "start_date": DATE, "role": text_of(ROLES),
    "county_fips": Kind("text", instead=instead_of_county), "state": TEXT, "city": TEXT, "zip": TEXT,
    "subscriber_age": NUMBER, "subscriber_sex": kind_of_codes("sex"),
}  # fmt: skip
DEPENDENTS = "subscriber_dependents"  # there last, when it is known who is; for journeys
_FOR_EVERYBODY = ("age", "sex", "race", "ethnicity", "language")  # columns of `core.person` that are never null
_BUILT_IN = ("age", "sex", "race", "ethnicity", "language", "coverage_type", "plan")


def columns_known(
    steps: Sequence[Step],
    members: Sequence[Member],
    catalog: Catalog,
    codes: KnownCodes,
    mistakes: Mistakes,
    circular: bool = False,
) -> Mapping[str, Kind]:
    """What every column holds that an expression may read.

    Args:
        steps: Attributes, conditions and what follows from them; each may read what those before it make.
        members: The household positions.
        catalog: What products add to people.
        codes: The codes that the run knows.
        mistakes: Takes what is wrong with the expressions of attributes, conditions and numbers of members.
        circular: Whether they are in no order, which is a mistake already: each may then read what any of them makes.
    """
    primary = next(
        (f"severity.{step.category}" for step in steps if isinstance(step, ConditionPlan) and step.primary), ""
    )
    before = {column: ANYTHING for step in steps for column in step.makes} if circular else {}
    before |= {column: always(kind) for column, kind in _EARLY.items()}
    for step in steps:
        before |= _made_by(step, before, members, primary, catalog, mistakes)
        if step.makes == ("conditions",):
            before["conditions"] = attrs.evolve(WORDS, instead=codes.instead_of_stem)
    for member in members:
        _check(member.count, before, mistakes)
    stated = {step.name for step in steps if isinstance(step, Attribute)} - set(_BUILT_IN)
    loose = {
        name: attrs.evolve(kind, strict=False)
        for name, kind in before.items()
        if name in {*stated, "severity"} or "." in name
    }
    labs = dict.fromkeys((lab for skill in catalog.skills.values() for lab in skill.baselines), NUMBER)
    fields = {field.name: field for field in PERSON.fields}
    products = {
        name: kind_of_field(fields[name]) if name in fields else TEXT
        for o in catalog.of(PersonColumns)
        for name in o.fields
    }
    return {**labs, **before, **loose, **products, DEPENDENTS: NUMBER}


def _made_by(
    step: Step,
    before: Mapping[str, Kind],
    members: Sequence[Member],
    primary: str,
    catalog: Catalog,
    mistakes: Mistakes,
) -> dict[str, Kind]:
    if isinstance(step, ConditionPlan):
        return _condition(step, before, catalog, mistakes)
    if isinstance(step, ConditionCode):
        return _condition_code(step, before, mistakes)
    if isinstance(step, Consequence):
        if asks_condition(step.name):
            return {step.name: TEXT if step.name.startswith("code.") else always(BOOLEAN)}
        kinds = {"birth_date": always(DATE), "conditions": WORDS, "severity": before.get(primary, TEXT)}
        return {step.name: kinds.get(step.name, NUMBER)}
    if not step.by_member:  # it could not be compiled
        return {step.name: ANYTHING}
    kind = _attribute(step, before, mistakes)
    for member, distribution in zip(members, step.by_member, strict=True):
        own = f"subscriber_{step.name}" if member.role in ("individual", "subscriber") else ""
        _check(distribution, {name: each for name, each in before.items() if name != own}, mistakes)
    return {step.name: kind}


def _attribute(attribute: Attribute, known: Mapping[str, Kind], mistakes: Mistakes) -> Kind:
    kinds = {f"members[{i}]": each.gives(known) for i, each in enumerate(attribute.by_member)}
    kind = mistakes.attempt(
        ANYTHING, same_kind, kinds, attribute.where, "some members' values are text and others numbers"
    )
    if attribute.name not in _BUILT_IN:
        return kind
    usual = _usual(attribute.name)
    if kind.of not in (usual.of, "anything"):
        with mistakes.caught():
            raise SpecificationError(f"the {attribute.name} is {kind}, not {usual}.", attribute.where, f"Give {usual}.")
        return kind_of_codes(attribute.name) if attribute.name in CODED else always(usual)
    if attribute.name in _FOR_EVERYBODY and not kind.always and attribute.names <= known.keys():
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
    return together([each.gives({}) for each in compiled]) or ANYTHING


def _condition(plan: ConditionPlan, known: Mapping[str, Kind], catalog: Catalog, mistakes: Mistakes) -> dict[str, Kind]:
    _check((plan.by_member, plan.severity), known, mistakes)
    kinds = [each.gives(known) for each in plan.severity if each is not None]
    said = together([*kinds, _severities(catalog)]) if kinds else _severities(catalog)
    severity = said if said is None else always(said, _has_severity(plan, known))
    if severity is None:
        with mistakes.caught():
            raise SpecificationError(
                "the severity is not a text.", f"{plan.where}.severity", 'Give texts, such as "mild".'
            )
    own = {"condition": BOOLEAN, "severity": severity or TEXT, "onset": always(DATE)}
    return _of_those_who_have(plan, {f"{part}.{plan.category}": kind for part, kind in own.items()})


def _of_those_who_have(plan: ConditionPlan, kinds: Mapping[str, Kind], told: Iterable[str] = ()) -> dict[str, Kind]:
    """The columns of a condition: what is always there for those who have it is so for everybody only where all have
    it."""
    name = f"condition.{plan.category}"
    tells = frozenset({each for each, kind in kinds.items() if kind.always}.union(told))
    tells |= {"severity"} if plan.primary and f"severity.{plan.category}" in tells else set()
    everybody = len(plan.certain) == len(plan.by_member)
    return {
        each: attrs.evolve(kind, always=each == name or (kind.always and everybody), tells=tells)
        for each, kind in kinds.items()
    }


def _has_severity(plan: ConditionPlan, known: Mapping[str, Kind]) -> bool:
    """Whether everybody who has the condition has a severity of it."""
    skill = (
        plan.skill is not None and "severity" in always_given(plan.skill, "severity", {}) if plan.by_skill else False
    )
    return all(skill if stated is None else stated.gives(known).always for stated in plan.severity)


def _condition_code(step: ConditionCode, known: Mapping[str, Kind], mistakes: Mistakes) -> dict[str, Kind]:
    plan, filled = step.condition, frozenset({"code", *(["description"] if step.condition.description else [])})
    if plan.skill is not None and plan.code is None:
        severity = always(known.get(f"severity.{plan.category}", TEXT), _has_severity(plan, known))
        context = {key: {**known, "severity": severity}.get(key, ANYTHING) for key in step.asked}
        missing = sorted(key for key in step.asked if key not in known and key != "severity")
        with mistakes.caught():
            if missing:
                what = f'the lookup "diagnosis" of "{plan.skill.skill}" asks for "{missing[0]}", which nobody has.'
                raise SkillError(what, plan.where, "State it as an attribute.")
        mistakes.attempt(None, check_lookup, plan.skill, "diagnosis", context, f"{plan.where}.severity")
        filled = always_given(plan.skill, "diagnosis", context, ("age",))
    code = f"code.{plan.category}"
    if "code" not in filled:
        with mistakes.caught():
            what = f'"{plan.skill.skill if plan.skill else ""}" has no code for some who have {plan.category}.'
            raise SkillError(
                what,
                f"{plan.where}.severity",
                "Give a severity that the skill has a row for, or a code with its decimals.",
            )
    kinds = {name: always(TEXT, name.split(".")[0] in filled) for name in step.makes}
    had = known[f"condition.{plan.category}"]
    made = _of_those_who_have(plan, kinds, had.tells | ({"conditions"} if code in kinds else frozenset()))
    again = {f"{part}.{plan.category}" for part in ("condition", "severity", "onset")} & known.keys()
    return {**made, **{name: attrs.evolve(known[name], tells=made[code].tells) for name in again}}


def _severities(catalog: Catalog) -> Kind:
    """The severities that skills give, as far as a thousand people show them."""
    draw, found = Draws(0, "severities", np.arange(1_000)), set()
    for skill in catalog.skills.values():
        if "severity" in skill.lookups and not skill.lookups["severity"][0]:
            try:
                drawn = skill.resolve("severity", Columns({}, 1_000), draw)["severity"]
            except HealthSimError:
                return TEXT
            found |= set(drawn.values.to_pylist()) if isinstance(drawn, Text) else set()
    return text_of(found) if found else TEXT


def _check(compiled: Any, known: Mapping[str, Kind], mistakes: Mistakes) -> None:
    for expression in expressions_in(compiled):
        mistakes.attempt(NUMBER, kind_of_expression, expression, known)
