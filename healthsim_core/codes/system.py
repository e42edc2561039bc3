"""What a code system is: which texts are codes of it, how each is written, and what it is called."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

import attrs

from healthsim_core.errors import SpecificationError, nearest, suggestion

_FEW = 12  # codes that an error lists
_ALIKE = 0.8  # of letters in common from which a text is taken for what a code is called


@attrs.frozen(kw_only=True, slots=False)
class CodeSystem:
    """A code system or value set.

    Attributes:
        name: Its name in `Field.codes`, such as "encounter-class".
        title: What it is called in messages and pages.
        source: Where its codes come from, with version.
    """

    name: str
    title: str
    source: str = ""

    def canonical(self, text: str) -> str | None:
        """The code as the system writes it, or None where `text` is no code of it."""
        raise NotImplementedError

    def display(self, code: str) -> str | None:
        """What the system calls a code; None where it says nothing."""
        return None

    def remedy(self, text: str) -> str:
        """What to write in place of a text that is no code, in one line."""
        return ""

    def require(self, text: str, where: str = "") -> str:
        """The code as the system writes it.

        Raises:
            SpecificationError: `text` is no code of the system; the message names the nearest.
        """
        code = self.canonical(text)
        if code is None:
            raise SpecificationError(f'"{text[:60]}" is no {self.title}.', where, self.remedy(text))
        return code


@attrs.frozen(kw_only=True, slots=False)
class ValueSet(CodeSystem):
    """A few codes, known by heart; matched without regard to case, with - and _ alike.

    Attributes:
        codes: What each code is called.
    """

    codes: Mapping[str, str]

    @functools.cached_property
    def _by_key(self) -> Mapping[str, str]:
        return {_key(code): code for code in self.codes}

    def canonical(self, text: str) -> str | None:
        """The code as the set writes it, or None."""
        return self._by_key.get(_key(text))

    def display(self, code: str) -> str | None:
        """What the set calls a code."""
        return self.codes.get(code)

    def remedy(self, text: str) -> str:
        """The code that lacks its zeros, the nearest one by itself or by what it is called,
        or all of them where they are few."""
        stripped = text.strip()
        filled = next((code for code in self.codes if stripped and code.lstrip("0") == stripped), "")
        if filled:
            return f'Did you mean "{filled}"?'
        called = nearest(text, self.codes.values(), _ALIKE)
        if called and not nearest(text, self.codes):
            return f'Did you mean "{next(code for code, name in self.codes.items() if name == called)}" ({called})?'
        return suggestion(text, self.codes) or _listed(self.codes)


def _key(text: str) -> str:
    return text.strip().casefold().replace("-", "_").replace(" ", "_")


def _listed(codes: Iterable[str]) -> str:
    names = sorted(codes)
    return f"It is one of {', '.join(names[:_FEW])}{', ...' if len(names) > _FEW else '.'}"
