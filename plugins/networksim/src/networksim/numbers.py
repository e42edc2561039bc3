"""Identifiers that nobody has: NPIs, NCPDP ids and tax ids, computed from a county's number and a position in it.

Every county has `BLOCK` positions, and every position has one NPI, so two of them never collide. A real NPI's fourth
digit is its second plus three (as in 1003..., 1104..., 1992...): the public NPPES file knows no other. Ours is always
some other digit, so that a number passes every check and yet belongs to nobody.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Text, text

BLOCK = 20_000  # positions of one county
_LOW = 100_000  # the five last digits before the check digit
_DOUBLED = 24  # what the prefix 80840 adds to the Luhn sum

Ints = NDArray[np.int64]


def npi(county: NDArray[Any], position: NDArray[Any]) -> Ints:
    """NPIs of positions in counties.

    Args:
        county: Int array (rows,): the county's number, below 4,500.
        position: Int array (rows,): 0 <= position < BLOCK.

    Returns:
        Int64 array (rows,) of ten-digit numbers that begin with 1.
    """
    slot = np.asarray(county, np.int64) * BLOCK + position
    high, low = np.divmod(slot, _LOW)
    second, rest = np.divmod(high, 90)
    third, step = np.divmod(rest, 9)
    fourth = (second + 4 + step) % 10  # never second + 3
    digits = (((10 + second) * 10 + third) * 10 + fourth) * _LOW + low
    return np.asarray(digits * 10 + check_digit(digits))


def slots(numbers: Ints) -> tuple[Ints, Ints]:
    """The county's number and the position of NPIs made by `npi`."""
    digits = numbers // 10
    high, low = np.divmod(digits, _LOW)
    second, third, fourth = high // 100 % 10, high // 10 % 10, high % 10
    slot = ((second * 10 + third) * 9 + (fourth - second - 4) % 10) * _LOW + low
    return np.divmod(slot, BLOCK)


def check_digit(digits: Ints) -> Ints:
    """The Luhn check digit of nine-digit numbers, prefix 80840 included."""
    total, rest = np.full(len(digits), _DOUBLED, np.int64), digits
    for place in range(9):
        rest, digit = np.divmod(rest, 10)
        doubled = digit * 2 if place % 2 == 0 else digit
        total += np.where(doubled > 9, doubled - 9, doubled)
    return (10 - total % 10) % 10


def as_text(numbers: Ints) -> Text:
    """A text column of ten-digit numbers, coded by distinct value; below 0 is null."""
    encoded = pa.array(numbers, mask=numbers < 0).dictionary_encode()
    return Text(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), text.whole(encoded.dictionary))


def npi_text(county: NDArray[Any], position: NDArray[Any]) -> Text:
    """NPIs of positions in counties as a text column, each distinct one computed once;
    null where the county is below 0."""
    slot = pa.array(np.asarray(county, np.int64) * BLOCK + position, mask=np.asarray(county) < 0)
    encoded = slot.dictionary_encode()
    distinct = npi(*np.divmod(encoded.dictionary.to_numpy(), BLOCK))
    return Text(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), text.whole(distinct))


def text_slots(npis: Text) -> tuple[Ints, Ints]:
    """The county's number and the position of each NPI of a text column; -1 where it is null."""
    county, position = slots(np.array(npis.values.to_pylist(), np.int64))
    return np.append(county, -1)[npis.codes], np.append(position, -1)[npis.codes]


def as_numbers(npis: Text) -> Ints:
    """The numbers of a text column, -1 for null."""
    return npis.map(int, np.int64, -1)


def tax_ids(county: NDArray[Any], position: NDArray[Any]) -> pa.Array:
    """Nine digits with the prefix 00, which the IRS does not use; distinct over counties and positions below 2,000."""
    return text.padded(np.asarray(county, np.int64) * 2_000 + position, 9)


def ncpdp_ids(county: NDArray[Any], ordinal: NDArray[Any]) -> pa.Array:
    """Seven digits that begin with 9, a prefix of no state; distinct over counties and pharmacies below 300."""
    return text.whole(9_000_000 + np.asarray(county, np.int64) * 300 + ordinal)
