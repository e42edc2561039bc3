"""Who runs the parts of a run."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Sequence
from typing import Any, Protocol

from healthsim_core.errors import HealthSimError, unknown
from healthsim_core.execution.worker import Report
from healthsim_core.output.parts import Job, Part, PartResult

EXECUTORS = {"local": "on_this_machine", "ray": "on_ray", "spark": "on_spark"}


class Executor(Protocol):
    """Maps parts to what was made of them; who it is makes no difference to a byte."""

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part once, in any order; a part whose worker died is made again.

        Args:
            job: What each worker is told.
            parts: The parts that are wanted.
            report: Called, if it can be known, with a part's number and how many of its households are done.
        """


def executor_of(name: str, workers: int) -> Executor:
    """The executor called `name`.

    Raises:
        UnknownNameError: There is none.
        HealthSimError: What it needs is not installed.
    """
    if name not in EXECUTORS:
        raise unknown("executor", name, EXECUTORS, "executor")
    module: Any = importlib.import_module(f"healthsim_core.execution.{EXECUTORS[name]}")
    executor: Executor = module.EXECUTOR(workers)
    return executor


def extra(module: str, name: str) -> Any:
    """A module that an extra of the distribution brings.

    Raises:
        HealthSimError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise HealthSimError(
            f"{module} is not installed.", f"executor {name}", f'pip install "healthsim-core[{name}]"'
        ) from error


def died(part: Part, times: int) -> HealthSimError:
    """The error for a part whose worker dies every time."""
    what = f"the worker of people {part.start:,} to {part.stop:,} died {times} times."
    return HealthSimError(
        what, "workers", 'Is memory short? Try fewer. In a script, put the call below `if __name__ == "__main__":`.'
    )
