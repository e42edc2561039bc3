"""Events of coverage that contradict each other, as far as a journey alone shows it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.timing import DAY, Timing

_ENROLLS, _ENDS = "new_enrollment", "termination"


def check_coverage_events(nodes: Sequence[Node], where: Sequence[str], mistakes: Mistakes) -> None:
    """Take note of coverages that end before they begin, and of two of one rank that begin at once.

    Args:
        nodes: All nodes of the run.
        where: The path of each in the document.
        mistakes: Takes what is wrong.
    """
    for index, node in enumerate(nodes):
        if node.event_type == _ENDS:
            with mistakes.caught():
                _refuse_early_end(nodes, index, where[index])
    begins = [index for index, node in enumerate(nodes) if node.event_type == _ENROLLS and _is_certain(node)]
    for first, second in itertools.combinations(begins, 2):
        one, other = nodes[first], nodes[second]
        rank = _constant(one, "rank", 1)
        if _moment(one) == _moment(other) and _names(one) != _names(other) and rank == _constant(other, "rank", 1):
            with mistakes.caught():
                what = f"two coverages of rank {rank:g} begin on one day: {_names(one)} and {_names(other)}."
                raise SpecificationError(what, f"{where[second]}.parameters.rank", "Give the second another rank.")


def _refuse_early_end(nodes: Sequence[Node], index: int, where: str) -> None:
    ends, most, at = nodes[index], 0.0, index
    counts = _constant(ends, "effective_days", 0)
    while (parent := nodes[at].parent) is not None and counts is not None:
        most, at = most + _most_days(nodes[at].timing), parent
        node = nodes[at]
        begins = _constant(node, "effective_days", 0)
        same = node.event_type == _ENROLLS and _constant(node, "rank", 1) == _constant(ends, "rank", 1)
        if same and begins is not None and most + counts < begins:
            what = f"coverage ends {begins - most - counts:g} days before it begins, or more."
            raise SpecificationError(what, f"{where}.parameters.effective_days", f"Give {begins:g} or more.")


def _most_days(timing: Timing) -> float:
    if timing.in_minutes:
        return math.ceil(timing.high / DAY)
    return float(timing.bounds(np.zeros(1, np.int64))[1][0])


def _constant(node: Node, name: str, unsaid: float) -> Any:
    """A number that the node states for all; None where it differs."""
    return node.parameters.constants.get(name, unsaid if name not in node.parameters.names else None)


def _is_certain(node: Node) -> bool:
    timing = node.timing
    fixed = timing.distribution is None and (timing.low, timing.months) == (timing.high, timing.most_months)
    return not node.conditions and node.probability == 1 and node.most == 1 and fixed and _names(node) is not None


def _moment(node: Node) -> tuple[Any, ...]:
    return node.journey, node.parent, node.timing, node.place, _constant(node, "effective_days", 0)


def _names(node: Node) -> Any:
    return node.parameters.constants.get("plan")
