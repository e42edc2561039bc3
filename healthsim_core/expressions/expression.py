"""Expressions for conditions and derived values: parsed, checked against the known columns, evaluated on whole columns.

    severity == 'uncontrolled' and age >= 65
    'E11' in conditions
    a1c + parameters.change

Allowed: names (plain, or `entity.x`, `outcome.x`, `parameters.x`, `journey.x`), numbers, texts, lists, `and or not`,
comparisons, `in`, `is None`, `+ - * / %`, and the functions abs, min, max, round, floor, sqrt, exp, log. A comparison
with null is false. `'x' in column` asks whether one of a text's space-separated words is x or begins with x.

What an expression reads, and whether its kinds go together, is found when the plan is compiled
(see `checking`); what has passed it has a value for every row.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import portable
from healthsim_core.columns import Text
from healthsim_core.errors import SpecificationError
from healthsim_core.spec.reserved import NAMESPACES

_DOT = "\u01c0"  # a letter to Python, that nobody writes: for the dot within the code of `condition.U07.1`
_CODES = re.compile(
    r"""'[^']*'|"[^"]*"|\b(?P<name>(?:condition|severity|code|onset|description)\.[A-Z][0-9A-Z]{2})\.(?P<rest>[0-9A-Z]{1,4})\b"""
)
LONGEST = 2_000  # characters
MOST_PARTS = 500
DEEPEST = 40
GREATEST = 1e15  # of the numbers written; whole numbers up to here are exact
_DAYS = 1_000_000  # from one date to another; beyond lies no date
_KINDS = "Compare numbers with numbers, texts by == and in, dates with texts such as '2025-12-31'."
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "floor": np.floor, "sqrt": np.sqrt, "exp": portable.exp, "log": portable.log,
    "round": lambda value, places=0: np.round(value, int(places)),
    "min": lambda *values: functools.reduce(np.minimum, values),
    "max": lambda *values: functools.reduce(np.maximum, values),
}  # fmt: skip
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
    """

    text: str
    names: frozenset[str]
    tree: ast.expr = attrs.field(repr=False)
    where: str = attrs.field(default="", eq=False)
    wanted: str = attrs.field(default="", eq=False)

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
        names: set[str] = set()
        _check(_Reading(text, where, names), tree, 1)
        return cls(text, frozenset(names), tree, where, wanted)

    def values(self, columns: Mapping[str, Any], rows: int) -> Any:
        """The expression's value for every row: a column of `rows`."""
        try:
            with np.errstate(all="ignore"):  # a row's division by zero is infinite, its root of less than zero null
                value = _evaluate(self.tree, columns)
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
        return np.asarray(_truth(self.values(columns, rows)), bool)


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
    """An expression while it is read: what it names, and how many parts it has had so far."""

    text: str
    where: str
    names: set[str]
    parts: int = 0

    def refused(self, what: str, remedy: str = f"Functions: {', '.join(sorted(_FUNCTIONS))}.") -> SpecificationError:
        return SpecificationError(f'{what} is not allowed in the expression "{self.text}".', self.where, remedy)


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
            isinstance(op, ast.In | ast.NotIn | ast.Is | ast.IsNot) or type(op) in _COMPARE for op in ops
        ):
            return [node.left, *node.comparators]
        case ast.BinOp(left=left, right=right) if (
            type(node.op) in _ARITHMETIC and not _repeatable(left) and not _repeatable(right)
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
    if not (isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS) or node.keywords:
        raise reading.refused(f"a call of {spoken(node.func)[:40]}")
    least, most = _ARGUMENTS.get(node.func.id, (1, 1))
    if not least <= len(node.args) <= most:
        raise reading.refused(f"{node.func.id} of {len(node.args)} values")
    return node.args


def _in_one_word(found: re.Match[str]) -> str:
    return found[0] if found["name"] is None else f"{found['name']}{_DOT}{found['rest']}"


def name_of(node: ast.expr) -> str | None:
    """The column that a part of an expression names; None where it is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in NAMESPACES:
        attribute = node.attr.replace(_DOT, ".")
        return attribute if node.value.id == "entity" else f"{node.value.id}.{attribute}"
    return None


def spoken(node: ast.AST) -> str:
    """A part of an expression as it is written."""
    return ast.unparse(node).replace(_DOT, ".")


def _evaluate(node: ast.expr, columns: Mapping[str, Any]) -> Any:
    name = name_of(node)
    if name is not None:
        return columns[name]
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_evaluate(item, columns) for item in node.elts]
        case ast.Call(func=ast.Name(id=function)):
            return _FUNCTIONS[function](*(_countable(_evaluate(argument, columns)) for argument in node.args))
        case ast.UnaryOp(op=ast.Not()):
            return ~_truth(_evaluate(node.operand, columns))
        case ast.UnaryOp():
            value = _countable(_evaluate(node.operand, columns))
            return -value if isinstance(node.op, ast.USub) else value
        case ast.BinOp():
            return _computed(node.op, *(_countable(_evaluate(side, columns)) for side in (node.left, node.right)))
        case ast.BoolOp():
            parts = [_truth(_evaluate(part, columns)) for part in node.values]
            reduce = np.logical_and.reduce if isinstance(node.op, ast.And) else np.logical_or.reduce
            return reduce(np.broadcast_arrays(*parts))
        case ast.Compare():
            return _compared(node, columns)
    raise AssertionError(node)


def _countable(value: Any) -> Any:
    """Numbers as float64, which neither overflow nor divide by zero with an exception; dates as they are."""
    if isinstance(value, Text):
        raise TypeError("a text is not a number")
    array = np.asarray(np.nan if value is None else value)
    if array.dtype.kind == "M":
        return array
    if array.dtype.kind not in "biuf":
        raise TypeError("a text is not a number")
    return array.astype(np.float64)


def _computed(op: ast.operator, left: Any, right: Any) -> Any:
    dates = left.dtype.kind == "M", right.dtype.kind == "M"
    if not any(dates):
        return _ARITHMETIC[type(op)](left, right)
    if all(dates):
        if not isinstance(op, ast.Sub):
            raise TypeError("dates can be subtracted from one another, nothing else")
        days = left.astype("datetime64[D]") - right.astype("datetime64[D]")
        return np.where(np.isnat(days), np.nan, days.astype(np.float64))
    if not isinstance(op, ast.Add | ast.Sub) or (dates[1] and isinstance(op, ast.Sub)):
        raise TypeError("days can be added to a date or taken from it, nothing else")
    date, days = (left, right) if dates[0] else (right, left)
    usable = np.abs(days) <= _DAYS
    moved = np.where(usable, np.floor(days), 0).astype("timedelta64[D]")
    return np.where(
        usable, date.astype("datetime64[D]") + (-moved if isinstance(op, ast.Sub) else moved), np.datetime64("NaT")
    )


def _compared(node: ast.Compare, columns: Mapping[str, Any]) -> Any:
    left, holds = _evaluate(node.left, columns), np.True_
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _evaluate(comparator, columns)
        holds = np.logical_and(holds, _pair(op, left, right))
        left = right
    return holds


def _pair(op: ast.cmpop, left: Any, right: Any) -> Any:
    if isinstance(op, ast.In | ast.NotIn):
        inside = _among(left, right)
        return inside if isinstance(op, ast.In) else ~inside & ~_null(left) & ~_null_words(right)
    if isinstance(op, ast.Is | ast.IsNot) or left is None or right is None:
        null = _null(right if left is None else left)
        return null if isinstance(op, ast.Is | ast.Eq) else ~null
    if isinstance(op, ast.NotEq):
        return ~np.asarray(_comparable(left, right) == _comparable(right, left)) & ~_null(left) & ~_null(right)
    if isinstance(left, str) and isinstance(right, Text):
        left, right = right, left
    return _COMPARE[type(op)](_comparable(left, right), _comparable(right, left))


def _comparable(value: Any, other: Any) -> Any:
    if isinstance(other, np.ndarray) and other.dtype.kind == "M" and isinstance(value, str):
        return np.datetime64(value)
    return value


def _among(left: Any, right: Any) -> Any:
    if isinstance(right, Text):
        return right.map(lambda words: any(word.startswith(str(left)) for word in words.split()), bool, False)
    right = [right] if isinstance(right, str) else right
    if isinstance(left, Text):
        return left.isin(right)
    found = [_comparable(item, left) for item in right]
    return np.isin(left, found) if found else np.zeros(np.shape(left), bool)


def _null_words(value: Any) -> Any:
    return value.is_null() if isinstance(value, Text) else np.False_


def _null(value: Any) -> Any:
    if isinstance(value, Text):
        return value.is_null()
    if value is None:
        return np.True_
    array = np.asarray(value)
    if array.dtype.kind == "M":
        return np.isnat(array)
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)


def _truth(value: Any) -> Any:
    if isinstance(value, Text):
        return ~value.is_null()
    if value is None:
        return np.False_
    array = np.asarray(value)
    return array if array.dtype.kind == "b" else ~_null(array) & (array.astype(np.float64) != 0)
