"""Compile a profile: members of the household, their attributes in order of dependency, their conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from healthsim_core.catalog import Catalog
from healthsim_core.conditions.compiling import conditions_of
from healthsim_core.conditions.condition import ConditionCode, ConditionPlan
from healthsim_core.conditions.consequences import Above, AllConditions, Baseline, Severity
from healthsim_core.coverage import OtherPart, agreed, default_plan, others_agreed
from healthsim_core.defaults import defaults
from healthsim_core.designs.known import KnownPlans
from healthsim_core.distributions import Distribution, compile_distribution
from healthsim_core.distributions.allowed import check_law_of_ages
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.households.family import check_ages
from healthsim_core.households.household import Member
from healthsim_core.households.steps import Step, in_order
from healthsim_core.offers import PersonColumns, asks_condition
from healthsim_core.people.ages import SexByAge, as_common, without_circles
from healthsim_core.people.attribute import Attribute
from healthsim_core.people.correlation import correlated
from healthsim_core.people.identified import Identified
from healthsim_core.people.known import columns_known
from healthsim_core.people.labs import check_labs
from healthsim_core.people.plan import PeoplePlan
from healthsim_core.person_state.declared import Declared
from healthsim_core.person_state.measures import Measures
from healthsim_core.reference.ages import AgeStructure
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.reference.places import counties, county
from healthsim_core.spec.distribution import Constant as WrittenConstant
from healthsim_core.spec.distribution import Distribution as WrittenDistribution
from healthsim_core.spec.profile import Position, ProfileSpecification

HOUSEHOLD_ATTRIBUTES = ("race", "ethnicity", "language", "coverage_type", "plan")
_WRITTEN: TypeAdapter[Any] = TypeAdapter(WrittenDistribution)


def compile_people(
    profile: ProfileSpecification,
    catalog: Catalog,
    births: int,
    required: Mapping[int, Mapping[str, Any]],
    mistakes: Mistakes,
    structure: AgeStructure,
    codes: KnownCodes,
) -> PeoplePlan:
    """Compile a profile.

    Args:
        profile: The profile.
        catalog: Where skills are found.
        births: How many positions to keep for children born during the run.
        required: Attribute values that journeys require of a member, by position.
        mistakes: Takes what is wrong: an unknown county, an expression over unknown columns, a cycle of attributes.
            Where there is any, the plan is good for finding more of them and for nothing else.
        structure: How many people the place has by age and sex.
        codes: The codes that the run knows.
    """
    written = profile.positions
    members = [mistakes.attempt(Member(p.member.role), _member, p, required.get(i, {})) for i, p in enumerate(written)]
    members += [Member("newborn", newborn=True)] * births
    subscriber = next(index for index, member in enumerate(members) if member.role == "subscriber")
    known_plans = KnownPlans.of_profile(catalog, profile)
    drawn = _attributes(profile, known_plans, written, tuple(members), required, mistakes, structure)
    attributes = without_circles(correlated(drawn, profile.correlate, mistakes))
    check_labs(profile.clinical.lab_values, drawn, catalog, mistakes)
    _refuse_columns_of_products(attributes, catalog, mistakes)
    age = next(attribute for attribute in attributes if attribute.name == "age")
    check_ages(age.by_member, members if age.by_member else (), mistakes)
    laws = {attribute.name: attribute.by_member for attribute in attributes}
    conditions = conditions_of(profile, written, laws, catalog, codes, mistakes)
    counties = mistakes.attempt({}, _counties, profile)
    labs = frozenset(lab for skill in catalog.skills.values() for lab in skill.baselines)
    listed = (*attributes, *_consequences(attributes, conditions, catalog))
    steps = mistakes.attempt((), in_order, listed)
    known = columns_known(steps or listed, members, catalog, codes, mistakes, circular=not steps)
    place = {step.makes[0]: at for at, step in enumerate(steps)}
    ordered = tuple(sorted(attributes, key=lambda attribute: place[attribute.name])) if steps else ()
    return PeoplePlan(tuple(members), subscriber, counties, ordered, conditions, steps, known, labs)


def _refuse_columns_of_products(attributes: Sequence[Attribute], catalog: Catalog, mistakes: Mistakes) -> None:
    """An attribute called as a column that a product adds to people would be lost to it."""
    added = {name: offer.product for offer in catalog.of(PersonColumns) for name in offer.fields}
    for attribute in attributes:
        if attribute.name in added:
            with mistakes.caught():
                what = f'"{attribute.name}" is a column that {added[attribute.name]} adds to everybody.'
                raise SpecificationError(what, attribute.where, "Choose another name.")


def _consequences(
    attributes: Sequence[Attribute], conditions: tuple[ConditionPlan, ...], catalog: Catalog
) -> list[Step]:
    """Conditions, and what follows from attributes and conditions without being stated."""
    stated = {attribute.name for attribute in attributes}
    primary = next((plan for plan in conditions if plan.primary), None)
    labs = dict.fromkeys(lab for plan in conditions if plan.skill for lab in plan.skill.baselines)
    measures = catalog.derived(Declared.of).measures if labs else Measures()
    follow: list[Step] = [
        AllConditions(conditions),
        Severity(primary),
        *(Baseline(lab, conditions, measures) for lab in labs),
    ]
    codes = [ConditionCode(plan, plan.where) for plan in conditions]
    unstated = [step for step in follow if stated.isdisjoint(step.makes)]
    return [Identified(), *conditions, *codes, *unstated, *_above(conditions, catalog)]


def _above(conditions: Sequence[ConditionPlan], catalog: Catalog) -> list[Step]:
    """The conditions that skills ask for and the profile does not state."""
    keys = {
        key
        for skill in catalog.skills.values()
        for asked, _ in skill.lookups.values()
        for key in asked
        if asks_condition(key)
    }
    stated = {f"{part}.{plan.category}" for plan in conditions for part in ("condition", "code")}
    return [
        Above(name, frozenset(column for column in stated if column.startswith(name))) for name in sorted(keys - stated)
    ]


def _member(position: Position, required: Mapping[str, Any]) -> Member:
    written, where, number = position
    same_sex = None
    if written.role == "spouse" and written.sex is None and "sex" not in required:
        same_sex = defaults()["members"]["spouse"]["same_sex"]["probability"]
    count = compile_distribution(written.count, f"{where}.count") if written.count is not None else None
    return Member(written.role, written.probability, count, number, where, same_sex=same_sex, fixed=required)


def _counties(profile: ProfileSpecification) -> dict[str, float]:
    where, geography = "demographics.geography", profile.demographics.geography
    reference = profile.reference or profile.demographics.reference
    if geography is None and reference is None:
        return {fips: float(place.population) for fips, place in counties().items()}
    if geography is None:
        weights, where = {reference.fips: 1.0}, _reference_path(profile)  # type: ignore[union-attr]
    else:
        weights = geography.counties or {str(geography.fips): 1.0}
    for fips in weights:
        county(fips, where)
    return weights


def _reference_path(profile: ProfileSpecification) -> str:
    return "reference.fips" if profile.reference else "demographics.reference.fips"


def _default(name: str, role: str) -> Any:
    entry = defaults()["members"].get(role, {}).get(name) or defaults()["attributes"].get(name)
    return _WRITTEN.validate_python(entry["distribution"] if entry else default_plan())


def _attributes(
    profile: ProfileSpecification,
    plans: KnownPlans,
    written: Sequence[Position],
    members: tuple[Member, ...],
    required: Mapping[int, Mapping[str, Any]],
    mistakes: Mistakes,
    structure: AgeStructure,
) -> tuple[Attribute, ...]:
    demographics, coverage = profile.demographics, profile.coverage
    stated: dict[str, Any] = {
        name: getattr(demographics, name) for name in ("age", "sex", "race", "ethnicity", "language")
    }
    if coverage is not None:
        stated["coverage_type"], stated["plan"] = mistakes.attempt((None, None), agreed, coverage, plans, mistakes)
    paths = {name: f"demographics.{name}" for name in stated} | {
        "coverage_type": "coverage.type",
        "plan": "coverage.plan",
    }
    attributes = [
        mistakes.attempt(
            Attribute(name, ()),
            _built_in,
            name,
            stated.get(name),
            paths.get(name, name),
            written,
            members,
            required,
            structure,
        )
        for name in ("age", "sex", *HOUSEHOLD_ATTRIBUTES)
    ]
    custom: dict[str, tuple[str, Any]] = {n: (f"attributes.{n}", d) for n, d in profile.attributes.items()}
    custom |= {n: (f"clinical.lab_values.{n}", d) for n, d in profile.clinical.lab_values.items()}
    for member, path, _ in written:
        custom |= {n: (f"{path}.attributes.{n}", None) for n in member.attributes if n not in custom}
    for name, (path, spec) in custom.items():
        attributes.append(mistakes.attempt(Attribute(name, ()), _custom, name, path, spec, written, len(members)))
    for part in others_agreed(coverage, plans, mistakes) if coverage is not None else ():
        attributes.append(mistakes.attempt(Attribute(part.name, ()), _of_other_coverage, part, len(members)))
    return tuple(attributes)


def _of_other_coverage(part: OtherPart, members: int) -> Attribute:
    law = compile_distribution(part.law, part.where)
    return Attribute(part.name, (law,) * members, not part.alone, part.where, (part.where,) * members)


def _built_in(
    name: str,
    stated: Any,
    where: str,
    written: Sequence[Position],
    members: tuple[Member, ...],
    required: Mapping[int, Mapping[str, Any]],
    structure: AgeStructure,
) -> Attribute:
    chosen, paths = list[Distribution](), list[str]()
    for index, member in enumerate(members):
        of_member = getattr(written[index].member, name, None) if index < len(written) else None
        fixed = required.get(index, {}).get(name)
        path, spec = "", None
        if of_member is not None or fixed is not None:
            path, spec = (
                f"{written[index].where}.{name}",
                _WRITTEN.validate_python(fixed) if of_member is None else of_member,
            )
        elif name == "sex" and member.role == "subscriber" and (partner := _stated_spouse(written, required)):
            spec = _partner_of(partner)
        elif member.newborn and name == "age":
            spec = _WRITTEN.validate_python(0)
        elif stated is not None and (len(written) == 1 or name != "age") and not (member.newborn and name == "sex"):
            path, spec = ("" if name == "sex" and member.same_sex is not None else where), stated
        elif name != "sex" or member.newborn:
            spec = _default(name, "individual" if len(written) == 1 and not member.newborn else member.role)
        if name == "age":
            spec = as_common(spec, structure)
            check_law_of_ages(spec, path or where)
        chosen.append(SexByAge(structure) if spec is None else compile_distribution(spec, path or where))
        paths.append(path)
    return Attribute(name, tuple(chosen), name in HOUSEHOLD_ATTRIBUTES, where, tuple(paths))


def _stated_spouse(written: Sequence[Position], required: Mapping[int, Mapping[str, Any]]) -> str | None:
    """The sex of a spouse whose sex is stated or required while the subscriber's is not."""
    for index, (member, _, _) in enumerate(written):
        if member.role == "spouse":
            sex = member.sex.value if isinstance(member.sex, WrittenConstant) else required.get(index, {}).get("sex")
            return str(sex) if sex in ("F", "M") else None
    return None


def _partner_of(sex: str) -> Any:
    same = defaults()["members"]["spouse"]["same_sex"]["probability"]
    weights = {sex: same, ("M" if sex == "F" else "F"): 1 - same}
    return _WRITTEN.validate_python({"type": "categorical", "weights": weights})


def _custom(name: str, where: str, spec: Any, written: Sequence[Position], members: int) -> Attribute:
    null = compile_distribution(_WRITTEN.validate_python(float(0)), where)
    common = compile_distribution(spec, where) if spec is not None else null
    specs = [position.member.attributes.get(name) for position in written] + [None] * (members - len(written))
    chosen = [compile_distribution(o, where) if o is not None else common for o in specs]
    general = where if spec is not None else ""
    paths = [general if o is None else f"{written[index].where}.attributes.{name}" for index, o in enumerate(specs)]
    return Attribute(name, tuple(chosen), False, where, tuple(paths))
