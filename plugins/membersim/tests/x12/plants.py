"""Contradictions planted into a file, one a copy: by kind of segment and by element, whatever the file has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

Rows = list[list[str]]
Kind = tuple[str, ...]
_QUALIFIED = ("N1", "NM1", "REF", "DTP", "DTM", "AMT", "QTY", "PRV", "HI")
_LOOPS = {
    "ST": ("ST", "GE"), "HL": ("HL", "SE"), "CLM": ("CLM", "HL", "SE"), "LX": ("LX", "CLM", "HL", "CLP", "INS", "SE"),
    "INS": ("INS", "SE"), "HD": ("HD", "LX", "INS", "SE"), "CLP": ("CLP", "SE"), "SVC": ("SVC", "CLP", "SE"),
}  # fmt: skip
_OPENERS = ("ST", "N1", "NM1", "HL", "CLM", "LX", "INS", "HD", "CLP", "SVC")


def rows_of(content: str) -> Rows:
    return [line.split("*") for line in content.replace("\n", "").removesuffix("~").split("~")]


def content_of(rows: Rows) -> str:
    """The file, with the numbers of segments that its transaction sets have now."""
    counted, start = [], 0
    for index, row in enumerate(rows):
        start = index if row[0] == "ST" else start
        counted.append(["SE", str(index - start + 1), *row[2:]] if row[0] == "SE" else row)
    return "".join(f"{'*'.join(row)}~\n" for row in counted)


def kinds_of(rows: Rows) -> dict[Kind, list[int]]:
    """Places of segments by what they are called, and by what the loop begins with that they stand in."""
    found, opened = defaultdict(list), ("", "")
    for index, row in enumerate(rows):
        own = (row[0], row[3] if row[0] == "HL" else row[1][:3] if row[0] in _QUALIFIED else "")
        opened = own if row[0] in _OPENERS else opened
        if row[0] not in ("SE", "GE", "IEA"):
            found[*opened, *own].append(index)
    return found


def changed(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """A letter or digit of every element."""
    for kind, places in kinds_of(rows).items():
        middle = places[len(places) // 2]
        for number, value in enumerate(rows[middle]):
            if at := re.search(r"[0-9A-Z](?=[^0-9A-Z]*$)", value):
                other = str((int(at[0]) + 5) % 10) if at[0].isdecimal() else "K" if at[0] == "Q" else "Q"
                yield f"{kind} {number}", _with(rows, middle, number, value[: at.start()] + other + value[at.end() :])


def swapped(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Every element, with that of another segment of the kind."""
    for kind, places in kinds_of(rows).items():
        first = places[0]
        for number in range(1, len(rows[first])):
            second = next(
                (place for place in places if rows[place][number : number + 1] not in ([], [rows[first][number]])), None
            )
            if second is not None:
                once = _with(rows, first, number, rows[second][number])
                yield f"{kind} {number}", _with(once, second, number, rows[first][number])


def exchanged(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Every kind of segment, with another of the kind."""
    for kind, (first, *places) in kinds_of(rows).items():
        if other := [place for place in places if rows[place] != rows[first]]:
            copy = list(rows)
            copy[first], copy[other[-1]] = rows[other[-1]], rows[first]
            yield str(kind), copy


def missing(rows: Rows) -> Iterator[tuple[str, Rows]]:
    for kind, places in kinds_of(rows).items():
        yield str(kind), [row for index, row in enumerate(rows) if index != places[-1]]


def doubled(rows: Rows) -> Iterator[tuple[str, Rows]]:
    for kind, places in kinds_of(rows).items():
        yield str(kind), [*rows[: places[-1]], rows[places[-1]], *rows[places[-1] :]]


def loops_of(rows: Rows, opener: str) -> list[tuple[int, int]]:
    """Where each loop begins that a segment of this name opens, with the loops below it, and where it ends."""
    starts = [index for index, row in enumerate(rows) if row[0] == opener]
    return [(at, next(end for end in range(at + 1, len(rows)) if rows[end][0] in _LOOPS[opener])) for at in starts]


def loops_missing(rows: Rows) -> Iterator[tuple[str, Rows]]:
    for opener in _LOOPS:
        for start, end in loops_of(rows, opener)[-1:]:
            yield opener, rows[:start] + rows[end:]


def loops_doubled(rows: Rows) -> Iterator[tuple[str, Rows]]:
    for opener in _LOOPS:
        for start, end in loops_of(rows, opener)[-1:]:
            yield opener, rows[:end] + rows[start:]


def loops_moved(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """The first loop of each kind, put behind the last one: below another claim, payment or person."""
    for opener in _LOOPS:
        if len(every := loops_of(rows, opener)) > 1:
            (start, end), (_, last) = every[0], every[-1]
            yield opener, rows[:start] + rows[end:last] + rows[start:end] + rows[last:]


def shifted(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Every date by a day, every amount by a cent."""
    for kind, places in kinds_of(rows).items():
        for number, value in enumerate(rows[places[0]]):
            if re.fullmatch(r"(19|20)\d{6}", value):
                yield (
                    f"{kind} {number}",
                    _with(rows, places[0], number, str(int(value) + (1 if int(value[-2:]) < 28 else -1))),
                )
            elif re.fullmatch(r"\d+\.\d+", value):
                yield f"{kind} {number}", _with(rows, places[0], number, f"{float(value) + 0.01:.2f}")


def _with(rows: Rows, place: int, number: int, value: str) -> Rows:
    row = list(rows[place])
    row[number] = value
    return [*rows[:place], row, *rows[place + 1 :]]
