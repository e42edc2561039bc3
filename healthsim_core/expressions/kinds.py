"""Kinds of values: what a column holds, as far as it is known before anything is generated."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from healthsim_core.tables import Field


@attrs.frozen
class Kind:
    """What a column, or a part of an expression, holds.

    Attributes:
        of: number, boolean, text, words (space-separated texts, such as `conditions`), date, nothing (null), or
            anything (not known before it is read).
        values: Of text, every value that it may be compared with, where all are known.
        strict: Whether comparing it with another value is a mistake;
            else it is one only where a value is nearly the same.
        always: Whether there is a value for everybody, and never null, as far as that can be told beforehand.
        instead: Of text and words whose values are codes too many to list, takes a text; returns what to write in its
            place, in one line, and "" where it is a code.
        tells: Names of columns that are not null where it is not (and, of a boolean, where it is true).
    """

    of: str
    values: frozenset[str] | None = None
    strict: bool = True
    always: bool = attrs.field(default=False, eq=False)
    tells: frozenset[str] = attrs.field(default=frozenset(), eq=False)
    instead: Callable[[str], str] | None = attrs.field(default=None, eq=False)

    def __str__(self) -> str:
        return _IN_WORDS[self.of]

    @property
    def counts(self) -> bool:
        """Whether one can calculate with it."""
        return self.of in ("number", "boolean", "anything")

    @property
    def is_text(self) -> bool:
        """Whether it holds text, of whatever kind."""
        return self.of in ("text", "words", "anything")


NUMBER, BOOLEAN, TEXT, WORDS, DATE = Kind("number"), Kind("boolean"), Kind("text"), Kind("words"), Kind("date")
NOTHING, ANYTHING = Kind("nothing"), Kind("anything")
_IN_WORDS = {
    "number": "a number", "boolean": "true or false", "text": "a text", "words": "several words", "date": "a date",
    "nothing": "nothing", "anything": "anything",
}  # fmt: skip
_FIELDS = {
    "id": NUMBER,
    "integer": NUMBER,
    "number": NUMBER,
    "money": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATE,
}


def text_of(values: Iterable[str]) -> Kind:
    """Text that is always one of `values`."""
    return Kind("text", frozenset(values))


def kind_of_field(field: Field) -> Kind:
    """What the column of a declared field holds."""
    return WORDS if field.name == "conditions" else _FIELDS.get(field.type, TEXT)


def together(kinds: Iterable[Kind]) -> Kind | None:
    """What a column holds whose rows come from several sources; None where text and numbers would mix."""
    sources = tuple(kinds)
    common = _together(sources)
    return common if common is None else always(common, bool(sources) and all(kind.always for kind in sources))


def always(kind: Kind, is_always: bool = True) -> Kind:
    """The same kind, for everybody or not."""
    return attrs.evolve(kind, always=is_always)


def _together(kinds: Iterable[Kind]) -> Kind | None:
    distinct = set(kinds)
    names = {kind.of for kind in distinct} - {"nothing"}
    if names <= {"text", "nothing"} and names:
        texts = [kind for kind in distinct if kind.of == "text"]
        values = (
            None
            if any(kind.values is None for kind in texts)
            else frozenset().union(*(kind.values or () for kind in texts))
        )
        return Kind("text", values, all(kind.strict for kind in texts))
    if len(names) <= 1:
        return Kind(names.pop()) if names else NOTHING
    if "anything" in names:
        return ANYTHING
    return NUMBER if names == {"number", "boolean"} else None
