"""What one command may take of the machine, where what it does comes from anybody."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SPARE = 2 * 10**9  # bytes that threads and libraries reserve beside, and mostly never use


@contextmanager
def memory_bound(memory: str) -> Iterator[None]:
    """Let the process take no more than it has, and `memory`; DuckDB counts its tables,
    and not what one function makes.

    Linux knows how much a process has; elsewhere, and of a `memory` that is none, nothing is bounded here.

    Args:
        memory: In DuckDB's words, such as "4GB".
    """
    wanted = _bytes(memory)
    if wanted is None or not sys.platform.startswith("linux"):
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    most, (before, hard) = (
        pages * os.sysconf("SC_PAGE_SIZE") + wanted + _SPARE,
        resource.getrlimit(resource.RLIMIT_DATA),
    )
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


def _bytes(memory: str) -> int | None:
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", memory, re.IGNORECASE)
    return int(float(match[1]) * _UNITS[match[2].upper()]) if match else None
