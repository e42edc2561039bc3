"""Whether the parts of an expression go together, found when the plan is compiled."""

from __future__ import annotations

import ast
import datetime
from collections.abc import Mapping

import attrs

from healthsim_core.catalog import offered
from healthsim_core.errors import Mistakes, SpecificationError, nearest, suggestion
from healthsim_core.expressions.asking import asked
from healthsim_core.expressions.asking import spoken as said
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import ANYTHING, BOOLEAN, DATE, NOTHING, NUMBER, Kind, always, text_of, together
from healthsim_core.expressions.known_state import ASKABLE, KnownState
from healthsim_core.expressions.syntax import function_of, name_of, spoken
from healthsim_core.language_offers import ExpressionFunction

MOST_PLACES = 12  # decimal places of `round`
_TRUE_OR_FALSE = always(BOOLEAN)  # a comparison with null is false
_SOMETIMES_NULL = ("log", "sqrt")  # of what is below zero; as are a part of zero and what is left of it
NEARLY = 0.75  # of letters in common from which a text is taken for another one, misspelt
_WANTED = {
    "boolean": ("a condition", 'Compare it with something, such as "age >= 65".'),
    "number": ("a number", "Write a number, or an expression that gives one."),
    "date": ("a date", 'Write a date, or the name of a column of dates, such as "start_date".'),
}


def kind_of_expression(expression: Expression, known: Mapping[str, Kind], where: str = "") -> Kind:
    """What an expression gives, where the columns are of these kinds.

    Raises:
        SpecificationError: It reads a name that is not `known`, its kinds do not go together, or it does not give
            what is wanted of it. Several mistakes are told at once.
    """
    checker = _Checker(expression.text, known, where or expression.where, expression.functions)
    kind = checker.kind(expression.tree)
    wanted = expression.wanted
    fits = not wanted or kind.of in (wanted, "anything") or (wanted == "number" and kind.counts)
    if not fits and not checker.mistakes.found:
        what, remedy = _WANTED[wanted]
        checker.wrong(f"is {kind}, not {what}", remedy)
    checker.mistakes.tell()
    return kind


@attrs.define
class _Checker:
    """Walks an expression; a mistake is kept and the part taken for anything, so that others are found too."""

    text: str
    known: Mapping[str, Kind]
    where: str
    functions: Mapping[str, ExpressionFunction]
    mistakes: Mistakes = attrs.field(factory=Mistakes)

    def wrong(self, what: str, remedy: str) -> Kind:
        with self.mistakes.caught():
            raise SpecificationError(f'"{self.text}" {what}.', self.where, remedy)
        return ANYTHING

    def kind(self, node: ast.expr) -> Kind:
        name = name_of(node)
        if name is not None:
            if name in self.known:
                return self.known[name]
            if asked(name) is not None:
                return self._of_state(name)
            near = suggestion(name, filter(_is_one_name, self.known))
            return self.wrong(f'reads "{name}", which nobody has', near or "See `healthsim plan` for all columns.")
        match node:
            case ast.Constant():
                return _of_constant(node.value)
            case ast.Call():
                return self._call(node)
            case ast.UnaryOp(op=ast.Not()):
                return self._condition(node.operand, "not")
            case ast.UnaryOp():
                return self._number(node.operand, spoken(node))
            case ast.BoolOp():
                word = "and" if isinstance(node.op, ast.And) else "or"
                for value in node.values:
                    self._condition(value, word)
                return _TRUE_OR_FALSE
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Compare():
                return self._comparison(node)
        return self.wrong(f"has the list `{_shown(node)}` where a value is needed", "A list stands only after `in`.")

    def _of_state(self, name: str) -> Kind:
        """What is asked of the person's state, of which too much can be asked to be listed."""
        if ASKABLE not in self.known:
            what = f"asks `{said(name)}` before anything has happened"
            return self.wrong(what, "Only journeys ask for it; a profile reads its own columns.")
        instead = self.known.get("conditions", ANYTHING).instead
        return self.mistakes.attempt(ANYTHING, offered().derived(KnownState.of).kind, name, self.where, instead)

    def _condition(self, node: ast.expr, word: str) -> Kind:
        kind = self.kind(node)
        if kind.of not in ("boolean", "anything"):
            self.wrong(f"has {kind}, `{_shown(node)}`, where `{word}` needs a condition", _WANTED["boolean"][1])
        return _TRUE_OR_FALSE

    def _number(self, node: ast.expr, place: str) -> Kind:
        kind = self.kind(node)
        if not kind.counts:
            self.wrong(f"calculates with {kind}, `{_shown(node)}`, in `{place[:40]}`", "Calculate with numbers only.")
        return always(NUMBER, kind.always)

    def _call(self, node: ast.Call) -> Kind:
        function, place = function_of(node), spoken(node)
        if function in self.functions:
            return self._of_plugin(self.functions[function], node)
        if function in ("min", "max"):
            kinds = [self.kind(argument) for argument in node.args]
            if all(kind.of == "date" for kind in kinds):
                return always(DATE, all(kind.always for kind in kinds))
        if function == "round" and len(node.args) == 2:
            places = node.args[1]
            if not (
                isinstance(places, ast.Constant) and type(places.value) is int and 0 <= places.value <= MOST_PLACES
            ):
                self.wrong(f"rounds to `{_shown(places)}` places", f"Write a whole number from 0 to {MOST_PLACES}.")
            return self._number(node.args[0], place)
        given = [self._number(argument, place).always for argument in node.args]
        return always(NUMBER, all(given) and function not in _SOMETIMES_NULL)

    def _of_plugin(self, function: ExpressionFunction, node: ast.Call) -> Kind:
        given = [self.kind(argument) for argument in node.args]
        for kind, wanted, argument in zip(given, function.arguments, node.args, strict=True):
            counts = kind.counts if wanted == "number" else kind.of in (wanted, "anything")
            a_day = wanted == "date" and isinstance(argument, ast.Constant) and _is_date(str(argument.value))
            if not (counts or a_day or (wanted == "text" and kind.is_text)):
                what = f"gives `{_shown(argument)}`, {kind}, to {function.written}, which takes {Kind(wanted)}"
                self.wrong(
                    what, f"It takes {', '.join(str(Kind(asked)) for asked in function.arguments)}, in this order."
                )
        return always(Kind(function.gives), not function.sometimes_null and all(kind.always for kind in given))

    def _arithmetic(self, node: ast.BinOp) -> Kind:
        left, right, place = self.kind(node.left), self.kind(node.right), spoken(node)
        if "date" not in (left.of, right.of):
            for kind, side in ((left, node.left), (right, node.right)):
                if not kind.counts:
                    self.wrong(
                        f"calculates with {kind}, `{_shown(side)}`, in `{place[:40]}`", "Calculate with numbers only."
                    )
            return always(NUMBER, left.always and right.always and isinstance(node.op, ast.Add | ast.Sub | ast.Mult))
        if left.of == right.of == "date" and isinstance(node.op, ast.Sub):
            return NUMBER
        if left.of == "date" and right.counts and isinstance(node.op, ast.Add | ast.Sub):
            return DATE
        if right.of == "date" and left.counts and isinstance(node.op, ast.Add):
            return DATE
        return self.wrong(f"cannot calculate `{place[:40]}`", "Add days to a date, or subtract one date from another.")

    def _comparison(self, node: ast.Compare) -> Kind:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                self._membership(left, right)
            elif isinstance(op, ast.Is | ast.IsNot):
                if not (isinstance(right, ast.Constant) and right.value is None):
                    self.wrong(f"asks `is {_shown(right)}`", "Write `is None` or `is not None`; compare values by ==.")
                self.kind(left)
            else:
                self._pair(op, left, right)
            left = right
        return _TRUE_OR_FALSE

    def _pair(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> None:
        left_kind, right_kind = self.kind(left), self.kind(right)
        equality = isinstance(op, ast.Eq | ast.NotEq)
        if ANYTHING in (left_kind, right_kind) or (left_kind.counts and right_kind.counts):
            return
        if NOTHING in (left_kind, right_kind):
            if not equality:
                self.wrong("asks whether something is more or less than None", "Ask `is None` or `is not None`.")
        elif "date" in (left_kind.of, right_kind.of):
            self._with_date(left, left_kind, right, right_kind)
        elif "words" in (left_kind.of, right_kind.of) and left_kind.is_text and right_kind.is_text:
            words, other = (left, right) if left_kind.of == "words" else (right, left)
            self.wrong(
                f"compares `{_shown(words)}`, which holds several words", f"Write `{_shown(other)} in {_shown(words)}`."
            )
        elif left_kind.is_text and right_kind.is_text:
            if not equality:
                self.wrong(
                    f"asks which of the texts `{_shown(left)}` and `{_shown(right)}` is more",
                    "Compare texts by == and in.",
                )
            self._occurs(left, right, right_kind)
            self._occurs(right, left, left_kind)
        else:
            self._unlike(left, left_kind, right, right_kind)

    def _unlike(self, left: ast.expr, left_kind: Kind, right: ast.expr, right_kind: Kind) -> None:
        self.wrong(
            f"compares `{_shown(left)}`, {left_kind}, with `{_shown(right)}`, {right_kind}", "Compare like with like."
        )

    def _with_date(self, left: ast.expr, left_kind: Kind, right: ast.expr, right_kind: Kind) -> None:
        if left_kind.of == right_kind.of:
            return
        literal = right if left_kind.of == "date" else left
        if not (isinstance(literal, ast.Constant) and isinstance(literal.value, str)):
            self._unlike(left, left_kind, right, right_kind)
        elif not _is_date(literal.value):
            self.wrong(f"compares a date with {literal.value!r}, which is none", "Write it as '2025-12-31'.")

    def _occurs(self, literal: ast.expr, column: ast.expr, kind: Kind) -> None:
        """A text that is written out must be one that the column can hold, where all of them are known."""
        if not isinstance(literal, ast.Constant) or isinstance(column, ast.Constant):
            return
        value = literal.value
        other = kind.instead(value) if kind.instead is not None and isinstance(value, str) else ""
        if other:
            self.wrong(f"compares `{_shown(column)}` with {value!r}, which it never is", other)
        elif kind.values is None:
            return
        elif (
            isinstance(value, str) and value not in kind.values and (kind.strict or nearest(value, kind.values, NEARLY))
        ):
            self.wrong(f"compares `{_shown(column)}` with {value!r}, which it never is", _one_of(value, kind.values))

    def _membership(self, left: ast.expr, right: ast.expr) -> None:
        if isinstance(right, ast.List | ast.Tuple):
            left_kind = self.kind(left)
            for item in right.elts:
                self._item(left, left_kind, item)
            return
        right_kind = self.kind(right)
        if isinstance(right, ast.Constant) and isinstance(right.value, str) and not isinstance(left, ast.Constant):
            self._pair(ast.Eq(), left, right)
        elif isinstance(right, ast.Constant) or not right_kind.is_text:
            self.wrong(
                f"asks what is in `{_shown(right)}`, {right_kind}",
                "Write a list such as ['a', 'b'], or a column of texts.",
            )
        elif not (isinstance(left, ast.Constant) and isinstance(left.value, str)):
            self.wrong(
                f"asks whether `{_shown(left)}` is in `{_shown(right)}`",
                "Write the word that is sought, such as 'E11'.",
            )
        elif other := right_kind.instead(left.value) if right_kind.instead is not None else "":
            self.wrong(f"seeks {left.value!r} in `{_shown(right)}`, where it never is", other)

    def _item(self, left: ast.expr, left_kind: Kind, item: ast.expr) -> None:
        value = item.operand if isinstance(item, ast.UnaryOp) and not isinstance(item.op, ast.Not) else item
        if not isinstance(value, ast.Constant) or value.value is None:
            self.wrong(f"has `{_shown(item)}` in a list", "A list holds numbers or texts that are written out.")
        elif left_kind.of == "words":
            self.wrong(
                f"compares `{_shown(left)}`, which holds several words, with a list",
                f"Write `{_shown(item)} in {_shown(left)}`.",
            )
        else:
            self._pair(ast.Eq(), left, item)


def _of_constant(value: object) -> Kind:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return _TRUE_OR_FALSE
    return always(text_of([value]) if isinstance(value, str) else NUMBER)


def _one_of(value: str, values: frozenset[str]) -> str:
    return suggestion(value, values) or f"It is one of {', '.join(sorted(values)[:12])}."


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2025-12-31")


def _is_one_name(name: str) -> bool:
    """Whether an expression that is the name alone reads it: "a-b" is a difference."""
    try:
        return Expression.parse(name).names == {name}
    except SpecificationError:
        return False


def _shown(node: ast.expr) -> str:
    text = spoken(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


def same_kind(kinds: Mapping[str, Kind], where: str, what: str) -> Kind:
    """What a column holds that has several sources, by their names.

    Raises:
        SpecificationError: Text and numbers would mix.
    """
    common = together(kinds.values())
    if common is None:
        listing = ", ".join(f"{name} is {kind}" for name, kind in kinds.items())
        raise SpecificationError(f"{what}: {listing}.", where, "Make all of them one or the other.")
    return common
