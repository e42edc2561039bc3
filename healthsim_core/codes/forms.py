"""Code systems that are known by the form of their codes alone: their lists are not ours to ship,
or change every day."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import attrs

from healthsim_core.codes.listed import words_of
from healthsim_core.codes.system import CodeSystem

_NDC_WIDTHS = (5, 4, 2)
_SHORT_NDC = ((4, 4, 2), (5, 3, 2), (5, 4, 1), _NDC_WIDTHS)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice a digit, its own digits added
_NPI = re.compile(r"[12][0-9]{9}")
_NPI_PREFIX = "80840"  # of health applications in the United States, which the check digit counts


@attrs.frozen(kw_only=True, slots=False)
class FormSystem(CodeSystem):
    """A code system whose codes are known by their form.

    Attributes:
        form: A written code as the system writes it; None where it is none.
        looks: What a code looks like, for messages.
        file: Name of the list that has names for some codes; "" for none.
    """

    form: Callable[[str], str | None]
    looks: str
    file: str = ""

    def canonical(self, text: str) -> str | None:
        """The code as the system writes it, or None."""
        return self.form(text.strip())

    def display(self, code: str) -> str | None:
        """What the list calls a code; None where it does not know it."""
        return words_of(self.file, code) if self.file else None

    def remedy(self, text: str) -> str:
        """What a code looks like."""
        return self.looks


@attrs.frozen(kw_only=True, slots=False)
class UnionSystem(CodeSystem):
    """What may be a code of several systems.

    Attributes:
        systems: The systems, the first that knows a code first.
    """

    systems: Sequence[CodeSystem]

    def canonical(self, text: str) -> str | None:
        """The code as the first system writes it that knows it, or None."""
        return next((code for system in self.systems if (code := system.canonical(text)) is not None), None)

    def display(self, code: str) -> str | None:
        """What the first system calls it that knows it."""
        return next((words for system in self.systems if (words := system.display(code)) is not None), None)

    def remedy(self, text: str) -> str:
        """What the first system says."""
        return self.systems[0].remedy(text)


def luhn(digits: str) -> int:
    """The check digit (mod 10) of digits."""
    every_second = map(_DOUBLED.__getitem__, map(int, digits[::-2]))
    return -(sum(every_second) + sum(map(int, digits[-2::-2]))) % 10


def loinc(text: str) -> str | None:
    """A LOINC code: up to seven digits, a hyphen, and their check digit."""
    match = re.fullmatch(r"([1-9][0-9]{0,6})-([0-9])", text)
    return text if match and int(match[2]) == luhn(match[1]) else None


def npi(text: str) -> str | None:
    """A National Provider Identifier: ten digits, the last their check digit."""
    return text if _NPI.fullmatch(text) and luhn(_NPI_PREFIX + text[:-1]) == int(text[-1]) else None


def ndc(text: str) -> str | None:
    """A National Drug Code in eleven digits; with hyphens, each part is filled up with zeros."""
    if re.fullmatch(r"[0-9]{11}", text):
        return text
    parts = text.split("-")
    if tuple(map(len, parts)) in _SHORT_NDC and all(re.fullmatch("[0-9]+", part) for part in parts):
        return "".join(part.zfill(width) for part, width in zip(parts, _NDC_WIDTHS, strict=True))
    return None


def rxnorm(text: str) -> str | None:
    """An RxNorm concept identifier: one to eight digits."""
    return text if re.fullmatch(r"[1-9][0-9]{0,7}", text) else None


def cpt(text: str) -> str | None:
    """A CPT code: five digits, or four and a letter."""
    return text.upper() if re.fullmatch(r"[0-9]{4}[0-9A-Za-z]", text) else None


def ms_drg(text: str) -> str | None:
    """An MS-DRG: three digits."""
    return text if re.fullmatch(r"(?!000)[0-9]{3}", text) else None
