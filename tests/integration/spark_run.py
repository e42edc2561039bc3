"""Spark makes the same bytes, also where a worker is killed: run by `nox -s spark`, for it needs Java."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from healthsim import generate
from healthsim_core.generation import memory

REQUEST: dict[str, Any] = {"profile": "adult-hypertension", "journey": "chronic-management", "count": 400, "output_formats": ["fhir_r4"]}


def digest(out: Path) -> str:
    """The digest of a run."""
    return str(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["digest"])


def kill(marker: str) -> None:
    """End this worker, the first time."""
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(9)


def main() -> None:
    """Run with one process and with Spark, and compare."""
    from pyspark.sql import SparkSession

    memory.FEW, memory.ROWS_A_PART = 0, 100
    with tempfile.TemporaryDirectory() as scratch:
        generate(**REQUEST, out=Path(scratch, "local"))
        generate(**REQUEST, out=Path(scratch, "started"), executor="spark", workers=2)
        session = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false").getOrCreate()
        marker = str(Path(scratch, "killed"))
        session.sparkContext.parallelize([0], 1).foreach(lambda _: kill(marker))
        generate(**REQUEST, out=Path(scratch, "joined"), executor="spark")
        session.stop()
        digests = {name: digest(Path(scratch, name)) for name in ("local", "started", "joined")}
    print(digests)
    sys.exit(len(set(digests.values())) != 1)


if __name__ == "__main__":
    main()
