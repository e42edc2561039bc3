"""Expressions for conditions and derived values: parsed, checked against the known columns, evaluated on whole columns.

    severity == 'uncontrolled' and age >= 65
    'E11' in conditions
    a1c + parameters.change

Allowed: names (plain, or `entity.x`, `outcome.x`, `parameters.x`, `journey.x`), numbers, texts, lists, `and or not`,
comparisons, `in`, `is None`, `+ - * / %`, the functions abs, min, max, round, floor, sqrt, exp, log, and those of
plugins, such as `toolbox.body_mass_index(weight, height)`. A comparison with null is false. `'x' in column` asks
whether one of a text's space-separated words is x or begins with x.

What an expression reads, and whether its kinds go together, is found when the plan is compiled
(see `checking`); what has passed it has a value for every row.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.absent import Whereabouts, whereabouts
from healthsim_core.catalog import offered
from healthsim_core.columns import Text
from healthsim_core.errors import SpecificationError, nearest
from healthsim_core.expressions.evaluation import ARITHMETIC, COMPARE, FUNCTIONS, Rows, evaluated, truth
from healthsim_core.expressions.syntax import DOT, function_of, name_of, spoken
from healthsim_core.language_offers import ExpressionFunction

_CODES = re.compile(
    r"""'[^']*'|"[^"]*"|\b(?P<name>(?:condition|severity|code|onset|description)\.[A-Z][0-9A-Z]{2})\.(?P<rest>[0-9A-Z]{1,4})\b"""
)
LONGEST = 2_000  # characters
MOST_PARTS = 500
DEEPEST = 40
GREATEST = 1e15  # of the numbers written; whole numbers up to here are exact
_KINDS = "Compare numbers with numbers, texts by == and in, dates with texts such as '2025-12-31'."
_ARGUMENTS = {"round": (1, 2), "min": (2, LONGEST), "max": (2, LONGEST)}  # least and most; of other functions one


@attrs.frozen
class Expression:
    """A parsed expression.

    Attributes:
        text: As it was written.
        names: The names it reads; `entity.` is dropped, other namespaces stay.
        tree: Its syntax, of the parts that the language has.
        where: Where it is written, for errors.
        wanted: The kind of value it must give: "boolean" for a condition, "number" for a parameter, "" for any.
        functions: Functions of plugins that it calls, by the names under which it does.
    """

    text: str
    names: frozenset[str]
    tree: ast.expr = attrs.field(repr=False)
    where: str = attrs.field(default="", eq=False)
    wanted: str = attrs.field(default="", eq=False)
    functions: Mapping[str, ExpressionFunction] = attrs.field(factory=dict, eq=False, repr=False)

    @classmethod
    def parse(cls, text: str, where: str = "", wanted: str = "") -> Expression:
        """Parse an expression.

        Raises:
            SpecificationError: It is not of the language; the message says what is not allowed.
        """
        if len(text) > LONGEST:
            raise SpecificationError(
                f'"{text[:40]}..." has {len(text)} characters.', where, f"At most {LONGEST:,} are allowed."
            )
        try:
            tree = ast.parse(_CODES.sub(_in_one_word, text.strip()), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise SpecificationError(
                f'"{text}" is not an expression.', where, 'Write for example "age >= 65".'
            ) from None
        reading = _Reading(text, where)
        _check(reading, tree, 1)
        return cls(text, frozenset(reading.names), tree, where, wanted, reading.functions)

    def values(self, columns: Mapping[str, Any], rows: int) -> Any:
        """The expression's value for every row: a column of `rows`."""
        try:
            with np.errstate(all="ignore"):  # a row's division by zero is infinite, its root of less than zero null
                value = evaluated(self.tree, Rows(columns, rows, self.functions))
        except (TypeError, ValueError) as error:  # of an expression that nobody required
            raise SpecificationError(f'"{self.text}" cannot be computed: {error}.', self.where, _KINDS) from error
        if isinstance(value, str):
            return Text.constant(value, rows)
        return (
            value
            if isinstance(value, Text)
            else np.broadcast_to(np.asarray(np.nan if value is None else value), (rows,))
        )

    def holds(self, columns: Mapping[str, Any], rows: int) -> NDArray[np.bool_]:
        """Boolean array (rows,): where the expression is true."""
        return np.asarray(truth(self.values(columns, rows)), bool)


def expressions_in(compiled: Any) -> Iterator[Expression]:
    """Every expression within a compiled value: a distribution, a node, a tuple of them."""
    if isinstance(compiled, Expression):
        yield compiled
    elif isinstance(compiled, tuple):
        for part in compiled:
            yield from expressions_in(part)
    elif attrs.has(type(compiled)):
        for field in attrs.fields(type(compiled)):
            yield from expressions_in(getattr(compiled, field.name))


@attrs.define
class _Reading:
    """An expression while it is read: what it names and calls, and how many parts it has had so far."""

    text: str
    where: str
    names: set[str] = attrs.field(factory=set)
    functions: dict[str, ExpressionFunction] = attrs.field(factory=dict)
    parts: int = 0

    def refused(self, what: str, remedy: str = "") -> SpecificationError:
        known = f"Functions: {', '.join([*sorted(FUNCTIONS), *sorted(offered().functions)])}."
        return SpecificationError(
            f'{what} is not allowed in the expression "{self.text}".', self.where, remedy or known
        )


def _check(reading: _Reading, node: ast.expr, depth: int) -> None:
    reading.parts += 1
    if depth > DEEPEST or reading.parts > MOST_PARTS:
        what = f'"{reading.text[:40]}..." has more than {DEEPEST} parts within one another, or {MOST_PARTS} in all.'
        raise SpecificationError(what, reading.where, "Write it shorter, or in several attributes.")
    name = name_of(node)
    if name is not None:
        reading.names.add(name)
        return
    for child in _children(reading, node):
        _check(reading, child, depth + 1)


def _children(reading: _Reading, node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.Call():
            return _arguments(reading, node)
        case ast.Compare(ops=ops) if all(
            isinstance(op, ast.In | ast.NotIn | ast.Is | ast.IsNot) or type(op) in COMPARE for op in ops
        ):
            return [node.left, *node.comparators]
        case ast.BinOp(left=left, right=right) if (
            type(node.op) in ARITHMETIC and not _repeatable(left) and not _repeatable(right)
        ):
            return [left, right]
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd()):
            return [node.operand]
        case ast.BoolOp():
            return node.values
        case ast.List() | ast.Tuple():
            return node.elts
        case ast.Constant(value=bool() | str() | None):
            return []
        case ast.Constant(value=int() | float()):
            if not abs(node.value) <= GREATEST:  # type: ignore[arg-type]
                raise reading.refused(f"a number above {GREATEST:,.0f}", "Write a smaller one.")
            return []
    raise reading.refused(f"`{spoken(node)[:40]}`")


def _repeatable(node: ast.expr) -> bool:
    """Whether Python would repeat it where it is multiplied."""
    return isinstance(node, ast.List | ast.Tuple) or isinstance(getattr(node, "value", None), str)


def _arguments(reading: _Reading, node: ast.Call) -> list[ast.expr]:
    name = function_of(node)
    if "." in name and name in offered().functions:
        reading.functions[name] = offered().functions[name]
        least = most = len(reading.functions[name].arguments)
    elif name in FUNCTIONS:
        least, most = _ARGUMENTS.get(name, (1, 1))
    else:
        raise reading.refused(f"a call of {spoken(node.func)[:40]}", _instead_of(name))
    if node.keywords:
        raise reading.refused(f"a call of {name} with names of its values", "Give the values alone, in order.")
    if not least <= len(node.args) <= most:
        raise reading.refused(
            f"{name} of {len(node.args)} values", f"It takes {least}." if name in reading.functions else ""
        )
    return node.args


def _instead_of(name: str) -> str:
    """Where a function is that nobody offers, else the nearest that somebody does; nothing where neither is known."""
    there = whereabouts("function", name, offered().plugins) if "." in name else Whereabouts()
    if there.said:
        return f"I{there.said[1:]}. {there.remedy}"
    near = nearest(name, [*FUNCTIONS, *offered().functions], 0.7)
    return f'Did you mean "{near}"?' if near else ""


def _in_one_word(match: re.Match[str]) -> str:
    return match[0] if match["name"] is None else f"{match['name']}{DOT}{match['rest']}"
