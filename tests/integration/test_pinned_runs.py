"""What eight small runs make is pinned: a table or a file that changes is named, and renewed by a decision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from pinned_runs import RUNS, changed, digests, libraries, pinned

from healthsim_core.catalog import default_catalog
from healthsim_core.planning.versions import versions_of
from healthsim_core.reference.stored import Facts

OLDER = ("mothers", "trial")
# what a processor of 2012 has not; NumPy does without
NEWER = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
RENEW = "If that is meant, `python tests/pinned_runs.py` renews them, and the commit says why."


@pytest.mark.parametrize("name", RUNS)
def test_a_run_makes_what_it_made(name: str, tmp_path: Path) -> None:
    then = pinned(name)
    here = libraries(versions_of(default_catalog(), (), Facts()))
    if here != then["versions"]:
        pytest.skip(f"pinned with {then['versions']}, and here is {here}")
    assert changed(name, digests(name, tmp_path / "out")["files"]) == [], RENEW


def test_a_run_makes_the_same_where_the_processor_is_an_older_one(tmp_path: Path) -> None:
    program = [
        sys.executable,
        str(Path(__file__).parents[1] / "pinned_runs.py"),
        *OLDER,
        "--to",
        str(tmp_path / "older"),
    ]
    subprocess.run(
        program, check=True, env={**os.environ, "OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": NEWER}
    )
    for name in OLDER:
        then = json.loads((tmp_path / "older" / f"{name}.json").read_text(encoding="utf-8"))
        assert then == digests(name, tmp_path / name)


def test_every_format_and_every_product_is_among_the_runs() -> None:
    made = {path.split("/")[0] for name in RUNS for path in pinned(name)["files"]} - {"tables", "validation.json"}
    assert made == set(default_catalog().formats)
