"""Memory that is freed is kept for what follows."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROUNDS = """
import resource, sys
from healthsim_core.allocation import keep_freed_memory
if "keep" in sys.argv:
    keep_freed_memory()
import numpy as np
def work():
    for _ in range(5):
        chunk = [np.ones(1 << 20) for _ in range(10)]
        del chunk
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(*arguments: str) -> int:
    ran = subprocess.run([sys.executable, "-c", ROUNDS, *arguments], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is what is told")
def test_arrays_that_come_and_go_cost_no_new_pages() -> None:
    assert page_faults("keep") * 10 < page_faults()
