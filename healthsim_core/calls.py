"""Public calls say what is wrong with their arguments: a misspelt name, a missing one, something of another kind."""

from __future__ import annotations

import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from healthsim_core.errors import ArgumentError, Mistakes, suggestion

Arguments = ParamSpec("Arguments")
Given = TypeVar("Given")

_SIMPLE: dict[Any, tuple[str, Callable[[Any], bool]]] = {  # a type to its words, and whether a value is of it
    int: ("a whole number", lambda value: isinstance(value, numbers.Integral) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, numbers.Real) and not isinstance(value, bool)),
    bool: (
        "True or False",
        lambda value: isinstance(value, bool | np.bool_) or (isinstance(value, int) and value in (0, 1)),
    ),
    str: ("a text", lambda value: isinstance(value, str)),
}

_FUNCTIONS: tuple[Any, ...] = (Callable,)


def checked_call(
    stated: Collection[str] = (), later: Collection[str] = ()
) -> Callable[[Callable[Arguments, Given]], Callable[Arguments, Given]]:
    """Check the arguments of every call of a public function against its signature and its type hints.

    Types are looked at as far as a caller can be mistaken in them: `Iterable[str]` takes no text, what is in it is not
    looked at.

    Args:
        stated: Names that a function with `**stated` takes besides its own; none takes all.
        later: Names of arguments that the function itself looks at, together with others.

    Raises:
        ArgumentError: From every call with wrong arguments; it is a TypeError, as Python's own is.

    Examples:
        >>> @checked_call()
        ... def greet(name: str, times: int = 1) -> str:
        ...     return f"Hello, {name}! " * times
        >>> greet("Ana", tims=2)
        Traceback (most recent call last):
            ...
        healthsim_core.errors.ArgumentError: greet: there is no argument "tims".
          Did you mean "times"?
    """

    def checked(function: Callable[Arguments, Given]) -> Callable[Arguments, Given]:
        signature = inspect.signature(function)
        name = function.__qualname__.removesuffix(".__init__")

        @functools.wraps(function)
        def call(*arguments: Arguments.args, **named: Arguments.kwargs) -> Given:
            _check_names(name, signature, named, stated)
            try:
                bound = signature.bind(*arguments, **named)
            except TypeError as error:
                raise ArgumentError(f"{error}.", name, f"It takes {_told(signature)}.") from None
            _check_kinds(
                function, signature, {key: value for key, value in bound.arguments.items() if key not in later}
            )
            return function(*arguments, **named)

        return call

    return checked


def _check_names(name: str, signature: inspect.Signature, named: Mapping[str, Any], stated: Collection[str]) -> None:
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in signature.parameters.values())
    if takes_any and not stated:
        return
    known = [*_names(signature), *stated]
    mistakes = Mistakes()
    for word in named:
        if word not in known:
            with mistakes.caught():
                raise ArgumentError(
                    f'there is no argument "{word}".', name, suggestion(word, known) or f"It takes {_told(signature)}."
                )
    mistakes.tell()


def _check_kinds(function: Callable[..., Any], signature: inspect.Signature, given: Mapping[str, Any]) -> None:
    hints, mistakes = _hints(function), Mistakes()
    for name, value in given.items():
        parameter = signature.parameters[name]
        one = parameter.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        if one and name in hints and value is not parameter.default and not _fits(value, hints[name]):
            with mistakes.caught():
                kind = " or ".join(dict.fromkeys(_words(hints[name])))
                remedy = f"Give [{value!r}]." if isinstance(value, str) and "a list" in kind else f"Give {kind}."
                raise ArgumentError(f"{_shown(value)} is not {kind}.", name, remedy)
    mistakes.tell()


@functools.cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except NameError:  # of types that are imported for type checkers alone
        return {}


def _fits(value: Any, hint: Any) -> bool:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return any(_fits(value, alternative) for alternative in typing.get_args(hint))
    kind = typing.get_origin(hint) or hint
    if kind in (None, type(None)):
        return value is None
    if kind in _SIMPLE:
        return _SIMPLE[kind][1](value)
    if not isinstance(kind, type) or kind in (Any, object):
        return True  # Any, a type variable
    if issubclass(kind, os.PathLike):
        return isinstance(value, os.PathLike)
    if issubclass(kind, Mapping):
        return isinstance(value, Mapping)
    if issubclass(kind, Iterable) and kind.__module__ in ("builtins", "collections.abc"):
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    return callable(value) if kind in _FUNCTIONS else isinstance(value, kind)


def _words(hint: Any) -> list[str]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return [
            word
            for alternative in typing.get_args(hint)
            if alternative is not type(None)
            for word in _words(alternative)
        ]
    kind = typing.get_origin(hint) or hint
    if kind in _SIMPLE:
        return [_SIMPLE[kind][0]]
    if kind in _FUNCTIONS:
        return ["a function"]
    if not isinstance(kind, type) or kind in (Any, object):
        return []
    if issubclass(kind, os.PathLike):
        return ["a path"]
    if issubclass(kind, Mapping):
        return ["a mapping"]
    if issubclass(kind, Iterable) and kind.__module__ in ("builtins", "collections.abc"):
        return ["a list"]
    return [f"a {kind.__name__}"]


def _names(signature: inspect.Signature) -> list[str]:
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        name for name, parameter in signature.parameters.items() if parameter.kind not in variable and name != "self"
    ]


def _told(signature: inspect.Signature) -> str:
    return ", ".join(_names(signature)) or "no arguments"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
