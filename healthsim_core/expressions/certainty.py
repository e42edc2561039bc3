"""What is certain where a condition holds: which names are then not null."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import attrs

from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import ANYTHING, Kind
from healthsim_core.expressions.syntax import name_of

_NOTHING: frozenset[str] = frozenset()


def certain_where(conditions: Iterable[Expression], known: Mapping[str, Kind]) -> frozenset[str]:
    """Names that are not null where all of some conditions hold, each without `outcome.`.

    Args:
        conditions: What holds; a comparison with null does not.
        known: What the columns hold, and what each tells of others where it is not null.
    """
    not_null = _NOTHING.union(*(_where_true(expression.tree, known) for expression in conditions))
    return with_told(not_null, known)


def certain_where_not(condition: Expression, known: Mapping[str, Kind]) -> frozenset[str]:
    """Names that are not null where a condition does not hold; see `certain_where`."""
    return with_told(_where_false(condition.tree, known), known)


def with_told(names: Iterable[str], known: Mapping[str, Kind]) -> frozenset[str]:
    """The names, and those that are not null where these are not."""
    not_null = frozenset(name.removeprefix("outcome.") for name in names)
    return not_null.union(*(known.get(name, ANYTHING).tells for name in not_null))


def made_certain(known: Mapping[str, Kind], names: Iterable[str]) -> dict[str, Kind]:
    """The kinds, where some names are not null."""
    also = {
        key: attrs.evolve(known[key], always=True)
        for name in names
        for key in (name, f"outcome.{name}")
        if key in known
    }
    return {**known, **also}


def _where_true(node: ast.expr, known: Mapping[str, Kind]) -> frozenset[str]:
    match node:
        case ast.BoolOp():
            parts = [_where_true(value, known) for value in node.values]
            return frozenset.union(*parts) if isinstance(node.op, ast.And) else frozenset.intersection(*parts)
        case ast.UnaryOp(op=ast.Not()):
            return _where_false(node.operand, known)
        case ast.Compare():
            sides = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
            return _NOTHING.union(*(_where_compared(left, op, right, known) for left, op, right in sides))
    return _where_valued(node)


def _where_false(node: ast.expr, known: Mapping[str, Kind]) -> frozenset[str]:
    match node:
        case ast.BoolOp():
            parts = [_where_false(value, known) for value in node.values]
            return frozenset.union(*parts) if isinstance(node.op, ast.Or) else frozenset.intersection(*parts)
        case ast.UnaryOp(op=ast.Not()):
            return _where_true(node.operand, known)
        case ast.Compare(ops=[ast.Is() | ast.Eq()]) if _is_null(node.comparators[0]):
            return _where_valued(node.left)
    return _NOTHING


def _where_compared(left: ast.expr, op: ast.cmpop, right: ast.expr, known: Mapping[str, Kind]) -> frozenset[str]:
    if _is_null(left) or _is_null(right):
        return _where_valued(left) | _where_valued(right) if isinstance(op, ast.IsNot | ast.NotEq) else _NOTHING
    not_null = _where_valued(left) | _where_valued(right)
    if isinstance(op, ast.In) and isinstance(left, ast.Constant) and name_of(right) == "conditions":
        not_null |= _having(str(left.value), known)
    return not_null


def _having(code: str, known: Mapping[str, Kind]) -> frozenset[str]:
    """The condition that one has whose conditions hold a code, where it can be only one."""
    categories = [
        name.removeprefix("condition.") for name in known if name.startswith("condition.") and known[name].tells
    ]
    meant = [category for category in categories if category.startswith(code) or code.startswith(category)]
    return known[f"condition.{meant[0]}"].tells if len(meant) == 1 else _NOTHING


def _where_valued(node: ast.expr) -> frozenset[str]:
    """Names without which a part of an expression has no value."""
    name = name_of(node)
    if name is not None:
        return frozenset([name])
    match node:
        case ast.BinOp():
            return _where_valued(node.left) | _where_valued(node.right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return _where_valued(node.operand)
        case ast.Call():
            return _NOTHING.union(*(_where_valued(argument) for argument in node.args))
    return _NOTHING


def _is_null(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


@attrs.define
class Certainties:
    """Which names are not null where each event of a plan happens.

    Attributes:
        known: What the person's columns hold.
        drawn: By outcome, for each event that draws it, whether it then always has a value.
        has: By condition, the household positions whose people all have it.
        at: By node, the names that are not null from there on.
        of_child: By node, whether it happens to the child.
    """

    known: Mapping[str, Kind]
    has: Mapping[str, tuple[int, ...]]
    drawn: dict[str, dict[str, bool]] = attrs.field(factory=dict)
    at: list[frozenset[str]] = attrs.field(factory=list)
    of_child: list[bool] = attrs.field(factory=list)

    def draws(self, name: str, event: str, kind: Kind) -> None:
        """Note that an event draws an outcome."""
        self.drawn.setdefault(name, {})[event] = kind.always

    def doubted(self, readable: Mapping[str, Kind]) -> dict[str, Kind]:
        """What a journey's events read: outcomes may not have been drawn yet, or have been drawn null."""
        doubtful = {name for name in self.drawn if name not in self.known or self._may_become_null(name)}
        keys = {*doubtful, *(f"outcome.{name}" for name in doubtful)} & readable.keys()
        return {**readable, **{key: attrs.evolve(readable[key], always=False) for key in keys}}

    def where(
        self,
        follows: int | None,
        newborn: bool,
        members: Iterable[int],
        conditions: Iterable[Expression],
        readable: Mapping[str, Kind],
    ) -> frozenset[str]:
        """Names that are not null where an event happens.

        Args:
            follows: The node that it follows.
            newborn: Whether it happens to the child.
            members: The household positions to which its journey happens.
            conditions: What holds there: its own conditions, and those of its journey where the journey starts with it.
            readable: What it may read.
        """
        child = newborn or (follows is not None and self.of_child[follows])
        before = self.at[follows] if follows is not None and self.of_child[follows] == child else _NOTHING
        had = (
            _NOTHING
            if child
            else frozenset(name for name, positions in self.has.items() if set(members) <= set(positions))
        )
        here = before | had | _NOTHING.union(*(_where_true(condition.tree, readable) for condition in conditions))
        names = frozenset(name.removeprefix("outcome.") for name in here)
        return names | {name for name in with_told(names, readable) - names if not self._may_become_null(name)}

    def add(self, certain: frozenset[str], drawn: Iterable[str], child: bool) -> None:
        """Keep what stays certain after the next node: not what may be drawn again, and then be null."""
        stay = {name for name in certain if not self._may_become_null(name)}
        always = {name for name in drawn if len(self.drawn.get(name, ())) < 2 or not self._may_become_null(name)}
        self.at.append(frozenset(stay | always))
        self.of_child.append(child)

    def _may_become_null(self, name: str) -> bool:
        return not all(self.drawn.get(name, {}).values())
