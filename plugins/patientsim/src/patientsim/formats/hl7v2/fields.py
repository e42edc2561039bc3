"""Fields of HL7 v2: text escaped, columns as fields."""

from __future__ import annotations

import re
from typing import Any

from healthsim_core import Characters, Text, text
from patientsim.facts import document
from patientsim.formats.fragments import escaped

CODES = document("hl7v2")
AUTHORITY: str = CODES["authority"]
LONGEST_IS = 20
ENCODING = r"^~\&"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_SPECIAL = re.compile(r"\r\n|[\\|^&~\r\n]|[\x00-\x1f]")


CHARACTERS = Characters(r"|^~\\&\x00-\x1f\x7f", {**_ESCAPES, "\r": "\\.br\\", "\n": "\\.br\\"})


def escape(value: str) -> str:
    """A value with the delimiters escaped (chapter 2.7); a line end is the formatting command .br."""
    return _SPECIAL.sub(_replacement, value)


def _replacement(match: re.Match[str]) -> str:
    character = match[0]
    return _ESCAPES.get(character, "\\.br\\" if character in ("\r", "\n", "\r\n") else " ")


def safe(column: Text) -> Text:
    """Values escaped."""
    return escaped(column, r"[\\|^&~\x00-\x1f]", escape)


def short(name: str | None) -> str:
    """A name as a value of type IS, which holds at most 20 characters: each word of a longer one is cut to four."""
    words = name or ""
    if len(words) > LONGEST_IS:
        words = "_".join(word[:4] for word in re.split(r"[\W_]+", words) if word)[:LONGEST_IS].rstrip("_")
    return escape(words)


def coded(pair: tuple[str, str] | list[str], system: str) -> str:
    """A coded element: code, words, coding system."""
    return f"{pair[0]}^{escape(pair[1])}^{system}"


def day(days: Any) -> Text:
    """Dates; null where null."""
    return text.dates(days, "%Y%m%d")


def moments(times: Any, offsets: Text) -> list[text.Piece]:
    """Times to the second, each with its offset from UTC; nothing where null."""
    return [day(times), text.clock(times, separator=""), offsets.recode(lambda offset: offset.replace(":", ""))]
