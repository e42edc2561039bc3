"""What a document may hold at most, checked before it is read: nothing so large or deep that reading it takes long."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from healthsim_core.errors import ArgumentError, SpecificationError

LARGEST = 10_000_000  # bytes of a file
DEEPEST = 50  # lists and mappings within one another
MOST_VALUES = 200_000
LONGEST_TEXT = 10_000
# what XML has no place for, and half characters
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
GREATEST = 2**53  # whole numbers up to here are exact in every JSON reader
_MOST_DIGITS = 1_000  # that are read at all
LEAST = 1e-15  # of what is not 0: no probability, rate or amount is less, and its square is a number still


def read_json(path: Path) -> Any:
    """The JSON that a file holds.

    Raises:
        SpecificationError: The file is absent, unreadable, too large or not JSON; the message names file and line.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise _too_large(path)
        with path.open("rb") as file:  # perhaps no file that knows its size, but a pipe or a device
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise _too_large(path)
        return parsed_json(content, path.name)
    except OSError as error:
        raise SpecificationError(f"cannot be read: {error.strerror}.", str(path), "Check the path.") from None


def parsed_json(content: str | bytes | bytearray, name: str = "the text") -> Any:
    """The JSON that a text holds.

    Raises:
        ArgumentError: It is no text.
        SpecificationError: It is not JSON; the message names the text and the line.
    """
    if not isinstance(content, str | bytes | bytearray):
        raise ArgumentError(f"{content!r:.60} is not a text.", "", "Give JSON as text or bytes.")
    try:
        plain = content.removeprefix("\ufeff") if isinstance(content, str) else content.decode("utf-8-sig")
        return json.loads(
            plain, parse_constant=_refuse_constant, parse_int=_whole, object_pairs_hook=_without_repetition
        )
    except json.JSONDecodeError as error:
        where = f"{name}, line {error.lineno}, column {error.colno}"
        raise SpecificationError(f"is not JSON: {error.msg}.", where, "Correct it there.") from None
    except UnicodeDecodeError as error:
        raise SpecificationError("is not UTF-8 text.", name, "Save it as UTF-8.") from error
    except RecursionError:
        raise SpecificationError(f"has more than {DEEPEST} levels.", name, "Nest less.") from None
    except ValueError as error:
        raise SpecificationError(f"is not JSON: {error}.", name, "Correct it there.") from None


def check_bounds(document: Any) -> None:
    """Raise SpecificationError where a document is too deep or too large, or holds what no file can.

    Args:
        document: What JSON can hold, and whatever else Python callers give in its place.
    """
    for count, (path, value) in enumerate(_values(document, ())):
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")[:200]
        if len(path) > DEEPEST:
            raise SpecificationError(f"there are more than {DEEPEST} levels.", where, "Nest less.")
        if count > MOST_VALUES:
            raise SpecificationError(
                f"there are more than {MOST_VALUES:,} values.", "", "Say it in a smaller document."
            )
        if isinstance(value, str):
            _check_text(value, where)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            _check_number(value, where)


def _values(value: Any, path: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], Any]]:
    """Every value with its path, names of fields included; no deeper than one level below the deepest allowed."""
    yield path, value
    if len(path) > DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path, name
            yield from _values(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _values(inner, (*path, index))


def _check_text(text: str, where: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise SpecificationError(
            f'"{text[:40]}..." has {len(text):,} characters.', where[:200], f"At most {LONGEST_TEXT:,} are allowed."
        )
    bad = _NO_TEXT.search(text)
    if bad:
        what = f'"{_escaped(text)[:60]}" holds "{_escaped(bad[0])}", which some formats cannot.'
        raise SpecificationError(what, _escaped(where), "Leave it out.")


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def _check_number(number: float, where: str) -> None:
    if isinstance(number, int) and abs(number) > GREATEST:
        shown = str(number)[:20] if abs(number) < 10**100 else "A number"
        raise SpecificationError(f"{shown}... is above {GREATEST:,}.", where, "Write a smaller one.")
    if not math.isfinite(number):
        raise SpecificationError(f"{number} is not a number.", where, "Write a finite number.")
    if isinstance(number, float) and abs(number) > GREATEST:
        raise SpecificationError(f"{number:g} is above {GREATEST:,}.", where, "Write a smaller one.")
    if 0 < abs(number) < LEAST:
        raise SpecificationError(f"{number:g} is nearer to 0 than {LEAST:g}.", where, "Write 0.")


def _too_large(path: Path) -> SpecificationError:
    return SpecificationError(f"is larger than {LARGEST:,} bytes.", path.name, "Say it in a smaller document.")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"{digits[:20]}... is a number of {len(digits):,} digits")
    return int(digits)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'"{twice[:60]}" is there twice in one object')
    return entries
