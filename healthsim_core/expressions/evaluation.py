"""Expressions computed for whole columns."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core import portable
from healthsim_core.columns import Column, Text
from healthsim_core.errors import HealthSimError, PluginError
from healthsim_core.expressions.diagnosed import Diagnosed
from healthsim_core.expressions.syntax import function_of, name_of
from healthsim_core.language_offers import ExpressionFunction

_DAYS = 1_000_000  # from one date to another; beyond lies no date
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "floor": np.floor, "sqrt": np.sqrt, "exp": portable.exp, "log": portable.log,
    "round": lambda value, places=0: np.round(value, int(places)),
    "min": lambda *values: functools.reduce(np.minimum, values),
    "max": lambda *values: functools.reduce(np.maximum, values),
}  # fmt: skip


@attrs.frozen(eq=False)
class Rows:
    """What an expression is computed from.

    Attributes:
        columns: The columns that it reads.
        count: How many rows they have.
        functions: Functions of plugins that it calls, by the names under which it does.
    """

    columns: Mapping[str, Any]
    count: int
    functions: Mapping[str, ExpressionFunction]


def evaluated(node: ast.expr, rows: Rows) -> Any:
    """The value of an expression, or of a part of it: a column, or what is the same for all rows."""
    name = name_of(node)
    if name is not None:
        return rows.columns[name]
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [evaluated(item, rows) for item in node.elts]
        case ast.Call(func=ast.Name(id=function)):
            return FUNCTIONS[function](*(_countable(evaluated(argument, rows)) for argument in node.args))
        case ast.Call():
            return _of_plugin(rows, function_of(node), [evaluated(argument, rows) for argument in node.args])
        case ast.UnaryOp(op=ast.Not()):
            return ~truth(evaluated(node.operand, rows))
        case ast.UnaryOp():
            value = _countable(evaluated(node.operand, rows))
            return -value if isinstance(node.op, ast.USub) else value
        case ast.BinOp():
            return _computed(node.op, *(_countable(evaluated(side, rows)) for side in (node.left, node.right)))
        case ast.BoolOp():
            parts = [truth(evaluated(part, rows)) for part in node.values]
            reduce = np.logical_and.reduce if isinstance(node.op, ast.And) else np.logical_or.reduce
            return reduce(np.broadcast_arrays(*parts))
        case ast.Compare():
            return _compared(node, rows)
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
        return ARITHMETIC[type(op)](left, right)
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


def _compared(node: ast.Compare, rows: Rows) -> Any:
    left, holds = evaluated(node.left, rows), np.True_
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluated(comparator, rows)
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
    return COMPARE[type(op)](_comparable(left, right), _comparable(right, left))


def _comparable(value: Any, other: Any) -> Any:
    if isinstance(other, np.ndarray) and other.dtype.kind == "M" and isinstance(value, str):
        return np.datetime64(value)
    return value


def _among(left: Any, right: Any) -> Any:
    if isinstance(right, Diagnosed):
        return right.holding(str(left))
    if isinstance(right, Text):
        return right.map(lambda words: any(word.startswith(str(left)) for word in words.split()), bool, False)
    right = [right] if isinstance(right, str) else right
    if isinstance(left, Text):
        return left.isin(right)
    items = [_comparable(item, left) for item in right]
    return np.isin(left, items) if items else np.zeros(np.shape(left), bool)


def _null_words(value: Any) -> Any:
    return value.is_null() if isinstance(value, Text | Diagnosed) else np.False_


def _null(value: Any) -> Any:
    if isinstance(value, Text | Diagnosed):
        return value.is_null()
    if value is None:
        return np.True_
    array = np.asarray(value)
    if array.dtype.kind == "M":
        return np.isnat(array)
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)


def truth(value: Any) -> Any:
    """Where a value counts as true."""
    if isinstance(value, Text | Diagnosed):
        return ~value.is_null()
    if value is None:
        return np.False_
    array = np.asarray(value)
    return array if array.dtype.kind == "b" else ~_null(array) & (array.astype(np.float64) != 0)


def _of_plugin(rows: Rows, name: str, arguments: Sequence[Any]) -> Column:
    """What a plugin's function gives: null wherever an argument is null, as core's own do."""
    function = rows.functions[name]
    given = [_column(argument, kind, rows.count) for argument, kind in zip(arguments, function.arguments, strict=True)]
    null = functools.reduce(np.logical_or, (_null(argument) for argument in given), np.zeros(rows.count, bool))
    try:
        values = _column_of_kind(function.compute(*given), function.gives)
    except HealthSimError:
        raise
    except Exception as error:  # whatever a stranger's function raises is told with its name
        what = f"{name} raised {type(error).__name__}: {' '.join(str(error).split())}."
        raise PluginError(what, function.product) from error
    if len(values) != rows.count:
        what = f"{name} returns {len(values):,} rows of {rows.count:,}."
        raise PluginError(what, function.product, "Return a value for each row.")
    if not function.sometimes_null and (_null(values) & ~null).any():
        what = f"{name} is null where its arguments are not."
        raise PluginError(what, function.product, "Say so: `sometimes_null=True`.")
    if function.gives == "text":
        return Text.only(values, ~null)
    nothing: Any = {"number": np.nan, "date": np.datetime64("NaT"), "boolean": False}[function.gives]
    kept: Column = np.where(null, nothing, values)
    return kept


def _column(value: Any, kind: str, rows: int) -> Any:
    """An argument as a column of its kind."""
    if kind == "text":
        return value if isinstance(value, Text) else Text.constant(value, rows)
    if kind == "boolean":
        return np.broadcast_to(truth(value), (rows,))
    if kind == "date":
        return np.broadcast_to(np.asarray(value, "datetime64[D]"), (rows,))
    return np.broadcast_to(_countable(value), (rows,))


def _column_of_kind(values: Any, kind: str) -> Any:
    """A plugin's answer as a column of the kind that it says it gives."""
    if kind == "text":
        return values if isinstance(values, Text) else Text.of(values)
    dtype: Any = {"number": np.float64, "boolean": np.bool_, "date": "datetime64[D]"}[kind]
    return np.asarray(values, dtype)
