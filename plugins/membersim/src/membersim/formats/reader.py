"""X12 files read back: segments as columns, block by block, and the checks that hold for every file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import ReadBack, segments

BLOCK = 32 << 20  # bytes; blocks end where a transaction set ends
ISA_LENGTH = 106
Rows = NDArray[np.int64]


def tolerant(read: Callable[[Path], ReadBack]) -> Callable[[Path], ReadBack]:
    """Let `read` report a file that is not X12 at all, or cut off, as a problem of the file."""

    @wraps(read)
    def reading(folder: Path) -> ReadBack:
        try:
            return read(folder)
        except (pa.ArrowException, ValueError, IndexError) as error:
            return ReadBack({}, problems=[f"{folder.name} cannot be read as X12: {error}"])

    return reading


class Segments(segments.Segments):
    """A stretch of a file: whole transaction sets, and the headers and trailers around them.

    Args:
        content: The stretch.
        element: The element separator.
        terminator: The segment terminator.
    """

    def __init__(self, content: bytes, element: str, terminator: str) -> None:
        super().__init__(content.replace(b"\n", b"").replace(b"\r", b"").decode("utf-8", "replace"), element, terminator)

    def date(self, rows: Rows, number: int) -> NDArray[np.datetime64]:
        """A date; NaT where there is none."""
        return days(self.element(rows, number))


def days(strings: pa.Array) -> NDArray[np.datetime64]:
    """Dates from CCYYMMDD; NaT for null."""
    moments = pc.strptime(strings, format="%Y%m%d", unit="s")
    return np.asarray(moments.to_numpy(zero_copy_only=False).astype("datetime64[D]"))


def blocks(path: Path) -> Iterator[Segments]:
    """A file's segments, in blocks of whole transaction sets."""
    with path.open("rb") as file:
        rest = file.read(ISA_LENGTH)
        element, terminator = chr(rest[3]), chr(rest[-1])
        breaks = [f"{terminator}{newline}ST{element}".encode() for newline in ("\n", "\r\n", "")]
        while content := file.read(BLOCK):
            rest += content
            cut = max(rest.rfind(mark) for mark in breaks)
            if cut > 0:
                yield Segments(rest[: cut + 1], element, terminator)
                rest = rest[cut + 1 :]
        yield Segments(rest.strip(), element, terminator)


class Envelope:
    """What must hold in every file: headers, trailers, counts, control numbers, NPIs, addresses.

    Args:
        path: The file.
        version: What GS08 must say.
    """

    def __init__(self, path: Path, version: str) -> None:
        self.problems: list[str] = []
        self._name, self.version = path.name, version
        self._seen: dict[str, list[str | None]] = {name: [] for name in ("ISA", "GS", "GE", "IEA")}
        self._control: list[str] = []

    def report(self, what: str, wrong: Iterable[object]) -> None:
        """Note what is wrong, with the first of it as an example."""
        found = list(wrong)
        if found:
            self.problems.append(f"{self._name}: {what} ({len(found)}, such as {found[0]})")

    def check(self, segments: Segments) -> None:
        """Check a block."""
        start, end = segments.rows("ST"), segments.rows("SE")
        if len(start) != len(end):
            self.report("a transaction set without its SE", [len(start)])
            return
        numbers = segments.element(start, 2).to_pylist()
        self._control += numbers
        self.report("ST02 is not SE02", np.array(numbers)[segments.text(start, 2) != segments.text(end, 2)])
        self.report("SE01 is not the number of segments", np.array(numbers)[segments.whole(end, 1) != end - start + 1])
        named = np.concatenate([segments.rows("NM1"), segments.rows("N1")])
        npi = pa.concat_arrays([segments.element(named, 9), segments.element(named, 4)])
        marked = np.concatenate([segments.text(named, 8) == "XX", segments.text(named, 3) == "XX"])
        self.report("an NPI fails its check digit", [v for v in pc.unique(npi.filter(pa.array(marked))).to_pylist() if not is_npi(v or "")])
        places = segments.rows("N4")
        self.report("N4 without city, state or ZIP", places[_missing(segments, places, (1, 2, 3))])
        for name in self._seen:
            rows = segments.rows(name)
            for number in (1, 2, 6, 8, 13):
                self._seen[name] += [f"{number}:{value}" for value in segments.element(rows, number).to_pylist()]

    def finish(self) -> list[str]:
        """Check what can be known only at the end; all that was wrong."""
        heads = {name: dict(value.split(":", 1) for value in values if value) for name, values in self._seen.items()}
        if len(set(self._control)) != len(self._control):
            self.report("transaction set control numbers repeat", [len(self._control) - len(set(self._control))])
        pairs = (
            ("GE01 is not the number of transaction sets", heads["GE"].get("1"), str(len(self._control))),
            ("GE02 is not GS06", heads["GE"].get("2"), heads["GS"].get("6")),
            ("IEA02 is not ISA13", heads["IEA"].get("2"), heads["ISA"].get("13")),
            ("GS08 is not the guide's version", heads["GS"].get("8"), self.version),
        )
        for what, said, right in pairs:
            self.report(what, [] if said == right else [said])
        return self.problems


def is_npi(number: str) -> bool:
    """Whether a number passes the Luhn check of NPIs, with prefix 80840."""
    if len(number) != 10 or not number.isdecimal():
        return False
    digits = [int(digit) for digit in f"80840{number}"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _missing(segments: Segments, rows: Rows, numbers: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.any([segments.text(rows, number).is_null() for number in numbers], axis=0)
