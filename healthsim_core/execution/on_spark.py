"""Parts on Spark: executors make and write them, and nothing but a few lines a part goes through the JVM."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Generator, Sequence
from typing import Any

import attrs

from healthsim_core.allocation import keep_freed_memory
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.executors import extra
from healthsim_core.execution.shared import Sighting, look, refuse_unless_shared
from healthsim_core.execution.worker import Report, make_part
from healthsim_core.output.parts import Job, Part, PartResult

TRIES = 4
LINGER = 0.2  # seconds that one look at the folder takes, so that no worker does those of others
_UNSAID = "local[*]"  # the master of a JVM that was told none


@attrs.frozen
class Spark:
    """Runs parts as Spark tasks: in what there is or what spark-submit and Spark's configuration say,
    else in `workers` cores."""

    workers: int

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part; Spark runs the task of a dead worker again."""
        spark = extra("pyspark", "spark")
        ours = spark.SparkContext._active_spark_context is None  # of the process; sessions are each thread's own
        session = _session(spark, self.workers)
        try:
            _refuse_other_disks(session.sparkContext, job)
            shared_job = session.sparkContext.broadcast(job)
            results = (
                session.sparkContext.parallelize(list(parts), len(parts))
                .map(lambda part: _make(shared_job.value, part))
                .collect()
            )
        finally:
            if ours:
                session.stop()
        yield from (_result(result) for result in results)


EXECUTOR = Spark


def _session(spark: Any, workers: int) -> Any:
    """The session that is there, or one of the master that Spark was told; of a local one where it was told none."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    submitted = any(name in os.environ for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "MASTER"))
    spark.SparkContext._ensure_initialized()  # only a JVM knows what spark-submit and spark-defaults.conf say
    builder = extra("pyspark.sql", "spark").SparkSession.builder
    if spark.SparkContext._active_spark_context is None:
        builder = builder.appName("healthsim")
        if not submitted and spark.SparkConf().get("spark.master", _UNSAID) == _UNSAID:
            builder = builder.master(f"local[{workers},{TRIES}]").config("spark.ui.enabled", "false")
    return builder.getOrCreate()


def _refuse_other_disks(context: Any, job: Job) -> None:
    """Ask as many workers at once as work at once whether the folder is the one that is here;
    who comes later asks itself."""
    if job.folder.local is None:
        return
    several = context.defaultParallelism
    sightings = context.parallelize(range(several), several).map(lambda _: _look(job)).collect()
    refuse_unless_shared(job.folder, (Sighting(**json.loads(seen)) for seen in sightings))


def _look(job: Job) -> str:
    time.sleep(LINGER)
    return json.dumps(attrs.asdict(look(job)))


def _make(job: Job, part: Part) -> str:
    keep_freed_memory()
    try:
        return json.dumps(make_part(job, part, lambda number, units: None).document())
    except HealthSimError as error:  # said as it is, and not tried again
        return json.dumps({"what": error.what, "where": error.where, "remedy": error.remedy})


def _result(text: str) -> PartResult:
    document = json.loads(text)
    if "what" in document:
        raise HealthSimError(**document)
    return PartResult.from_document(document)
