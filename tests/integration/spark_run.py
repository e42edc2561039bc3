"""Spark makes the same bytes, also where a worker is killed, in whatever session there is: run by `nox -s spark`,
for it needs Java."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

from healthsim import generate
from healthsim_core.errors import OutputError
from healthsim_core.execution import on_spark
from healthsim_core.execution.shared import look
from healthsim_core.execution.worker import make_part
from healthsim_core.formats.folder import Folder
from healthsim_core.generation import memory
from healthsim_core.output.parts import Job

REQUEST: dict[str, Any] = {
    "profile": "adult-hypertension",
    "journey": "chronic-management",
    "count": 400,
    "output_formats": ["fhir_r4"],
}


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


SUBMITTED = """
import sys
from healthsim import generate
from healthsim_core.execution import on_spark

session_of = on_spark._session


def said(*asked):
    session = session_of(*asked)
    print("the master is", session.sparkContext.master)
    return session


on_spark._session = said
generate(profile="adult-hypertension", count=20, out=sys.argv[1], executor="spark", workers=1)
"""


def master_of(scratch: Path, *arguments: str) -> str:
    """The master of a run that spark-submit starts."""
    import pyspark

    script = scratch / "run.py"
    script.write_text(SUBMITTED, encoding="utf-8")
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    own = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(submit.parents[1])}
    run = subprocess.run(
        [submit, *arguments, script, scratch / "submitted"], env=own, check=True, text=True, stdout=subprocess.PIPE
    )
    return next(line for line in run.stdout.splitlines() if line.startswith("the master is")).split()[-1]


def refused_elsewhere(scratch: Path) -> bool:
    """Whether a run is refused where executors have another folder of the same name; nothing is left of it then."""

    def look_elsewhere(job: Job) -> str:
        return json.dumps(attrs.asdict(look(attrs.evolve(job, folder=Folder(scratch / "other")))))

    usual, on_spark._look = on_spark._look, look_elsewhere
    try:
        generate(**REQUEST, out=scratch / "two-disks", executor="spark")
    except OutputError as error:
        print(error)
        return not (scratch / "two-disks").exists() and not (scratch / "other").exists()
    finally:
        on_spark._look = usual
    return False


def main() -> None:
    """Run with one process and with Spark, and compare."""
    from pyspark.sql import SparkSession

    memory.FEW, memory.ROWS_A_PART = 0, 100
    with tempfile.TemporaryDirectory() as scratch:
        generate(**REQUEST, out=Path(scratch, "local"))
        generate(**REQUEST, out=Path(scratch, "started"), executor="spark", workers=2)
        session = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false").getOrCreate()
        on_spark._make = dying(Path(scratch, "killed"))
        with ThreadPoolExecutor(1) as thread:  # where no session is the active one
            thread.submit(generate, **REQUEST, out=Path(scratch, "joined"), executor="spark").result()
        assert session.range(3).count() == 3, "the user's own session was stopped"
        assert refused_elsewhere(Path(scratch))
        session.stop()
        assert (master := master_of(Path(scratch), "--master", "local[3,2]")) == "local[3,2]", master
        assert Path(scratch, "killed").exists()
        digests = {name: digest(Path(scratch, name)) for name in ("local", "started", "joined")}
    print(digests)
    sys.exit(len(set(digests.values())) != 1)


if __name__ == "__main__":
    main()
