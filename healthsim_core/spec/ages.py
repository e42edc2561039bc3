"""Ages of people as they are written: 0 to 120, refused where a value or a bound says otherwise."""

from __future__ import annotations

from typing import Any

from healthsim_core.spec.base import Findings
from healthsim_core.spec.distribution import Constant, Explicit, Uniform
from healthsim_core.spec.distribution.leaves import Path, leaves
from healthsim_core.spec.distribution.parameters import OLDEST

REMEDY = f"Give 0 to {OLDEST}."


def check_written_age(written: Any, findings: Findings, *at: int | str) -> None:
    """Find every age of a distribution that nobody has, with its path.

    What a law without an end may give is known when it is compiled: see `generation.ages`.
    """
    for inner, leaf in leaves(written, at):
        for place, age in _said(leaf):
            if not 0 <= age <= OLDEST:
                findings.add(f"an age is 0 to {OLDEST}, not {age:g}.", REMEDY, *inner, *place, value=age)


def _said(leaf: Any) -> list[tuple[Path, float]]:
    """The ages that a distribution names, each with its path."""
    if isinstance(leaf, Constant):
        ages = [(Path(), leaf.value)]
    elif isinstance(leaf, Explicit):
        ages = [(("values", index), item.value) for index, item in enumerate(leaf.values)]
    elif isinstance(leaf, Uniform):
        ages = [(("min",), leaf.min), (("max",), leaf.max)]
    else:
        ages = []
    return [(place, age) for place, age in ages if isinstance(age, int | float) and not isinstance(age, bool)]
