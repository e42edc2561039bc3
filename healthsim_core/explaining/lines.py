"""How an explanation says what it tells: values in lines for people, and in plain JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_IDS = ("id", "events")  # whose whole numbers are too great for some readers of JSON
_FEW = 4  # events that a line names
_WIDE = 100  # characters of a row that a line shows


def shown(value: Any) -> str:
    """A value as a line shows it."""
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def came_of(events: Sequence[int]) -> str:
    """The events that a value came from, the last ones; nothing where there are none."""
    if not events:
        return ""
    more = f" and {len(events) - _FEW} before" if len(events) > _FEW else ""
    return f" (event {', '.join(map(str, events[-_FEW:]))}{more})"


def indented(some: Iterable[str], by: int) -> Iterator[str]:
    """Lines further to the right."""
    return (" " * by + line for line in some)


def labelled(label: str, some: Iterable[str]) -> Iterator[str]:
    """Lines with a label before the first."""
    for number, line in enumerate(some):
        yield f"  {'' if number else label:<9}{line}"


def wrapped(text: str) -> list[str]:
    """A long text in lines."""
    return textwrap.wrap(text, _WIDE, initial_indent="  ", subsequent_indent="    ")


def plain(value: Any) -> Any:
    """A value as JSON has it: ids, dates and amounts are text."""
    if isinstance(value, Mapping):
        return {
            name: _id(item) if name in _IDS or name.endswith("_id") else plain(item) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _id(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_id(item) for item in value]
    return None if value is None else str(value)
