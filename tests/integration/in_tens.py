"""Small runs in several parts, of ten people each, and one that kills itself in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from healthsim_core.generation import memory

A_PART = 10  # people
KILLED = """
import os, signal
from healthsim import generate
from healthsim_core.generation import memory

memory.FEW, memory.ROWS_A_PART = 0, {a_part}


def die(done, total):
    if done >= {after}:
        os.kill(os.getpid(), signal.SIGKILL)


generate(**{request!r}, chunk_size=5, progress=die, out={out!r})
"""


def cut_into_tens(patch: pytest.MonkeyPatch) -> None:
    """Let small runs have several parts, as large ones have."""
    patch.setattr(memory, "FEW", 0)
    patch.setattr(memory, "ROWS_A_PART", A_PART)


def killed(request: Mapping[str, Any], out: str, after: int) -> None:
    """A run that is killed when so many people are done."""
    program = KILLED.format(a_part=A_PART, request=dict(request), out=out, after=after)
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
