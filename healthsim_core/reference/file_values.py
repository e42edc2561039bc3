"""What one text of an official file may be: each kind of column as a function from a text to what is wrong with it."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from healthsim_core.codes import CodeSystem
from healthsim_core.file_layouts import FileColumn
from healthsim_core.reference.official import NUMBER
from healthsim_core.reference.places import counties, county_suggestion, former_counties

NATION = ("00000", "00059")  # how files write the United States among counties
MISSING = frozenset(
    {"", "-999", "na", "n/a", "nan", "null", "none", ".", "-", "*", "**", "(x)", "not available", "not applicable"}
)
_NUMBER = re.compile(NUMBER)
_DIGITS = re.compile("[0-9]+")
_COUNTY, _TRACT = 5, 11
# with freely associated states and military posts
_TERRITORIES = ("AS", "GU", "MP", "PR", "VI", "FM", "MH", "PW", "AA", "AE", "AP")
_WORDS = {"percent": "percentage", "share": "percentage", "number": "number", "count": "whole number"}

Wrong = Callable[[str], str]


def wrong_with(column: FileColumn, systems: Mapping[str, CodeSystem]) -> Wrong:
    """A function that says what is wrong with a text of a column; empty where nothing is."""
    if column.codes:
        return functools.partial(_of_system, systems[column.codes])
    if column.form:
        return functools.partial(_of_form, re.compile(column.form), column.looks)
    of_kind: dict[str, Wrong] = {"date": _date, "place": _place, "state": _state, "text": lambda _: ""}
    return of_kind.get(column.kind) or functools.partial(_figure, column)


def number(text: str) -> float | None:
    """The number that a text is, None for a text that is none."""
    plain = text.strip()
    return float(plain.replace(",", "")) if _NUMBER.fullmatch(plain) else None


def place_code(text: str) -> str:
    """A county's or tract's code with the zeros that an export took away; other texts as they are."""
    plain = text.strip().removesuffix(".0")
    if not _DIGITS.fullmatch(plain):
        return plain
    return plain.zfill(_COUNTY if len(plain) <= _COUNTY else _TRACT) if len(plain) not in range(6, 10) else plain


def is_missing(text: str) -> bool:
    """Whether a text stands for no value."""
    return text.strip().lower() in MISSING


def _figure(column: FileColumn, text: str) -> str:
    figure = number(text)
    if figure is None or not math.isfinite(figure) or (column.kind == "count" and figure % 1):
        return f'"{text[:40]}" is no {_WORDS[column.kind]}.'
    percent = column.kind in ("percent", "share")
    least, most = (0.0, 100.0) if percent else (column.least, column.most)
    if column.kind == "count" and least is None:
        least = 0.0
    if least is not None and figure < least:
        return f"{text.strip()} is less than {least:g}{' %' if percent else ''}."
    if most is not None and figure > most:
        return f"{text.strip()} is more than {most:g}{' %' if percent else ''}."
    return ""


def _of_system(system: CodeSystem, text: str) -> str:
    return (
        ""
        if system.canonical(text) is not None
        else f'"{text[:40]}" is no {system.title}. {system.remedy(text)}'.rstrip()
    )


def _of_form(form: re.Pattern[str], looks: str, text: str) -> str:
    return "" if form.fullmatch(text.strip()) else f'"{text[:40]}" is not {looks}.'


def _date(text: str) -> str:
    try:
        datetime.strptime(text.strip(), "%m/%d/%Y")
    except ValueError:
        return f'"{text[:40]}" is no date: MM/DD/YYYY.'
    return ""


def _place(text: str) -> str:
    code = place_code(text)
    if not _DIGITS.fullmatch(code) or len(code) not in (_COUNTY, _TRACT):
        return f'"{text[:40]}" is no FIPS code of a county (5 digits) or tract (11).'
    county = code[:_COUNTY]
    if code in NATION or county in counties() or county in former_counties():
        return ""
    return f'no county has the FIPS code "{county}". {county_suggestion(county)}'


def _state(text: str) -> str:
    return "" if text.strip().upper() in _states() else f'"{text[:40]}" is no state of the United States.'


@functools.cache
def _states() -> frozenset[str]:
    known = counties().values()
    return frozenset(
        {*_TERRITORIES, *(county.state for county in known), *(county.state_name.upper() for county in known)}
    )
