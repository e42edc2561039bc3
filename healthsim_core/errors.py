"""What can go wrong, said in one line: what was wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")
Instead = TypeVar("Instead")
MOST_TOLD = 100  # of the mistakes of a document, in its message


class HealthSimError(Exception):
    """Root of every error that HealthSim raises for a user's mistake.

    Args:
        what: What was wrong.
        where: The path in the specification, the file or the distribution; empty where there is none.
        remedy: What to do about it.
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        located = f"{self.where}: {self.what}" if self.where else self.what
        return f"{located}\n  {self.remedy}" if self.remedy else located

    def within(self, where: str) -> HealthSimError:
        """The same error, placed inside `where` (a file, a document)."""
        return type(self)(self.what, f"{where}: {self.where}" if self.where else where, self.remedy)

    @property
    def mistakes(self) -> tuple[HealthSimError, ...]:
        """The mistakes that it tells of: itself, or several."""
        return (self,)


class SpecificationError(HealthSimError):
    """A profile, journey or scenario says something that cannot be done."""


class SeveralMistakesError(SpecificationError):
    """Several mistakes, told at once.

    Args:
        mistakes: The mistakes, in the order in which they were found.
    """

    def __init__(self, mistakes: Iterable[HealthSimError]) -> None:
        self._mistakes = tuple(mistakes)
        more = len(self._mistakes) - MOST_TOLD
        rest = [f"... and {more:,} more mistakes."] if more > 0 else []
        super().__init__("\n".join([*map(str, self._mistakes[:MOST_TOLD]), *rest]))
        self.args = (self._mistakes,)

    def within(self, where: str) -> SeveralMistakesError:
        """The same mistakes, each placed inside `where`."""
        return type(self)(mistake.within(where) for mistake in self._mistakes)

    @property
    def mistakes(self) -> tuple[HealthSimError, ...]:
        """The mistakes, in the order in which they were found."""
        return self._mistakes


class UnknownNameError(SpecificationError, KeyError):
    """A name that nobody offers; a `KeyError` too, as Python's look-ups raise, so that `get` and `in` work."""


class ArgumentError(SpecificationError, TypeError):
    """A call with an argument that it does not take, without one that it needs, or with one of another kind."""


class SeveralArgumentsError(SeveralMistakesError, ArgumentError):
    """Several wrong arguments of one call, told at once."""


class PluginError(HealthSimError):
    """A plugin offers something that core cannot take."""


class ConflictError(PluginError):
    """Two distributions offer the same name."""


class SkillError(SpecificationError):
    """A skill document is malformed, or a reference into it cannot resolve."""


class InvalidDataError(HealthSimError):
    """What was made is not what was said, and validation is strict."""


class NoRowError(SkillError):
    """A lookup has no row for some rows of its context.

    Attributes:
        lost: Boolean array of the context's rows: those that it has none for, or one for all.
    """

    lost: Any = True


class TableError(HealthSimError):
    """Columns that do not agree with the declared table."""


class StateError(HealthSimError):
    """The database refuses: locked, of another version, a duplicate name."""


class OutputError(HealthSimError):
    """The output folder cannot be written, or holds what we may not replace."""


class GoneError(HealthSimError):
    """What a result showed has been replaced or deleted since."""


class ReferenceDataError(HealthSimError):
    """A reference dataset is absent or does not hold what was asked."""


class Mistakes:
    """Collects the mistakes of several steps, so that all of them are told at once.

    Examples:
        >>> mistakes = Mistakes()
        >>> with mistakes.caught():
        ...     raise SpecificationError("no age is negative.", "age", "Give 0 or more.")
        >>> len(mistakes.found)
        1
    """

    def __init__(self) -> None:
        self.found: list[HealthSimError] = []
        self._told: set[str] = set()

    @contextmanager
    def caught(self, within: str = "") -> Iterator[None]:
        """Keep the error of the block, placed inside `within`, and go on after it."""
        try:
            yield
        except HealthSimError as error:
            for mistake in (error.within(within) if within else error).mistakes:
                if str(mistake) not in self._told:
                    self._told.add(str(mistake))
                    self.found.append(mistake)

    def attempt(
        self,
        instead: Instead,
        function: Callable[Arguments, Made],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Made | Instead:
        """What `function` makes of the arguments, or `instead` where it raises an error, which is kept."""
        with self.caught():
            return function(*arguments, **named)
        return instead

    def tell(self) -> None:
        """Raise what was found: nothing, the one mistake as it is, or `SeveralMistakesError`."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            arguments = all(isinstance(mistake, ArgumentError) for mistake in self.found)
            raise SeveralArgumentsError(self.found) if arguments else SeveralMistakesError(self.found)


def canonical(name: str) -> str:
    """A name with - and _ alike, without regard to case."""
    return name.lower().replace("_", "-")


def unknown(kind: str, name: Any, known: Iterable[str], where: str = "", remedy: str = "") -> UnknownNameError:
    """An error for a name nobody offers, with the nearest one that somebody does."""
    return UnknownNameError(
        f'no {kind} is called "{name}".', where, " ".join(filter(None, [suggestion(str(name), known), remedy]))
    )


def suggestion(name: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` for the nearest of `known`, or all of them where they are few, or nothing."""
    names = sorted(set(known) - {name})  # what was written is no suggestion
    near = nearest(name, names)
    if near:
        return f'Did you mean "{near}"?'
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 12 else ""


def nearest(name: str, known: Iterable[str], alike: float = 0.55) -> str:
    """The one of `known` that is most like `name`, or nothing; `alike` is the least share of letters in common."""
    lowered = {candidate.lower(): candidate for candidate in sorted(set(known))}
    matches = difflib.get_close_matches(name[:200].lower(), lowered, n=1, cutoff=alike)
    return lowered[matches[0]] if matches else ""
