"""Who somebody is on paper: names, birth date, address, telephone, numbers. Nobody real: reserved ranges throughout."""

from __future__ import annotations

import json
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text, concat
from healthsim_core.dates import plus_months
from healthsim_core.draws import Draws, pick
from healthsim_core.formats.text import lines, padded, whole
from healthsim_core.reference import places

Days = NDArray[np.datetime64]


@cache
def defaults() -> dict[str, Any]:
    """What a profile leaves unsaid, from data/defaults.json."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "defaults.json").read_text(encoding="utf-8"))
    return found


def birth_dates(age: NDArray[Any], start: Days, draw: Draws) -> Days:
    """A birth date that makes somebody `age` whole years old on `start`."""
    day = start.astype("datetime64[D]").astype(np.int64)
    birthday, earlier = (plus_months(day, -12 * years) for years in (age, age + 1))
    return (birthday - draw.integers("birth_day", 0, birthday - earlier)).astype("datetime64[D]")


def first_names(sex: Text, birth: Days, draw: Draws) -> Text:
    """Given names as common as they were in the decade of birth."""
    unit = draw.uniform("first_name")
    decade = np.clip(birth.astype("datetime64[Y]").astype(np.int64) // 10 * 10 + 1970, 1910, 2020)
    known = sorted(places.first_names().items())
    number = {key: index for index, (key, _) in enumerate(known)}
    letters = [*sex.values.to_pylist(), None]
    table = np.array([[number.get((year, letter), number[year, "F"]) for letter in letters] for year in range(1910, 2030, 10)], np.int8)
    group = table[(decade - 1910) // 10, sex.codes]
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(known) + 1))
    parts = [Text(pick(unit[order[a:b]], weights), names) for (_, (names, weights)), a, b in zip(known, bounds, bounds[1:], strict=False)]
    found = np.empty(len(order), np.intp)
    found[order] = np.arange(len(order))
    return concat(parts)[found]  # type: ignore[return-value]


def last_names(draw: Draws) -> Text:
    """Family names as common as in the census."""
    names, weights = places.surnames()
    return Text(pick(draw.uniform("last_name"), weights), names)


def streets(draw: Draws) -> Text:
    """House number and street."""
    names = defaults()["streets"]
    street = Text(draw.integers("street", 0, len(names)).astype(np.int32), names)
    return Text.distinct(lines(whole(draw.integers("house", 1, 9_999)), " ", street))


def phones(draw: Draws) -> Text:
    """Ten digits: an area code, and the exchange 555-01xx that is reserved for fiction."""
    return Text.distinct(lines(whole(draw.integers("area", 201, 990)), "55501", padded(draw.integers("line", 0, 100), 2)))


def emails(first: Text, last: Text, person: NDArray[np.int64]) -> Text:
    """An address in a domain reserved for examples."""
    return Text.distinct(lines(first.recode(_plain), ".", last.recode(_plain), whole(person), "@example.com"))


def social_security_numbers(person: NDArray[np.int64]) -> Text:
    """Nine digits never issued: area 900 to 999, group 01 to 49 (not those of taxpayer numbers); distinct up to 49 million."""
    unit = person // 16 * 13 + person % 16
    serial, area_and_group = unit % 9_999 + 1, unit // 9_999
    area, group = area_and_group % 100 + 900, area_and_group // 100 % 49 + 1
    return Text.distinct(lines(whole(area), padded(group, 2), padded(serial, 4)))


def member_numbers(subscriber: NDArray[np.int64]) -> Text:
    """The number on a household's insurance card."""
    return Text.distinct(lines("HS", padded(subscriber, 10)))


@lru_cache(maxsize=65_536)
def _plain(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in ascii_only.lower() if letter.isalnum())

