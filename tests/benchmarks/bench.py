"""Measure, print and store: `nox -s bench`, `-- --quick`, `-- --million`; `-- --markdown` prints what was stored last.

This process imports nothing but the standard library, for a child is born with its parent's peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import report
from cases import FORMAT_PEOPLE, JOURNEY, LOOPED, PROFILE, cases, read_cases

FOLDER = Path("out/bench")
STARTS = 5  # a start-up is the best of so many
HERE = Path(__file__).parent
TEN = ("generate", "--profile", PROFILE, "--journey", JOURNEY, "--count", "10", "--no-persist", "--quiet", "--out")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", dest="size", action="store_const", const="quick", help="small sizes: two minutes")
    sizes.add_argument(
        "--million", dest="size", action="store_const", const="million", help="up to a million people: an hour"
    )
    parser.add_argument(
        "--markdown", action="store_true", help="print what was stored, as tables for docs/explanation/performance.md"
    )
    parser.add_argument(
        "--only",
        choices=("startup", "runs", "formats", "reading"),
        action="append",
        help="parts to measure; the others stay as stored",
    )
    parser.set_defaults(size="usual")
    options = parser.parse_args()
    path = FOLDER / f"{options.size}.json"
    if options.markdown:
        print(report.markdown(json.loads(path.read_text(encoding="utf-8"))))
        return
    found = measure(
        options.size,
        options.only,
        json.loads(path.read_text(encoding="utf-8")) if options.only and path.exists() else {},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"\n{report.goals(found)}\n\nStored as {path}.")


def measure(size: str, only: list[str] | None, found: dict[str, Any]) -> dict[str, Any]:
    """Every measurement of a size, printed as it is made."""
    versions = {"python": platform.python_version(), **child("versions")}
    found = {
        **found,
        "size": size,
        "machine": machine(),
        "versions": versions,
        "loop": _told(child("loop", str(LOOPED))),
    }
    parts: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "startup": lambda: [_told(row) for row in (startup("help", ["--help"]), startup("ten people", [*TEN, "out"]))],
        "runs": lambda: [_told(_against(found["loop"], child("run", *map(str, case)))) for case in cases(size)],
        "formats": lambda: [
            _told(child("format", name, str(FORMAT_PEOPLE[size]))) for name in child("formats")["formats"]
        ],
        "reading": lambda: [_told(child("reading", name, str(people))) for name, people in read_cases(size)],
    }
    for part in only or parts:
        found[part] = parts[part]()
    return found


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    processor = names[0] if names else platform.machine()
    return {"processor": processor, "cores": os.cpu_count(), "memory_gb": round(memory), "system": platform.system()}


def child(kind: str, *arguments: str) -> dict[str, Any]:
    """Measure in a process of its own, so that its peak memory is its own."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(HERE / "measured.py"), kind, *arguments, scratch]
        done = subprocess.run(command, capture_output=True, text=True, env=_environment(scratch), check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def startup(what: str, arguments: list[str]) -> dict[str, Any]:
    """The command line from process start to its end, compiled modules cached: the best of some."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for attempt in range(STARTS + 1):  # the first writes the cache
            own = Path(scratch, str(attempt))
            own.mkdir()
            environment = {**_environment(str(own)), "PYTHONPYCACHEPREFIX": str(Path(scratch, "cache"))}
            command = [sys.executable, "-c", "from healthsim_core.cli import main; main()", *arguments]
            started = time.perf_counter()
            process = subprocess.Popen(command, env=environment, cwd=own, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"healthsim {' '.join(arguments)}: exit code {process.returncode}")
            wall = time.perf_counter() - started
            rows.append(
                {"what": what, "wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}
            )
    return {key: what if key == "what" else min(row[key] for row in rows[1:]) for key in rows[0]}


def _environment(scratch: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = os.pathsep.join(path for path in (os.environ.get("PYTHONPATH", ""), str(HERE)) if path)
    own = {"PYTHONPATH": paths, "HEALTHSIM_DATABASE": str(Path(scratch, "bench.duckdb"))}
    return {**kept, **own}


def _against(loop: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The row with its ratio to the loop; None for people alone, which the loop does not make without their events."""
    return {**row, "times_the_loop": None if row["work"] == "people" else row["events_s"] / loop["events_s"]}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    print(report.line(row), flush=True)
    return row


if __name__ == "__main__":
    main()
