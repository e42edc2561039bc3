"""Who runs the parts of a run."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.errors import HealthSimError, PluginError, unknown
from healthsim_core.execution.worker import Report, make_part
from healthsim_core.offers import ExecutorOffer
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


def check_executor(name: str, catalog: Catalog) -> None:
    """Refuse an executor that nobody offers, and one of a plugin that takes a name of core.

    Raises:
        UnknownNameError: There is none.
        PluginError: Core and a plugin have one.
    """
    for taken in EXECUTORS.keys() & catalog.executors.keys():
        maker = catalog.executors[taken].product
        raise PluginError(f'core has an executor "{taken}".', maker, "Give yours another name.")
    names = (*EXECUTORS, *catalog.executors)
    if name not in names:
        raise unknown("executor", name, names, "executor", f"It is one of {', '.join(names)}.")


def executor_of(name: str, workers: int, offered: Mapping[str, ExecutorOffer]) -> Executor:
    """The executor called `name`, of those that there are.

    Raises:
        HealthSimError: What it needs is not installed.
    """
    if name in offered:
        return _Offered(offered[name], workers)
    module: Any = importlib.import_module(f"healthsim_core.execution.{EXECUTORS[name]}")
    executor: Executor = module.EXECUTOR(workers)
    return executor


@attrs.frozen
class _Offered:
    """A plugin's executor, which is trusted with nothing but who makes which part."""

    offer: ExecutorOffer
    workers: int

    def map(self, job: Job, parts: Sequence[Part], report: Report) -> Generator[PartResult, None, None]:
        """Make every part once; what is made twice, not at all, or by nobody is refused."""
        left = {part.number for part in parts}
        where = f"{self.offer.product}: executor {self.offer.name}"
        for result in self.offer.run(functools.partial(_make, job), parts, self.workers):
            if not isinstance(result, PartResult) or result.part.number not in left:
                said = f"part {result.part.number} again" if isinstance(result, PartResult) else repr(result)[:40]
                what = f"it returns {said}."
                raise PluginError(what, where, "Return what the function gives, once for each part.")
            left.remove(result.part.number)
            yield result
        if left:
            raise PluginError(f"it leaves out {len(left):,} of {len(parts):,} parts.", where, "Make every part.")


def _make(job: Job, part: Part) -> PartResult:
    return make_part(job, part, lambda number, units: None)


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
