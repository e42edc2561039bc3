"""What can go wrong, said in one line: what was wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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


class SpecificationError(HealthSimError):
    """A profile, journey or scenario says something that cannot be done."""


class UnknownNameError(SpecificationError):
    """A name that nobody offers."""


class PluginError(HealthSimError):
    """A plugin offers something that core cannot take."""


class ConflictError(PluginError):
    """Two distributions offer the same name."""


class SkillError(SpecificationError):
    """A skill document is malformed, or a reference into it cannot resolve."""


class TableError(HealthSimError):
    """Columns that do not agree with the declared table."""


class StateError(HealthSimError):
    """The database refuses: locked, of another version, a duplicate name."""


class OutputError(HealthSimError):
    """The output folder cannot be written, or holds what we may not replace."""


class ReferenceDataError(HealthSimError):
    """A reference dataset is absent or does not hold what was asked."""


def unknown(kind: str, name: str, known: Iterable[str], where: str = "", remedy: str = "") -> UnknownNameError:
    """An error for a name nobody offers, with the nearest one that somebody does."""
    return UnknownNameError(f'no {kind} is called "{name}".', where, " ".join(filter(None, [suggestion(name, known), remedy])))


def suggestion(name: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` for the nearest of `known`, or all of them where they are few, or nothing."""
    names = sorted(set(known))
    lowered = {candidate.lower(): candidate for candidate in names}
    nearest = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.55)
    if nearest:
        return f'Did you mean "{lowered[nearest[0]]}"?'
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 12 else ""
