"""How many rows a file has, counted anew."""

from __future__ import annotations

from pathlib import Path

_BLOCK = 1 << 20


def lines(path: Path) -> int:
    """The lines of a text file, which is what most formats count: segments, messages, resources."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
