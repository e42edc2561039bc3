"""Who somebody is on paper: names, birth date, address, telephone, numbers. Nobody real: reserved ranges throughout."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.dates import plus_months
from healthsim_core.defaults import defaults
from healthsim_core.draws import Draws, Floats, Weighted
from healthsim_core.formats.text import lines, padded, whole
from healthsim_core.identifiers import Namespace
from healthsim_core.reference import places

Days = NDArray[np.datetime64]
_NEVER_ISSUED = 9_999 * 100 * 49  # numbers like those of social security: serials, areas, groups
_STRIDE = 30_280_631  # from one namespace's first such number to the next one's: they lie as far apart as they can


def birth_dates(age: NDArray[Any], start: Days, draw: Draws) -> Days:
    """A birth date that makes somebody `age` whole years old on `start`."""
    day = start.astype("datetime64[D]").astype(np.int64)
    birthday, earlier = (plus_months(day, -12 * years) for years in (age, age + 1))
    return (birthday - draw.integers("birth_day", 0, birthday - earlier)).astype("datetime64[D]")


@attrs.frozen(eq=False)
class _Names:
    """Names of several groups, and how common they are in each.

    Attributes:
        weighted: A set a group.
        codes: Int array (groups, most): each name of a group among all names.
        values: All names.
        plain: The same in plain letters.
    """

    weighted: Weighted
    codes: NDArray[np.int32]
    values: pa.Array
    plain: pa.Array

    @classmethod
    def of(cls, groups: Sequence[tuple[pa.Array, NDArray[np.float64]]]) -> _Names:
        names = Text.of(pa.concat_arrays([group_names for group_names, _ in groups]))
        codes = np.zeros((len(groups), max(len(group_names) for group_names, _ in groups)), np.int32)
        for row, group_codes in zip(
            codes, np.split(names.codes, np.cumsum([len(group_names) for group_names, _ in groups])[:-1]), strict=True
        ):
            row[: len(group_codes)] = group_codes
        plain = pa.array([_plain(name) for name in names.values.to_pylist()])
        return cls(Weighted.of(*(weights for _, weights in groups)), codes, names.values, plain)

    def draw(self, unit: Floats, group: NDArray[np.intp] | None = None) -> Text:
        picked = self.weighted.pick(unit, group)
        return Text(self.codes[0 if group is None else group, picked], self.values)

    def in_plain_letters(self, drawn: Text) -> Text:
        return Text(drawn.codes, self.plain)


@cache
def _given_names() -> tuple[_Names, dict[tuple[int, str], int]]:
    known = sorted(places.first_names().items())
    return _Names.of([names for _, names in known]), {key: index for index, (key, _) in enumerate(known)}


@cache
def _family_names() -> _Names:
    return _Names.of([places.surnames()])


def first_names(sex: Text, birth: Days, draw: Draws) -> Text:
    """Given names as common as they were in the decade of birth."""
    names, number = _given_names()
    decade = np.clip(birth.astype("datetime64[Y]").astype(np.int64) // 10 * 10 + 1970, 1910, 2020)
    letters = [*sex.values.to_pylist(), None]
    table = np.array(
        [[number.get((year, letter), number[year, "F"]) for letter in letters] for year in range(1910, 2030, 10)],
        np.intp,
    )
    return names.draw(draw.uniform("first_name"), table[(decade - 1910) // 10, sex.codes])


def last_names(draw: Draws) -> Text:
    """Family names as common as in the census."""
    return _family_names().draw(draw.uniform("last_name"))


def streets(draw: Draws) -> Text:
    """House number and street."""
    names = defaults()["streets"]
    street = Text(draw.integers("street", 0, len(names)).astype(np.int32), names)
    return Text.distinct(lines(whole(draw.integers("house", 1, 9_999)), " ", street))


def phones(draw: Draws) -> Text:
    """Ten digits: an area code, and the exchange 555-01xx that is reserved for fiction."""
    return Text.distinct(
        padded(draw.integers("area", 201, 990) * 10**7 + 55_501_00 + draw.integers("line", 0, 100), 10)
    )


def emails(first: Text, last: Text, person: NDArray[np.int64], space: Namespace) -> Text:
    """An address in a domain reserved for examples, the namespace's own, of names that are drawn here."""
    given, family = _given_names()[0].in_plain_letters(first), _family_names().in_plain_letters(last)
    domain = f"{space.code.lower()}." if space.code else ""
    return Text.distinct(lines(given, ".", family, whole(person), f"@{domain}example.com"))


def social_security_numbers(person: NDArray[np.int64], space: Namespace) -> Text:
    """Nine digits never issued: area 900 to 999, group 01 to 49 (not those of taxpayer numbers).

    There are 49 million of them: within a namespace they are distinct up to so many,
    and two namespaces begin at different ones.
    """
    unit = (person // 16 * 13 + person % 16 + space.number * _STRIDE) % _NEVER_ISSUED
    serial, area_and_group = unit % 9_999 + 1, unit // 9_999
    area, group = area_and_group % 100 + 900, area_and_group // 100 + 1
    return Text.distinct(padded((area * 100 + group) * 10_000 + serial, 9))


def member_numbers(subscriber: NDArray[np.int64], space: Namespace) -> Text:
    """The number on a household's insurance card."""
    return Text.distinct(lines(f"HS{space.code}", padded(subscriber, 10)))


def _plain(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in ascii_only.lower() if letter.isalnum())
