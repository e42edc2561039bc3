"""To whom an event can happen, as far as its profile, its journey and its conditions tell: sexes,
and ages at the start."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.codes.edits import SEXES, Edit, edit_of
from healthsim_core.distributions import Distribution
from healthsim_core.distributions.allowed import NEGLIGIBLE
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.syntax import name_of
from healthsim_core.spec.distribution.parameters import OLDEST

_ANY = frozenset(SEXES)
_EVERY_AGE = frozenset(range(OLDEST + 1))
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


@attrs.frozen
class Who:
    """Sexes and ages at the start that somebody may have to whom an event happens."""

    sexes: frozenset[str] = _ANY
    ages: frozenset[int] = _EVERY_AGE

    def where(self, conditions: Iterable[Expression]) -> Who:
        """Those of them for whom conditions may hold."""
        trees = [condition.tree for condition in conditions]
        sexes = frozenset(sex for sex in self.sexes if not any(_never(tree, {"sex": sex}) for tree in trees))
        ages = frozenset(age for age in self.ages if not any(_never(tree, {"age": age}) for tree in trees))
        return Who(sexes, ages)

    def outside(self, edit: Edit) -> str:
        """The sex that cannot have a code and may be here; "" where there is none."""
        return next(iter(sorted(self.sexes - {edit.sex})), "") if edit.sex else ""


def of_positions(laws: Mapping[str, Sequence[Distribution]], positions: Iterable[int]) -> Who:
    """Those who may stand at some positions of a household, by the laws of their attributes."""
    sexes, ages = set[str](), set[int]()
    for index in positions:
        sex, age = (laws[name][index] if index < len(laws.get(name, ())) else None for name in ("sex", "age"))
        sexes |= (sex.gives({}).values if sex is not None else None) or _ANY
        ages |= _EVERY_AGE if age is None or age.names or age.kind != "number" else _drawn(age)
    return Who(frozenset(sexes) & _ANY, frozenset(ages))


def _drawn(law: Distribution) -> set[int]:
    ends = np.arange(OLDEST + 2, dtype=np.float64)
    share = np.diff(law.below(ends, {}))
    return set(np.flatnonzero(share > NEGLIGIBLE).tolist())


def edit_of_all(codes: Iterable[str]) -> Edit:
    """Whose all of some diagnoses can be: what they have in common."""
    edits = [edit_of(code) for code in codes]
    sexes, groups = {edit.sex for edit in edits}, {edit.group for edit in edits}
    return Edit(sexes.pop() if len(sexes) == 1 else "", groups.pop() if len(groups) == 1 else "")


def check_edit(who: Who, codes: Iterable[str], years: int, where: str) -> tuple[int, int] | None:
    """The ages at which an event can happen that says one of some diagnoses; None where all may have them.

    Args:
        who: To whom it can happen.
        codes: The diagnoses.
        years: Years by which people may have grown older when it happens.
        where: The path of the parameter that says them, for errors.

    Raises:
        SpecificationError: Somebody of the wrong sex may be here, or nobody of the right age can.
    """
    edit, named_codes = edit_of_all(codes), sorted(codes)
    if not (who.sexes and who.ages and edit):
        return None
    named = f'"{named_codes[0]}"' if len(named_codes) == 1 else f'"{named_codes[0]}" and the like'
    other = who.outside(edit)
    if other:
        what = f"{named} is {edit.told}, and {SEXES[other]} may come here."
        raise SpecificationError(what, where, f"Add the condition \"sex == '{edit.sex}'\" to the event or its journey.")
    if never_of_age(who, edit, years):
        raise SpecificationError(f"{named} is {edit.told}, and nobody who comes here is.", where, "Name another code.")
    return edit.ages if sometimes_outside(who, edit, years) else None


def never_of_age(who: Who, edit: Edit, years: int) -> bool:
    """Whether nobody is of a code's ages within some years after the start."""
    if edit.ages is None:
        return False
    low, high = edit.ages
    return not any(age <= high and age + years >= low for age in who.ages)


def sometimes_outside(who: Who, edit: Edit, years: int) -> bool:
    """Whether somebody may not be of a code's ages within some years after the start."""
    if edit.ages is None:
        return False
    return any(age < edit.ages[0] or age + years > edit.ages[1] for age in who.ages)


@attrs.frozen
class Comers:
    """To whom each node of a plan can happen.

    Attributes:
        laws: Ages and sexes of the household's positions.
        of_node: By node, to whom it can happen.
    """

    laws: Mapping[str, Sequence[Distribution]]
    of_node: list[Who] = attrs.field(factory=list)

    def add(
        self, members: Iterable[int], parent: int | None, born: bool, child: bool, holds: Iterable[Expression]
    ) -> None:
        """Add a node.

        Args:
            members: The household positions to which its journey happens.
            parent: The node that it follows.
            born: Whether it is the first that happens to the child.
            child: Whether it happens to the child.
            holds: What holds where it happens.
        """
        before = self.of_node[parent] if parent is not None and not born else Who()
        here = (Who(ages=frozenset([0])) if born else before) if child else of_positions(self.laws, members)
        both = Who(here.sexes & before.sexes, here.ages & before.ages)
        self.of_node.append(both if child else both.where(holds))

    def caused(self, parent: int, holds: Iterable[Expression]) -> None:
        """Add a node that happens to whom another one does, where some conditions hold."""
        self.of_node.append(self.of_node[parent].where(holds))


def _never(tree: ast.expr, known: Mapping[str, object]) -> bool:
    """Whether a condition certainly does not hold where some names have these values."""
    match tree:
        case ast.BoolOp(op=ast.And()):
            return any(_never(value, known) for value in tree.values)
        case ast.BoolOp(op=ast.Or()):
            return all(_never(value, known) for value in tree.values)
        case ast.UnaryOp(op=ast.Not()):
            return _ever(tree.operand, known)
    return _said(tree, known) is False


def _ever(tree: ast.expr, known: Mapping[str, object]) -> bool:
    """Whether a condition certainly holds where some names have these values."""
    match tree:
        case ast.BoolOp(op=ast.And()):
            return all(_ever(value, known) for value in tree.values)
        case ast.BoolOp(op=ast.Or()):
            return any(_ever(value, known) for value in tree.values)
        case ast.UnaryOp(op=ast.Not()):
            return _never(tree.operand, known)
    return _said(tree, known) is True


def _said(tree: ast.expr, known: Mapping[str, object]) -> bool | None:
    """What a comparison of known names says; None where it reads others."""
    if not isinstance(tree, ast.Compare):
        return None
    sides = [_value(side, known) for side in (tree.left, *tree.comparators)]
    if any(side is None for side in sides):
        return None
    try:
        return all(_holds(op, left, right) for op, left, right in zip(tree.ops, sides, sides[1:], strict=False))
    except TypeError:
        return None


def _holds(op: ast.cmpop, left: object, right: object) -> bool:
    if isinstance(op, ast.In | ast.NotIn):
        inside = left in right  # type: ignore[operator]
        return inside if isinstance(op, ast.In) else not inside
    return bool(_COMPARED[type(op)](left, right))


def _value(node: ast.expr, known: Mapping[str, object]) -> object | None:
    name = name_of(node)
    if name is not None:
        return known.get(name)
    try:
        return ast.literal_eval(node)  # type: ignore[no-any-return]
    except ValueError:
        return None
