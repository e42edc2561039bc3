"""The implementation guides as `guides.json` declares them: the segments of each loop,
and what never changes in them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import attrs

from healthsim_core import PackageData

_DECLARED: Mapping[str, Any] = PackageData("membersim", "formats/reading").document("guides")
COUNTED, REPEATED = "#", "+"


def begins(constant: str) -> bool:
    """Whether a constant is only how its element begins."""
    return len(constant) > 1 and constant.endswith(":")


@attrs.frozen
class Segment:
    """A segment of a loop.

    Attributes:
        name: Its identifier.
        label: What tells it from others of its loop: its name, or `REF*EI` where the loop has more than one REF.
        constants: Elements that are always the same, by number; one that ends in : is how the element begins.
        silent: Numbers of the elements that are not compared with the tables: constants, and what the parser counts.
        repeats: Whether a loop may have it more than once.
    """

    name: str
    label: str
    constants: Mapping[int, str]
    silent: frozenset[int]
    repeats: bool

    @classmethod
    def of(cls, pattern: str, alone: bool) -> Segment:
        """The segment that a pattern declares; `alone` says whether its loop has no other of its name."""
        name, *elements = pattern.split("*")
        said = {number: value for number, value in enumerate(elements, 1) if value}
        constants = {number: value for number, value in said.items() if value != COUNTED}
        label = name if alone else f"{name}*{constants[1].rstrip(':')}"
        silent = frozenset(number for number, value in said.items() if not begins(value))
        return cls(name.rstrip(REPEATED), label.replace(REPEATED, ""), constants, silent, name.endswith(REPEATED))


@attrs.frozen
class Loop:
    """A loop.

    Attributes:
        name: Its name in the guide.
        record: The loop with whose record it is compared.
        after: The loops after whose segments it may open.
        segments: Its segments in order; the first one opens it.
        below: The segment that must have come since the last HL for it to open; "" for any.
    """

    name: str
    record: str
    after: frozenset[str]
    segments: tuple[Segment, ...]
    below: str = ""


@attrs.frozen(slots=False)
class Guide:
    """An implementation guide, and the file that follows it.

    Attributes:
        version: Its identifier (GS08).
        group: Functional identifier (GS01).
        file: Name of the file.
        control: Interchange control number of the file (ISA13) in a run's first part.
        sender: Who sends, by its name in `codes.json`.
        receiver: Who receives.
        loops: The loops.
    """

    version: str
    group: str
    file: str
    control: int
    sender: str
    receiver: str
    loops: tuple[Loop, ...]

    @functools.cached_property
    def kinds(self) -> Mapping[tuple[str, str], int]:
        """Numbers of the segments, in order, by loop and label."""
        every = ((loop.name, segment.label) for loop in self.loops for segment in loop.segments)
        return {label: number for number, label in enumerate(every)}

    def opener(self, loop: str) -> str:
        """Label of the segment that opens a loop."""
        return next(candidate.segments[0].label for candidate in self.loops if candidate.name == loop)


def guide(version: str) -> Guide:
    """The guide of that version."""
    declared = _DECLARED["guides"][version]
    every = {
        name: loop for shared in declared["shares"] for name, loop in _DECLARED["shared"][shared].items()
    } | declared["loops"]

    def loop(name: str, said: Mapping[str, Any]) -> Loop:
        patterns = [
            text.replace("{group}", declared["group"]).replace("{version}", version) for text in said["segments"]
        ]
        names = [pattern.partition("*")[0].rstrip(REPEATED) for pattern in patterns]
        segments = (Segment.of(pattern, names.count(name) == 1) for pattern, name in zip(patterns, names, strict=True))
        after = declared["last"] if said["after"] == "{last}" else said["after"]
        after = [other for other in after if other in every]
        return Loop(name, said.get("of", name), frozenset(after), tuple(segments), said.get("below", ""))

    loops = tuple(loop(name, said) for name, said in every.items())
    return Guide(
        version, loops=loops, **{name: declared[name] for name in ("group", "file", "control", "sender", "receiver")}
    )
