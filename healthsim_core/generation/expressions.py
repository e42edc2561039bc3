"""Expressions for conditions and derived values: parsed, checked against the known names, evaluated on whole columns.

    severity == 'uncontrolled' and age >= 65
    'E11' in conditions
    a1c + parameters.change

Allowed: names (plain, or `entity.x`, `outcome.x`, `parameters.x`, `journey.x`), numbers, strings, lists, `and or not`,
comparisons, `in`, `is None`, `+ - * / %`, and the functions abs, min, max, round, floor, sqrt, exp, log. A comparison with
null is false. `'x' in column` asks whether one of a text's space-separated words is x or begins with x.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.errors import SpecificationError, suggestion

NAMESPACES = ("entity", "outcome", "parameters", "journey", "condition", "severity", "code", "onset")
LONGEST = 2_000
_KINDS = "Compare numbers with numbers, texts by == and in, dates with texts such as '2025-12-31'."
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Mod: operator.mod,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "round": np.round, "floor": np.floor, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
    "min": lambda *values: functools.reduce(np.minimum, values), "max": lambda *values: functools.reduce(np.maximum, values),
}  # fmt: skip
_ARGUMENTS = {"round": (1, 2), "min": (2, LONGEST), "max": (2, LONGEST)}  # least and most; of other functions one


@attrs.frozen
class Expression:
    """A parsed expression.

    Attributes:
        text: As it was written.
        names: The names it reads; `entity.` is dropped, other namespaces stay.
    """

    text: str
    names: frozenset[str]
    _tree: ast.expr

    @classmethod
    def parse(cls, text: str, where: str = "") -> Expression:
        """Parse an expression.

        Raises:
            SpecificationError: It is not of the language; the message says what is not allowed.
        """
        if len(text) > LONGEST:
            raise SpecificationError(f"the expression has {len(text)} characters.", where, f"At most {LONGEST} are allowed.")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            raise SpecificationError(f'"{text}" is not an expression.', where, 'Write for example "age >= 65".') from None
        names: set[str] = set()
        try:
            _check(tree, names, text, where)
        except RecursionError:
            raise SpecificationError(f'"{text[:60]}..." is nested too deeply.', where, "Write it shorter.") from None
        return cls(text, frozenset(names), tree)

    def require(self, known: Iterable[str], where: str = "") -> None:
        """Raise SpecificationError where a name is not among `known`."""
        known = set(known)
        for name in sorted(self.names - known):
            raise SpecificationError(f'"{self.text}" reads "{name}", which nobody has.', where, suggestion(name, known))

    def values(self, columns: Mapping[str, Any], rows: int) -> Any:
        """The expression's value for every row: a column of `rows`."""
        try:
            with np.errstate(all="ignore"):  # a row's division by zero is infinite, its root of less than zero null
                value = _evaluate(self._tree, columns)
        except (TypeError, ValueError) as error:  # text compared with a number, arithmetic on text, a date that is none
            raise SpecificationError(f'"{self.text}" cannot be computed: {error}.', "", _KINDS) from error
        return value if isinstance(value, Text) else np.broadcast_to(np.asarray(value), (rows,))

    def holds(self, columns: Mapping[str, Any], rows: int) -> NDArray[np.bool_]:
        """Boolean array (rows,): where the expression is true."""
        return np.asarray(_truth(self.values(columns, rows)), bool)


def _check(node: ast.expr, names: set[str], text: str, where: str) -> None:
    name = _name(node)
    if name is not None:
        names.add(name)
        return
    if isinstance(node, ast.Call):
        if not (isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS) or node.keywords:
            raise _refused(f"a call of {ast.unparse(node.func)}", text, where)
        least, most = _ARGUMENTS.get(node.func.id, (1, 1))
        if not least <= len(node.args) <= most:
            raise _refused(f"{node.func.id} of {len(node.args)} values", text, where)
        children: list[ast.expr] = node.args
    elif isinstance(node, ast.Compare):
        if not all(isinstance(op, ast.In | ast.NotIn | ast.Is | ast.IsNot) or type(op) in _COMPARE for op in node.ops):
            raise _refused("that comparison", text, where)
        children = [node.left, *node.comparators]
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        children = [node.left, node.right]
        if any(isinstance(c, ast.List | ast.Tuple) or isinstance(getattr(c, "value", None), str) for c in children):
            raise _refused(f"`{ast.unparse(node)[:40]}`", text, where)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.UAdd):
        children = [node.operand]
    elif isinstance(node, ast.BoolOp):
        children = node.values
    elif isinstance(node, ast.List | ast.Tuple):
        children = node.elts
    elif isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        children = []
    else:
        raise _refused(f"`{ast.unparse(node)[:40]}`", text, where)
    for child in children:
        _check(child, names, text, where)


def _refused(what: str, text: str, where: str) -> SpecificationError:
    remedy = f"Functions: {', '.join(sorted(_FUNCTIONS))}."
    return SpecificationError(f'{what} is not allowed in the expression "{text}".', where, remedy)


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in NAMESPACES:
        return node.attr if node.value.id == "entity" else f"{node.value.id}.{node.attr}"
    return None


def _evaluate(node: ast.expr, columns: Mapping[str, Any]) -> Any:
    name = _name(node)
    if name is not None:
        return columns[name]
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_evaluate(item, columns) for item in node.elts]
        case ast.Call(func=ast.Name(id=function)):
            return _FUNCTIONS[function](*(_evaluate(argument, columns) for argument in node.args))
        case ast.UnaryOp(op=ast.Not()):
            return ~_truth(_evaluate(node.operand, columns))
        case ast.UnaryOp():
            value = _evaluate(node.operand, columns)
            return -value if isinstance(node.op, ast.USub) else value
        case ast.BinOp():
            return _ARITHMETIC[type(node.op)](*(_number(_evaluate(side, columns)) for side in (node.left, node.right)))
        case ast.BoolOp():
            parts = [_truth(_evaluate(part, columns)) for part in node.values]
            reduce = np.logical_and.reduce if isinstance(node.op, ast.And) else np.logical_or.reduce
            return reduce(np.broadcast_arrays(*parts))
        case ast.Compare():
            return _compared(node, columns)
    raise AssertionError(node)


def _number(value: Any) -> Any:
    if not isinstance(value, int | float):
        return value
    whole = isinstance(value, int) and abs(value) < 2**62
    return np.int64(value) if whole else np.float64(value)  # these divide by zero without an exception


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
        return inside if isinstance(op, ast.In) else ~inside & ~_null(left)
    if isinstance(op, ast.Is | ast.IsNot) or right is None:
        null = _null(left)
        return null if isinstance(op, ast.Is | ast.Eq) else ~null
    if isinstance(op, ast.NotEq):
        return ~np.asarray(left == right) & ~_null(left) & ~_null(right)
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
    return left.isin(right) if isinstance(left, Text) else np.isin(left, right)


def _null(value: Any) -> Any:
    if isinstance(value, Text):
        return value.is_null()
    array = np.asarray(value)
    if array.dtype.kind == "M":
        return np.isnat(array)
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)


def _truth(value: Any) -> Any:
    if isinstance(value, Text):
        return ~value.is_null()
    array = np.asarray(value)
    return array if array.dtype.kind == "b" else ~_null(array) & (array != 0)
