"""Spark makes the same bytes, also where a worker is killed: run by `nox -s spark`, for it needs Java."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from healthsim import generate
from healthsim_core.execution import on_spark
from healthsim_core.execution.worker import make_part
from healthsim_core.generation import memory

REQUEST: dict[str, Any] = {"profile": "adult-hypertension", "journey": "chronic-management", "count": 400, "output_formats": ["fhir_r4"]}


def digest(out: Path) -> str:
    """The digest of a run."""
    return str(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["digest"])


def dying(marker: Path) -> Any:
    """What Spark's executors do, but that the worker of part 2 is killed in the middle of it, the first time."""

    def make(job: Any, part: Any) -> str:
        def die(number: int, units: int) -> None:
            if number == 2 and not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        return json.dumps(make_part(job, part, die).document())

    return make


def main() -> None:
    """Run with one process and with Spark, and compare."""
    from pyspark.sql import SparkSession

    memory.FEW, memory.ROWS_A_PART = 0, 100
    with tempfile.TemporaryDirectory() as scratch:
        generate(**REQUEST, out=Path(scratch, "local"))
        generate(**REQUEST, out=Path(scratch, "started"), executor="spark", workers=2)
        session = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false").getOrCreate()
        on_spark._make = dying(Path(scratch, "killed"))
        generate(**REQUEST, out=Path(scratch, "joined"), executor="spark")
        session.stop()
        assert Path(scratch, "killed").exists()
        digests = {name: digest(Path(scratch, name)) for name in ("local", "started", "joined")}
    print(digests)
    sys.exit(len(set(digests.values())) != 1)


if __name__ == "__main__":
    main()
