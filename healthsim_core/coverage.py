"""Coverage types and plans that agree: a known plan belongs to one coverage type, and the uninsured have none.

A plan that nobody knows is a name that the user gives; it may be of any type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from pydantic import TypeAdapter

from healthsim_core.benefits.enrolment import columns_of
from healthsim_core.benefits.plans import UNINSURED
from healthsim_core.columns import Text
from healthsim_core.defaults import defaults
from healthsim_core.designs.known import KnownPlans
from healthsim_core.distributions import compile_distribution, condition
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.spec import distribution as written
from healthsim_core.spec.coded import rewrite
from healthsim_core.spec.coverage import CoverageSpecification, OtherCoverage
from healthsim_core.spec.distribution.leaves import leaves

EVENTS = ("new_enrollment", "plan_change")  # whose parameter "plan" is a plan
NO_COVERAGE = "none"  # the coverage type of another coverage that somebody does not have
_WRITTEN: TypeAdapter[Any] = TypeAdapter(written.Distribution)
_NOTHING = {"type": "derived", "expression": "None"}


def default_plan() -> dict[str, Any]:
    """The plan that the profile leaves unsaid, as a written distribution."""
    by_type = _usual_plans()
    common = by_type.pop("Commercial")
    return _by_type("coverage_type", {**by_type, UNINSURED: _NOTHING}, common)


def _usual_plans() -> dict[str, Any]:
    """By coverage type, the plans that people have of it."""
    weights = defaults()["plans"]["weights"].items()
    return {kind: {"type": "categorical", "weights": plans} for kind, plans in weights}


def _by_type(kind_of: str, plans: Mapping[str, Any], default: Any) -> dict[str, Any]:
    rules = [{"if": f"{kind_of} == '{kind}'", "then": of_kind} for kind, of_kind in plans.items()]
    return {"type": "conditional", "rules": rules, "default": default} if rules else default


def agreed(coverage: CoverageSpecification, known: KnownPlans, mistakes: Mistakes) -> tuple[Any, Any]:
    """The distributions of coverage type and plan that a profile states, of plans those of the person's type;
    None where unsaid.

    Args:
        coverage: What the profile says.
        known: The plans that somebody knows.
        mistakes: Takes a plan that is of another type than its people, and a type none of whose plans is there.
    """
    plan, where = coverage.plan, "coverage.plan"
    if coverage.plan_distribution:
        plan, where = (
            _WRITTEN.validate_python({"type": "categorical", "weights": coverage.plan_distribution}),
            "coverage.plan_distribution",
        )
    if plan is None:
        return coverage.type, None
    plan = plan.model_copy(deep=True)
    rewrite(plan, known.name)
    kind = coverage.type if coverage.type is not None else _following(plan, known)
    types = _types(kind) if kind is not None else frozenset(defaults()["plans"]["weights"])
    if types is None or (coverage.type is None and kind is not None):
        return kind, plan
    if kind is None and not any(known.type_of(name) for name in _names(plan)):
        return None, plan
    return kind, _of_type(plan, _Who(types, known), where, mistakes)


@attrs.frozen
class OtherPart:
    """A column that says something of another coverage.

    Attributes:
        name: The column.
        law: What it is drawn from, as written; the type of those who have no such coverage is "none", the plan null.
        where: The path in the profile.
        alone: Whether each member of a household has it alone.
    """

    name: str
    law: Any
    where: str
    alone: bool


def others_agreed(coverage: CoverageSpecification, known: KnownPlans, mistakes: Mistakes) -> list[OtherPart]:
    """The coverage type and the plan of each of the other coverages that a profile states.

    Args:
        coverage: What the profile says.
        known: The plans that somebody knows.
        mistakes: Takes a plan that is of another type than its coverage.
    """
    parts = []
    for index, (other, rank) in enumerate(zip(coverage.others, coverage.ranks, strict=True)):
        where = f"coverage.others[{index}]"
        types = mistakes.attempt(None, _types, other.type)
        alone = not (types or frozenset()) <= frozenset(defaults()["plans"]["held_by_household"])
        kind_of, plan_of = columns_of(rank)
        plan = _plan_of(other, kind_of, types, known, where, mistakes)
        kind = mistakes.attempt(other.type, _with_chance, other.type, other.probability, f"{where}.probability")
        parts += [
            OtherPart(kind_of, _insured(kind), f"{where}.type", alone),
            OtherPart(plan_of, _WRITTEN.validate_python(plan), f"{where}.plan", alone),
        ]
    return parts


def _insured(law: Any) -> Any:
    """A coverage type that the uninsured do not have."""
    nobody = {"if": f"coverage_type == '{UNINSURED}'", "then": NO_COVERAGE}
    return _WRITTEN.validate_python({"type": "conditional", "rules": [nobody], "default": law})


def _with_chance(law: Any, probability: float, where: str) -> Any:
    """The coverage type of as many as a probability says, and "none" of the others."""
    if probability == 1:
        return law
    if isinstance(law, written.Conditional):
        rules = [rule.model_copy(update={"then": _with_chance(rule.then, probability, where)}) for rule in law.rules]
        default = None if law.default is None else _with_chance(law.default, probability, where)
        return law.model_copy(update={"rules": rules, "default": default})
    weights = _weights(law)
    if weights is None:
        what = f'of a coverage type that is "{law.type}" nobody knows how many have none.'
        raise SpecificationError(what, where, 'Write the types out with their weights, or leave out "probability".')
    total = sum(weights.values())
    values = [{"value": name, "weight": probability * weight / total} for name, weight in weights.items()]
    return {"type": "explicit", "values": [*values, {"value": NO_COVERAGE, "weight": 1 - probability}]}


def _plan_of(
    other: OtherCoverage,
    kind_of: str,
    types: frozenset[str] | None,
    known: KnownPlans,
    where: str,
    mistakes: Mistakes,
) -> dict[str, Any]:
    usual = {kind: plans for kind, plans in _usual_plans().items() if types is None or kind in types}
    plan: Any = _by_type(kind_of, dict([*usual.items()][1:]), next(iter(usual.values()), _NOTHING))
    if other.plan is not None:
        plan = other.plan.model_copy(deep=True)
        rewrite(plan, known.name)
        for name in _names(plan):
            mistakes.attempt(None, known.check, name, types, f"{where}.plan")
    return _by_type(kind_of, {NO_COVERAGE: _NOTHING}, plan)


def refuse_disagreement(coverage_type: Text, plan: Text, known: KnownPlans, where: str) -> Text:
    """The plans, of the uninsured none.

    Raises:
        SpecificationError: Somebody's plan is known to be of another coverage type.
    """
    types, plans = [*coverage_type.values.to_pylist(), None], [*plan.values.to_pylist(), None]
    pairs = np.unique(np.stack([coverage_type.codes, plan.codes]), axis=1).T.tolist()
    for kind, name in ((types[kind], plans[name]) for kind, name in pairs):
        type_of_plan = known.type_of(name) if name is not None and kind != UNINSURED else None
        if type_of_plan not in (None, kind):
            raise SpecificationError(
                f'"{name}" is a plan of {type_of_plan}, and some of its people are of {kind}.',
                where,
                known.remedy([str(kind)]),
            )
    without = coverage_type == UNINSURED
    return plan.only(~without) if without.any() else plan


def _types(kind: Any) -> frozenset[str] | None:
    """The coverage types that a distribution may give; None where they are not known beforehand."""
    return compile_distribution(kind, "coverage.type").gives({}).values


def _following(plan: Any, known: KnownPlans) -> Any:
    """The coverage type that follows from plans of which some are known; None where the type comes first."""
    law = compile_distribution(plan, "coverage.plan")
    types = {name: known.type_of(name) or "Commercial" for name in law.gives({}).values or ()}
    if "coverage_type" in law.names or not any(known.type_of(name) for name in types):
        return None
    kinds = {
        kind: sorted(name for name in types if types[name] == kind)
        for kind in sorted(set(types.values()) - {"Commercial"})
    }
    rules = [{"if": {"field": "plan", "operator": "in", "value": names}, "then": kind} for kind, names in kinds.items()]
    return _WRITTEN.validate_python(
        {"type": "conditional", "rules": rules, "default": "Commercial"} if rules else "Commercial"
    )


@attrs.frozen
class _Who:
    """Whom a part of a distribution of plans is for.

    Attributes:
        types: The coverage types that they may have.
        known: The plans that somebody knows.
        all_of_them: Whether there are people of every one; else the rule that leads here reads other columns too.
    """

    types: frozenset[str]
    known: KnownPlans
    all_of_them: bool = True


def _of_type(plan: Any, who: _Who, where: str, mistakes: Mistakes) -> Any:
    """A distribution of plans that gives everybody one of their own type."""
    if not who.types:  # nobody comes here
        return plan
    if isinstance(plan, written.Conditional):
        rules, left = [], who
        for index, rule in enumerate(plan.rules):
            here, left = _split(rule.when, left)
            rules.append(
                rule.model_copy(update={"then": _of_type(rule.then, here, f"{where}.rules[{index}].then", mistakes)})
            )
        default = None if plan.default is None else _of_type(plan.default, left, f"{where}.default", mistakes)
        return plan.model_copy(update={"rules": rules, "default": default})
    if isinstance(plan, written.Mixture):
        inner = [
            (component, f"{where}.components[{index}].distribution") for index, component in enumerate(plan.components)
        ]
        parts = [
            component.model_copy(update={"distribution": _of_type(component.distribution, who, path, mistakes)})
            for component, path in inner
        ]
        return plan.model_copy(update={"components": parts})
    return _leaf_of_type(plan, who, where, mistakes)


def _split(when: Any, who: _Who) -> tuple[_Who, _Who]:
    """For whom a rule may hold, and for whom it may not."""
    rule, kinds = condition(when, "coverage.plan"), sorted(who.types)
    if rule.names != {"coverage_type"}:
        some = attrs.evolve(who, all_of_them=False)
        return some, some
    holds = rule.holds({"coverage_type": Text.of(kinds)}, len(kinds))
    here = frozenset(kind for kind, true in zip(kinds, holds.tolist(), strict=True) if true)
    return attrs.evolve(who, types=here), attrs.evolve(who, types=who.types - here)


def _leaf_of_type(plan: Any, who: _Who, where: str, mistakes: Mistakes) -> Any:
    weights = _weights(plan)
    if weights is None:
        return plan
    insured = sorted(who.types - {UNINSURED})
    by_type = {
        kind: {name: weight for name, weight in weights.items() if who.known.type_of(name) in (kind, None)}
        for kind in insured
    }
    strange = Mistakes()
    for name in weights:
        strange.attempt(None, who.known.check, name, who.types, where)
    for kind in insured if who.all_of_them and not strange.found else ():
        with strange.caught():
            if not sum(by_type[kind].values()) > 0:
                raise SpecificationError(
                    f"none of these plans is for people of {kind}.", where, who.known.remedy([kind])
                )
    mistakes.found.extend(strange.found)
    if len(insured) < 2 or strange.found:
        return plan
    rules = [
        (kind, [{"value": name, "weight": weight} for name, weight in plans.items()])
        for kind, plans in by_type.items()
        if sum(plans.values())
    ]
    then = [
        {"if": f"coverage_type == '{kind}'", "then": {"type": "explicit", "values": values}} for kind, values in rules
    ]
    # others are refused later
    return _WRITTEN.validate_python({"type": "conditional", "rules": then, "default": plan}) if then else plan


def _weights(plan: Any) -> Mapping[str, float] | None:
    """The plans of a distribution without parts, by weight; None where they are not written out."""
    if isinstance(plan, written.Constant) and isinstance(plan.value, str):
        return {plan.value: 1.0}
    if isinstance(plan, written.Categorical):
        return plan.weights
    if isinstance(plan, written.Explicit):
        weights: dict[str, float] = {}
        for item in plan.values:
            weights[str(item.value)] = weights.get(str(item.value), 0.0) + item.weight
        return weights
    return None


def _names(plan: Any) -> list[str]:
    return [name for _, leaf in leaves(plan) for name in _weights(leaf) or ()]
