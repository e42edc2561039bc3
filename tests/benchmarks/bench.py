"""Speed as ratios against a loop and against raw writes, and peak memory: `nox -s bench`, `nox -s bench -- --quick`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

PROFILE, JOURNEY = "medicare-diabetic", "diabetic-first-year"
TEXT_FORMATS = ("fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0")
LOOPED = 300  # people of the loop: enough to time it


def main() -> None:
    """Measure, print, and store as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="10,000 people at most")
    parser.add_argument("--million", action="store_true", help="a million people too")
    parser.add_argument("--json", type=Path, default=Path("out/bench.json"))
    options = parser.parse_args()
    sizes = [10_000] if options.quick else [10_000, 100_000, *([1_000_000] if options.million else [])]
    found: dict[str, Any] = {"machine": machine(), "loop": child("loop", LOOPED), "runs": []}
    print(f"{found['machine']}\nloop: {found['loop']['people_s']:,.0f} people/s, {found['loop']['events_s']:,.0f} events/s\n")
    print(f"{'what':<22}{'people':>10}{'CPU s':>8}{'people/s':>11}{'events/s':>12}{'x the loop':>11}{'peak MB':>9}")
    for size in sizes:
        for what in ("timeline", "records", "parquet", "duckdb"):
            run = child(what, size)
            run["times_the_loop"] = run["events_s"] / found["loop"]["events_s"]
            found["runs"].append(run)
            rates = f"{run['people_s']:>11,.0f}{run['events_s']:>12,.0f}{run['times_the_loop']:>11.1f}"
            print(f"{what:<22}{size:>10,}{run['cpu']:>8.1f}{rates}{run['peak_mb']:>9.0f}")
    found["formats"] = formats(2_000)  # last: a child is born with its parent's peak memory
    print(f"\n{'format':<14}{'MB':>7}{'MB/s':>8}{'of raw write':>14}")
    for name, row in found["formats"].items():
        print(f"{name:<14}{row['mb']:>7.1f}{row['mb_s']:>8.0f}{row['of_raw']:>14.2f}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


def machine() -> str:
    """Processor, cores, Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def child(what: str, size: int) -> dict[str, Any]:
    """Measure in a process of its own, so that its peak memory is its own."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "HEALTHSIM_DATABASE": str(Path(scratch, "bench.duckdb"))}
        command = [sys.executable, __file__.replace("bench.py", "measured.py"), what, str(size), scratch]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def formats(count: int) -> dict[str, dict[str, float]]:
    """Each text format's speed against writing and hashing the same bytes."""
    from measured import chunks_of

    from healthsim_core.formats.destination import Destination
    from healthsim_core.generator import make_plan

    plan = make_plan(PROFILE, JOURNEY, count=count, formats=list(TEXT_FORMATS))
    chunks = chunks_of(plan)
    found = {}
    for offer in plan.formats:
        with tempfile.TemporaryDirectory() as scratch:
            started = time.process_time()
            destination = Destination(Path(scratch), offer.name)
            writer = offer.writer(destination, plan.run)
            for tables in chunks:
                writer.write({name: tables[name] for name in (*offer.needs, *offer.wants) if name in tables})
            writer.close()
            size = sum(file.bytes for file in destination.close())
            spent = time.process_time() - started
            raw = raw_write(sorted(path for path in Path(scratch).rglob("*") if path.is_file()))
        found[offer.name] = {"mb": size / 1e6, "mb_s": size / 1e6 / spent, "of_raw": raw / spent}
    return found


def raw_write(paths: list[Path]) -> float:
    """CPU seconds to write and hash the bytes of some files again."""
    contents = [path.read_bytes() for path in paths]
    started = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        for index, content in enumerate(contents):
            hashlib.sha256(content)
            Path(scratch, str(index)).write_bytes(content)
    return time.process_time() - started


def node_shares(events: list[tuple[str, str]], people: int) -> list[tuple[str, str, float]]:
    """What the loop makes: every node of a run, and how often a person has it."""
    return [(kind, node, times / people) for (kind, node), times in sorted(Counter(events).items())]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
