"""The shape of a D.0 transmission: separators, segments, and how values are written (implementation guide,
chapter on structure)."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Characters, Text, text

STX, ETX = "\x02", "\x03"
FIELD, GROUP, SEGMENT = "\x1c", "\x1d", "\x1e"
END = f"{ETX}\n"
POSITIVE, NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"  # the last digit of an amount, 0 to 9, carries its sign
NO_PRODUCT = "0" * 11
# letters that are no letter and accent, as they are spelled without
SPELLED = {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "đ": "d", "Đ": "D"}
_LETTERS = str.maketrans(SPELLED)


def field(identifier: str, value: str | Text | pa.Array) -> pa.Array | str:
    """A field: separator, two-character identifier, value; left out where the value is null."""
    if isinstance(value, str):
        return f"{FIELD}{identifier}{value}"
    return text.optional(f"{FIELD}{identifier}", value)


def segment(identifier: str, *fields: pa.Array | str) -> list[pa.Array | str]:
    """A segment: separator, its identification (111-AM) first, then its fields."""
    return [SEGMENT, field("AM", identifier), *fields]


def money(cents: NDArray[np.int64]) -> pa.Array:
    """An amount, s9(6)v99: no decimal point, the last digit overpunched with the sign."""
    whole = np.abs(cents)
    sign = Text(whole % 10 + 10 * (cents < 0), [*POSITIVE, *NEGATIVE])
    return text.lines(text.whole(whole // 10), sign)


def quantity(amounts: NDArray[np.float64]) -> pa.Array:
    """A quantity, 9(7)v999: thousandths, no decimal point."""
    return text.whole(np.rint(amounts * 1000).astype(np.int64))


def alphanumeric(values: Text | pa.Array, width: int) -> Text:
    """Text as it may stand in a field: printable ASCII capitals, at most `width` long; null stays null,
    as does what has none."""
    return (values if isinstance(values, Text) else Text.of(values)).recode(
        lambda value: plain(value)[:width].rstrip() or None
    )


def fixed(values: Text | pa.Array, width: int) -> pa.Array:
    """Text left-justified in exactly `width` characters, blank where it is null."""
    return alphanumeric(values, width).or_else("").recode(lambda value: value.ljust(width)).to_arrow()


def plain(value: str) -> str:
    """Printable ASCII capitals: accents are dropped, separators and all else become blanks."""
    return printable(value).upper()


def printable(value: str) -> str:
    """Printable ASCII, upper and lower case as they are."""
    letters = unicodedata.normalize("NFKD", value.translate(_LETTERS))
    kept = (letter if " " <= letter <= "~" else "" if unicodedata.combining(letter) else " " for letter in letters)
    return " ".join("".join(kept).split())


CHARACTERS = Characters("^ -~", replace=printable)


def dates(days: pa.ChunkedArray | NDArray[np.datetime64]) -> pa.Array:
    """Dates as CCYYMMDD."""
    return text.dates(days, "%Y%m%d")


def number_text(values: NDArray[np.int64], width: int) -> pa.Array:
    """Digits padded with zeros on the left."""
    return pc.utf8_lpad(text.whole(values), width=width, padding="0")
