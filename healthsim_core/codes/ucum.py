"""Units of the Unified Code for Units of Measure, known by its grammar:
any product and quotient of its atoms is a unit."""

from __future__ import annotations

import functools
import re

import attrs

from healthsim_core.codes.system import CodeSystem
from healthsim_core.errors import nearest
from healthsim_core.package_data import PackageData

_DATA = PackageData("healthsim_core", "codes/data")
_PREFIXES = (
    "Y",
    "Z",
    "E",
    "P",
    "T",
    "G",
    "M",
    "k",
    "h",
    "da",
    "d",
    "c",
    "m",
    "u",
    "n",
    "p",
    "f",
    "a",
    "z",
    "y",
    "Ki",
    "Mi",
    "Gi",
    "Ti",
)
_FACTOR = re.compile(r"[0-9]+(?![0-9]*[*^])")
_ANNOTATION = re.compile(r"\{[!-z|~]*\}")
_SYMBOL = re.compile(r"(?:\[[^\[\]\s]+\]|10[*^]|[^0-9+\-./(){}\[\]\s])+")
_EXPONENT = re.compile(r"[+-]?[0-9]+")
_ALIKE = 0.6
_USUAL = ("mg/dL", "mmol/L", "mm[Hg]", "10*3/uL", "[IU]/L", "kg/m2", "{tablet}", "mL/min/{1.73_m2}")


@attrs.frozen(kw_only=True, slots=False)
class Ucum(CodeSystem):
    """UCUM, case-sensitive."""

    def canonical(self, text: str) -> str | None:
        """The unit as it is written, where it is one."""
        return text if is_unit(text) else None

    def remedy(self, text: str) -> str:
        """The nearest usual unit, or what units look like."""
        near = nearest(text, [*_USUAL, *_atoms()], _ALIKE)
        return (
            f'Did you mean "{near}"?'
            if near
            else "Write it by UCUM, such as mg/dL, mm[Hg], 10*3/uL, [IU]/L or {tablet}."
        )


def is_unit(text: str) -> bool:
    """Whether a text is a unit by UCUM's grammar.

    Examples:
        >>> [is_unit(text) for text in ("mg/dL", "10*3/uL", "furlong")]
        [True, True, False]
    """
    if not text or not text.isascii():
        return False
    end = _term(text, 1 if text.startswith("/") else 0)
    return end == len(text)


def _term(text: str, at: int) -> int:
    """Where the product that begins at `at` ends; -1 where there is none."""
    end = _component(text, at)
    while 0 <= end < len(text) and text[end] in "./":
        end = _component(text, end + 1)
    return end


def _component(text: str, at: int) -> int:
    if text[at : at + 1] == "(":
        end = _term(text, at + 1)
        return end + 1 if 0 <= end < len(text) and text[end] == ")" else -1
    annotation = _ANNOTATION.match(text, at)
    if annotation:
        return annotation.end()
    end = _simple(text, at)
    annotation = _ANNOTATION.match(text, end) if end > 0 else None
    return annotation.end() if annotation else end


def _simple(text: str, at: int) -> int:
    factor = _FACTOR.match(text, at)
    if factor:
        return factor.end()
    symbol = _SYMBOL.match(text, at)
    if not symbol or not _is_simple_unit(symbol.group()):
        return -1
    exponent = _EXPONENT.match(text, symbol.end())
    return exponent.end() if exponent else symbol.end()


def _is_simple_unit(symbol: str) -> bool:
    atoms = _atoms()
    return symbol in atoms or any(symbol.startswith(p) and atoms.get(symbol.removeprefix(p), False) for p in _PREFIXES)


@functools.cache
def _atoms() -> dict[str, bool]:
    """Every atom, and whether it takes a prefix."""
    return {row["code"]: row["metric"] == "1" for row in _DATA.rows("ucum_atoms")}
