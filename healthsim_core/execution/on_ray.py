"""Parts on a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from typing import Any

import attrs

from healthsim_core.allocation import keep_freed_memory
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.executors import died, extra
from healthsim_core.execution.shared import Sighting, look, refuse_unless_shared
from healthsim_core.execution.worker import Report, make_part
from healthsim_core.output.parts import Job, Part, PartResult

TRIES = 3
ANSWER = 120.0  # seconds, in which a node may have to start a process


@attrs.frozen
class Ray:
    """Runs parts as Ray tasks of one CPU: on the cluster that `ray.init` finds,
    else on one of `workers` CPUs that it starts."""

    workers: int

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part; Ray runs the task of a dead worker again."""
        ray = extra("ray", "ray")
        ours = not ray.is_initialized()
        if ours:
            _connect(ray, self.workers)
        try:
            _refuse_other_disks(ray, job)
            yield from _results(ray, job, parts)
        finally:
            if ours:
                ray.shutdown()  # leaves a cluster that was there, ends one that was not


EXECUTOR = Ray


def _connect(ray: Any, workers: int) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet = {"log_to_driver": False, "configure_logging": False}
    try:
        ray.init(address="auto", **quiet)
    except ConnectionError:
        ray.init(address="local", num_cpus=workers, include_dashboard=False, **quiet)


def _refuse_other_disks(ray: Any, job: Job) -> None:
    """Ask every node that works, busy or not, whether the folder is the one that is here."""
    if job.folder.local is None:
        return
    affinity = extra("ray.util.scheduling_strategies", "ray").NodeAffinitySchedulingStrategy
    asked = ray.remote(num_cpus=0, max_retries=TRIES - 1)(_look)
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    answers = [asked.options(scheduling_strategy=affinity(node, soft=False)).remote(job) for node in nodes]
    try:
        refuse_unless_shared(job.folder, ray.get(answers, timeout=ANSWER))
    except ray.exceptions.RayTaskError as error:
        raise (error.cause if isinstance(error.cause, HealthSimError) else error) from None
    except ray.exceptions.RayError as error:
        what = f"a node of the cluster did not answer within {ANSWER:g} seconds whether it sees the output folder."
        raise HealthSimError(what, "executor ray", "See `ray status`, or name an fsspec URL with --out.") from error


def _results(ray: Any, job: Job, parts: Sequence[Part]) -> Generator[PartResult, None, None]:
    task = ray.remote(num_cpus=1, max_retries=TRIES - 1)(_make)
    shared_job = ray.put(job)
    waiting = {task.remote(shared_job, part): part for part in parts}
    while waiting:
        (ready,), _ = ray.wait(list(waiting), num_returns=1)
        part = waiting.pop(ready)
        try:
            yield ray.get(ready)
        except ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, HealthSimError) else error) from None
        except ray.exceptions.WorkerCrashedError as error:
            raise died(part, TRIES) from error


def _look(job: Job) -> Sighting:
    return look(job)


def _make(job: Job, part: Part) -> PartResult:
    keep_freed_memory()
    return make_part(job, part, lambda number, units: None)
