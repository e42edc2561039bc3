"""All draw streams of the pinned runs, and where each is drawn:
`python tests/streams.py` writes docs/explanation/streams.md."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pinned_runs import ROOT, RUNS

from healthsim import generate
from healthsim_core import draws

PAGE = ROOT / "docs" / "explanation" / "streams.md"
BEGIN, END = "<!-- drawn by the code -->\n", "<!-- until here -->\n"
# name a stream for others
ADDRESSES = ("healthsim_core/draws.py", "healthsim_core/events.py", "healthsim_core/people/household.py")
_HEAD = "| stream | drawn in | names |\n|---|---|---|\n"


@contextmanager
def recorded(found: dict[str, set[str]]) -> Iterator[None]:
    """Note every stream that is drawn within the block, by the function that asks for it."""
    key: Callable[[int, str], Any] = draws.stream_key

    def noted(seed: int, stream: str) -> Any:
        frame = sys._getframe(1)
        while frame.f_code.co_filename.endswith(ADDRESSES) and frame.f_back is not None:
            frame = frame.f_back
        found[stream].add(f"{_module(frame.f_code.co_filename)}:{frame.f_code.co_qualname.replace('.<locals>', '')}")
        return key(seed, stream)

    draws.stream_key = noted  # type: ignore[assignment]
    try:
        yield
    finally:
        draws.stream_key = key  # type: ignore[assignment]


def streams() -> dict[str, set[str]]:
    """The streams of the pinned runs, each with the functions that draw it."""
    found: dict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as scratch, recorded(found):
        for name, request in RUNS.items():
            generate(**request, out=Path(scratch, name))
    return found


def table(found: Mapping[str, Collection[str]]) -> str:
    """A row for each function that draws: its streams, with * for what differs, and how many there are."""
    by_place: dict[tuple[str, str], list[str]] = defaultdict(list)
    for stream, places in found.items():
        for place in places:
            by_place[place, re.split("[./]", stream)[0]].append(stream)
    rows = sorted((_pattern(names), place, len(names)) for (place, _), names in by_place.items())
    return _HEAD + "".join(
        f"| `{pattern}` | `{place}` | {'one' if count == 1 else 'many'} |\n" for pattern, place, count in rows
    )


def on_page(text: str) -> str:
    """The page's text with a table in place of that which stands there."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}{text}{END}{rest.split(END)[1]}"


def _pattern(names: Collection[str]) -> str:
    short = [re.sub(r"\+[^.]+", "+…", name) for name in names]
    parts = [re.split(r"([./>])", name) for name in short]
    if len({len(part) for part in parts}) > 1:
        same = 0
        for together in zip_longest(*parts):
            if len(set(together)) > 1:
                break
            same += 1
        return "".join(parts[0][:same]) + "*"
    return "".join(together[0] if len(set(together)) == 1 else "*" for together in zip(*parts, strict=True))


def _module(path: str) -> str:
    parts = Path(path).with_suffix("").parts
    at = parts.index("src") + 1 if "src" in parts else len(parts) - 1 - parts[::-1].index("healthsim_core")
    return ".".join(parts[at:]).removesuffix(".__init__")


if __name__ == "__main__":
    drawn = streams()
    if sys.argv[1:] == ["--json"]:
        print(json.dumps({stream: sorted(places) for stream, places in drawn.items()}))
    else:
        PAGE.write_text(on_page(table(drawn)), encoding="utf-8")
