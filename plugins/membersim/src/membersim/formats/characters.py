"""Free text in X12's basic character set: X12 has no escape, so what cannot stand in an element is put in other words.

The basic set is capital letters, digits, space and some punctuation (X12.6, section 3.3.1). Accents are dropped,
letters without a decomposition become their base letter, delimiters and anything else become a space. Letters of other
scripts become their letter's name or, failing that, their code point, so that no name is lost altogether.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Characters, Text

ELEMENT, COMPONENT, REPETITION, SEGMENT = "*", ":", "^", "~"

_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"&'()+,-./;?=")
_PLAIN = r"^[A-Z0-9!\"&'()+,\-./;?=]+( [A-Z0-9!\"&'()+,\-./;?=]+)*$"
_ALREADY = re.compile(_PLAIN[1:-1])
_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F))) - {ELEMENT, COMPONENT, REPETITION, SEGMENT}
_LETTER = re.compile(r"LETTER (?:SMALL |CAPITAL )?([A-Z]{1,3})\b")
_ALIKE = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "_": "-"}


def basic(value: str, longest: int = 60) -> str:
    """`value` in the basic character set, without runs of spaces, of 1 to `longest` characters."""
    if len(value) <= longest and _ALREADY.fullmatch(value.upper()):
        return value.upper()
    return _letters(value.upper(), _ALLOWED)[:longest].rstrip() or "-"


def _letters(value: str, allowed: Collection[str]) -> str:
    decomposed = unicodedata.normalize("NFKD", value)
    letters = (_ALIKE.get(letter, letter) for letter in decomposed if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter in allowed else _nearest(letter) for letter in letters).split())


def _undelimited(value: str) -> str:
    return _letters(value, _PRINTABLE)


CHARACTERS = Characters(r"^ !-)+-9;-\]_-}", replace=_undelimited)  # printable ASCII without the delimiters


def free(column: Text, longest: int = 60) -> Text:
    """A column of free text in the basic character set; null stays null."""
    values = pc.ascii_upper(column.values)
    plain = pc.and_(pc.match_substring_regex(values, _PLAIN), pc.less_equal(pc.utf8_length(values), longest))
    odd = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    if len(odd):
        repaired = pa.array(
            [basic(value, longest) for value in column.values.take(pa.array(odd)).to_pylist()], pa.string()
        )
        values = pc.replace_with_mask(values, pc.invert(plain), repaired)
    return Text(column.codes, values)


def digits(value: str) -> str:
    """Only the digits of `value`."""
    return "".join(letter for letter in value if letter.isdecimal())


def undotted(code: str) -> str:
    """An ICD-10-CM code as X12 writes it: without its dot."""
    return code.replace(".", "")


def _nearest(letter: str) -> str:
    if (capital := letter.upper()).isascii() and capital.isalpha():  # SS for ß
        return capital
    named = _LETTER.search(unicodedata.name(letter, ""))
    if named:
        return named.group(1)
    return f"U{ord(letter):X}" if unicodedata.category(letter).startswith("L") else " "
