"""Conditions of which one says less than another one of its category, as E11.9 does beside E11.22: nobody has both."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from healthsim_core.codes.listed import dotted, icd_10_cm
from healthsim_core.conditions.condition import ConditionPlan, Prevalence
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.syntax import name_of

_CATEGORY = 3  # characters


def refuse_pairs(plans: Sequence[ConditionPlan], unspecified: Callable[[str], str | None], mistakes: Mistakes) -> None:
    """Refuse conditions that people would have beside one that says more of the same.

    Args:
        plans: The conditions of a profile.
        unspecified: The billable code that says no more than a category.
        mistakes: Takes each that is refused, with the other one's name.
    """
    for less in plans:
        more = next((plan for plan in plans if _says_more(plan, less, unspecified) and _together(less, plan)), None)
        if more is not None:
            with mistakes.caught():
                what = (
                    f'people would have "{less.category}" beside "{more.category}" ({more.where}), which says '
                    "more of the same."
                )
                remedy = f'Leave one of them out, or give this one to others: "when": "not condition.{more.category}".'
                raise SpecificationError(what, less.where, remedy)


def _says_more(more: ConditionPlan, less: ConditionPlan, unspecified: Callable[[str], str | None]) -> bool:
    shorter, longer = icd_10_cm(less.category), icd_10_cm(more.category)
    if shorter == longer or shorter[:_CATEGORY] != longer[:_CATEGORY]:
        return False
    if longer.startswith(shorter) or shorter.startswith(longer):
        return longer.startswith(shorter)
    alike = next(at for at, (one, other) in enumerate(zip(shorter, longer, strict=False)) if one != other)
    return less.code is not None and unspecified(dotted(shorter[:alike])) == less.code


def _together(less: ConditionPlan, more: ConditionPlan) -> bool:
    """Whether somebody has both, as far as that can be told from what is written."""
    pairs = zip(less.by_member, more.by_member, strict=True)
    names = less.category, more.category
    return any(one is not None and other is not None and _overlap(one, other, *names) for one, other in pairs)


def _overlap(one: Prevalence, other: Prevalence, name: str, other_name: str) -> bool:
    if one.when is not None and other.when is not None and one.when.text != other.when.text:
        return False  # of different people, for all that is known
    if _excludes(one.when, other_name) or _excludes(other.when, name):
        return False
    return any(
        share > 0 and other_share > 0 and max(low, other_low) <= min(high, other_high)
        for low, high, share in one.bands
        for other_low, other_high, other_share in other.bands
    )


def _excludes(when: Expression | None, category: str) -> bool:
    """Whether a condition is of those who do not have another one."""
    negated = (
        [node.operand for node in ast.walk(when.tree) if isinstance(node, ast.UnaryOp)] if when is not None else []
    )
    return any(name_of(operand) == f"condition.{category}" for operand in negated)
