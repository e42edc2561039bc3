"""A household a chunk: what waits from chunk to chunk neither grows without end nor changes a byte."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from healthsim import generate

HOUSEHOLDS = 65  # a quarter of those that were too many for Python's depth of 1,000 calls
DEPTH = 250
REQUEST: dict[str, Any] = {
    "profile": {
        "id": "members", "coverage": {"type": "Commercial"},
        "demographics": {"age": {"type": "uniform", "min": 30, "max": 60}, "geography": {"fips": "06073"}},
    },
    "count": HOUSEHOLDS, "products": ["membersim"], "output_formats": ["x12_834"], "persist": False,
}  # fmt: skip


@contextmanager
def depth_bound() -> Iterator[None]:
    """The block may call no deeper than a quarter of what Python allows."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + DEPTH)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def enrolments(out: Path, **options: Any) -> bytes:
    generate(**REQUEST, **options, out=out)
    return (out / "x12_834" / "834.edi").read_bytes()


def test_many_chunks_make_the_file_that_one_makes_and_call_no_deeper(tmp_path: Path) -> None:
    one = enrolments(tmp_path / "one")
    with depth_bound():
        assert enrolments(tmp_path / "each", chunk_size=1) == one
    assert one.count(b"\nINS*") == HOUSEHOLDS
