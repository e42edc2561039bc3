"""Codes by state: what a diagnosis is called of somebody who is in a state that has a code of its own for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text
from healthsim_core.expressions.expression import Expression

Held = Callable[[Expression, NDArray[np.intp]], NDArray[np.bool_]]


@attrs.frozen
class CodeByState:
    """A code that stands in the place of others.

    Attributes:
        instead_of: Codes that begin with it.
        when: Of whom.
        code: The code in their place.
        description: Its words.
    """

    instead_of: str
    when: Expression
    code: str
    description: str


@attrs.frozen
class Recoded:
    """A parameter whose codes depend on the person's state.

    Attributes:
        name: The parameter.
        rules: Those of its codes; the first that holds counts.
    """

    name: str
    rules: tuple[CodeByState, ...]

    @property
    def words(self) -> str:
        """The parameter of its words."""
        return "description" if self.name == "code" else f"{self.name.removesuffix('_code')}_description"

    @classmethod
    def of(cls, name: str, codes: Iterable[str] | None, rules: Iterable[CodeByState]) -> Recoded | None:
        """How the codes of a parameter depend on states; None where none of them does.

        Args:
            name: The parameter.
            codes: What it may say; None where that is not known.
            rules: All rules.
        """
        said = None if codes is None else tuple(codes)
        some = tuple(rule for rule in rules if said is None or any(code.startswith(rule.instead_of) for code in said))
        return cls(name, some) if some else None

    def applied(self, parameters: Mapping[str, Any], rows: int, held: Held) -> dict[str, Any]:
        """The parameters with the codes of states.

        Args:
            parameters: What events have.
            rows: How many they are.
            held: Takes an expression and rows; returns for which of these it holds.
        """
        columns = Columns(parameters, rows)
        if self.name not in columns:
            return dict(parameters)
        codes, words = columns.text(self.name), columns.text(self.words) if self.words in columns else None
        open_ = np.ones(rows, bool)
        for rule in self.rules:
            named = codes.map(lambda code, prefix=rule.instead_of: code.startswith(prefix), bool, False)  # type: ignore[misc]
            at = np.flatnonzero(np.asarray(named) & open_)
            at = at[held(rule.when, at)] if len(at) else at
            open_[at] = False
            codes = _with(codes, at, rule.code)
            words = _with(words, at, rule.description) if words is not None else None
        return {**parameters, self.name: codes, **({} if words is None else {self.words: words})}


def alike(code: str, rules: Iterable[CodeByState]) -> tuple[str, ...]:
    """How the codes begin with which somebody has a condition: with its own, or one that stands in its place.

    Args:
        code: The condition as somebody asks for it; "" for any.
        rules: Codes by state.
    """
    return code, *sorted({rule.code for rule in rules if code and rule.instead_of.startswith(code)})


def _with(text: Text, at: NDArray[np.intp], value: str) -> Text:
    if not len(at):
        return text
    values = text.values.to_pylist()
    codes = text.codes.copy()
    codes[at] = len(values)
    return Text(codes, [*values, value])
