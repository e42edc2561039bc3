"""How a process that makes chunk after chunk holds memory: what one chunk frees, the next one takes."""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # numbers of the options in glibc's malloc.h
_LARGEST_KEPT = 32 << 20  # bytes: the most that glibc lets an array have that is kept
_KEPT = 512 << 20  # bytes that may lie free


def keep_freed_memory() -> None:
    """Keep freed arrays for those that follow, instead of giving them back to the system and asking again.

    Every page asked for anew costs a fault, a quarter of a run's time; the peak stays as it is. Arrow is told to take
    its memory from the same place, unless `ARROW_DEFAULT_MEMORY_POOL` says otherwise: call it before PyArrow is
    imported. Where malloc is not glibc's, nothing else changes. The command line and workers call it;
    a program of your own may.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if sys.platform == "linux":
        options = getattr(ctypes.CDLL(None), "mallopt", None)
        if options is not None:
            options(_MMAP_THRESHOLD, _LARGEST_KEPT)
            options(_TRIM_THRESHOLD, _KEPT)
