"""Whether honest runs pass: every shipped profile, alone and with every shipped journey in turn, for many seeds.

python tests/seeds.py [SEEDS] [N] [--first SEED]
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "core"))

from honest import validated, with_seed

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.generator import make_plan
from healthsim_core.planning.plan import Plan


@functools.cache
def plan(profile: str, journey: str | None, count: int) -> Plan | None:
    """The plan of a shipped profile with a shipped journey; None where the journey is of other people."""
    options: dict[str, Any] = {"profile": profile, "count": count, "products": []}
    try:
        return make_plan(**options, journey=journey or [])
    except HealthSimError:  # it reads or requires what these do not have
        if journey is None:
            raise
        return None


def failures(seeds: range, count: int, tell: Callable[[str], None] = print) -> tuple[int, int]:
    """Runs, and how many of them fail: each profile alone, and with one journey after the other, a seed each."""
    catalog, runs, failed = default_catalog(), 0, 0
    for seed in seeds:
        for number, profile in enumerate(sorted(catalog.profiles)):
            journey = sorted(catalog.journeys)[(number + seed) % len(catalog.journeys)]
            for chosen in (plan(profile, None, count), plan(profile, journey, count)):
                if chosen is None:
                    continue
                found, runs = validated(with_seed(chosen, seed)), runs + 1
                if not found.passed:
                    failed += 1
                    tell(f"{profile}, {journey if chosen.nodes else 'no journey'}, seed {seed}, n {count}: {found}")
    return runs, failed


def main() -> int:
    """Run it; the exit code says whether at most one run in a thousand fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=1_000)
    parser.add_argument("count", nargs="?", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    runs, failed = failures(range(given.first, given.first + given.seeds), given.count)
    print(f"{given.seeds} seeds of {given.count:,}: {runs:,} runs, {failed} failed, {time.monotonic() - began:.0f} s")
    return int(failed * 1_000 > runs)


if __name__ == "__main__":
    sys.exit(main())
