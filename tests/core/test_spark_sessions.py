"""Spark's session is joined where there is one, made of what Spark was told where there is none,
and stopped only where it was made.

Spark is played here; `tests/integration/spark_run.py` runs it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from healthsim_core.execution.on_spark import Spark
from healthsim_core.formats.folder import Folder
from healthsim_core.output.parts import Job

JOB = Job({}, {}, "", Folder("memory://spark"), "", False, 1)  # type: ignore[arg-type]


class Context:
    """A context; one at a time, as Spark has it."""

    _active_spark_context: Any = None
    _jvm: dict[str, str] | None = None
    told: dict[str, str] = {}

    def __init__(self, conf: dict[str, str]) -> None:
        self.master, self.stopped = conf["spark.master"], False
        Context._active_spark_context = self

    @classmethod
    def _ensure_initialized(cls) -> None:
        cls._jvm = {"spark.master": "local[*]", **cls.told}

    def broadcast(self, value: Any) -> Any:
        return SimpleNamespace(value=value)

    def parallelize(self, values: Any, pieces: int) -> Any:
        assert not self.stopped and not list(values)
        return SimpleNamespace(map=lambda make: SimpleNamespace(collect=list))


class Builder:
    """What builds a session."""

    def __init__(self) -> None:
        self._conf: dict[str, str] = {}

    def appName(self, name: str) -> Builder:  # noqa: N802
        return self

    def master(self, master: str) -> Builder:
        return self.config("spark.master", master)

    def config(self, name: str, value: str) -> Builder:
        self._conf[name] = value
        return self

    def getOrCreate(self) -> Any:  # noqa: N802
        Context._ensure_initialized()
        context = Context._active_spark_context or Context({**(Context._jvm or {}), **self._conf})
        return SimpleNamespace(sparkContext=context, stop=lambda: setattr(context, "stopped", True))


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Context]]:
    for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "MASTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    conf = lambda: SimpleNamespace(get=lambda name, default=None: (Context._jvm or {}).get(name, default))  # noqa: E731
    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(SparkContext=Context, SparkConf=conf))
    session = SimpleNamespace(builder=Builder(), getActiveSession=lambda: None)  # as in a thread of the user's own
    monkeypatch.setitem(sys.modules, "pyspark.sql", SimpleNamespace(SparkSession=session))
    yield Context
    Context._active_spark_context, Context._jvm, Context.told = None, None, {}


def run(workers: int = 3) -> Any:
    """The context of a run that makes no part."""
    assert list(Spark(workers).map(JOB, [], lambda number, units: None)) == []
    return Context._active_spark_context


def test_without_a_master_a_local_session_of_the_workers_is_started_and_ended(spark: type[Context]) -> None:
    context = run(3)
    assert context.master == "local[3,4]" and context.stopped


@pytest.mark.parametrize("master", ["yarn", "spark://head:7077", "k8s://https://head"])
def test_the_master_that_only_the_jvm_knows_is_joined(spark: type[Context], master: str) -> None:
    spark.told = {"spark.master": master}
    assert run().master == master


@pytest.mark.parametrize("variable", ["PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "MASTER"])
def test_all_cores_are_taken_where_somebody_asked_for_them(
    spark: type[Context], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "given")
    assert run().master == "local[*]"


def test_a_session_of_the_user_s_own_goes_on_also_where_another_thread_asks(spark: type[Context]) -> None:
    own = spark({"spark.master": "local[7]"})
    assert run() is own and not own.stopped
