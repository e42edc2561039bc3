"""What becomes of a table's text in X12, said anew: nothing that could end an element,
and words in the basic character set."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

# NM103, NM104, ...
LONGEST = {"last_name": 60, "first_name": 35, "name": 60, "address": 55, "city": 30, "plan": 50, "sponsor_name": 60}
_ODD = r"[^\x20-\x7e]|[*:^~]"
_NO_BASIC = r"[^A-Z0-9!\"&'()+,\-./;?=]+"
_MARKS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "_": "-"}
)
_NAMED = re.compile(r"LETTER (?:SMALL |CAPITAL )?([A-Z]{1,3})\b")


def in_x12(table: pa.Table) -> pa.Table:
    """The table with every text as X12 has it; columns that hold words (`LONGEST`) in the basic character set."""
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(
                index, field.name, _column(table.column(index).combine_chunks(), LONGEST.get(field.name))
            )
    return table


def _column(values: pa.Array, longest: int | None) -> pa.Array:
    coded = values.dictionary_encode()
    words = coded.dictionary
    odd = pc.match_substring_regex(words, _ODD)
    if pc.any(odd).as_py():
        words = pc.replace_with_mask(
            words, odd, pa.array([_plain(value) for value in words.filter(odd).to_pylist()], pa.string())
        )
    elif longest is None:
        return values
    return (_basic(words, longest) if longest else words).take(coded.indices)


def _basic(words: pa.Array, longest: int) -> pa.Array:
    kept = pc.replace_substring_regex(pc.replace_substring(pc.utf8_upper(words), "_", "-"), _NO_BASIC, " ")
    cut = pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(pc.utf8_ltrim_whitespace(kept), 0, longest))
    return pc.if_else(pc.equal(cut, ""), "-", cut)


def _plain(value: str) -> str:
    """Printable ASCII without delimiters: accents fall, other letters become their name or their code,
    all else a space."""
    bare = (
        letter for letter in unicodedata.normalize("NFKD", value).translate(_MARKS) if not unicodedata.combining(letter)
    )
    return " ".join("".join(_instead(letter) if re.match(_ODD, letter) else letter for letter in bare).split())


def _instead(letter: str) -> str:
    if (capital := letter.upper()).isascii() and capital.isalpha():
        return capital
    if named := _NAMED.search(unicodedata.name(letter, "")):
        return named[1]
    return f"U{ord(letter):X}" if unicodedata.category(letter).startswith("L") else " "
