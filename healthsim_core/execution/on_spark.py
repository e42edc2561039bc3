"""Parts on Spark: executors make and write them, and nothing but a few lines a part goes through the JVM."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Sequence
from typing import Any

import attrs

from healthsim_core.allocation import keep_freed_memory
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.executors import extra
from healthsim_core.execution.parts import Job, Part, PartResult
from healthsim_core.execution.worker import Report, make_part

TRIES = 4


@attrs.frozen
class Spark:
    """Runs parts as Spark tasks: in the session that is there or that spark-submit says, else in a local one of `workers` cores."""

    workers: int

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part; Spark runs the task of a dead worker again."""
        sql = extra("pyspark.sql", "spark")
        ours = sql.SparkSession.getActiveSession() is None
        session = _session(sql, self.workers)
        try:
            told = session.sparkContext.broadcast(job)
            made = session.sparkContext.parallelize(list(parts), len(parts)).map(lambda part: _make(told.value, part)).collect()
        finally:
            if ours:
                session.stop()
        yield from (_result(each) for each in made)


EXECUTOR = Spark


def _session(sql: Any, workers: int) -> Any:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    configuration = extra("pyspark", "spark").SparkConf()
    builder = sql.SparkSession.builder.appName("healthsim")
    if configuration.get("spark.master") is None:
        builder = builder.master(f"local[{workers},{TRIES}]").config("spark.ui.enabled", "false")
    return builder.getOrCreate()


def _make(job: Job, part: Part) -> str:
    keep_freed_memory()
    try:
        return json.dumps(make_part(job, part, lambda number, units: None).document())
    except HealthSimError as error:  # said as it is, and not tried again
        return json.dumps({"what": error.what, "where": error.where, "remedy": error.remedy})


def _result(said: str) -> PartResult:
    document = json.loads(said)
    if "what" in document:
        raise HealthSimError(**document)
    return PartResult.from_document(document)
