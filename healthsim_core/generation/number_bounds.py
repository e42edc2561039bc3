"""What the numbers of a field may be: constants, and what distributions are known to give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from healthsim_core.codes.edits import signed_loincs
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.allowed import NEGLIGIBLE
from healthsim_core.generation.distributions import Distribution
from healthsim_core.generation.parameters import Parameters
from healthsim_core.spec.distribution.leaves import leaves
from healthsim_core.tables import Field


def check_law(field: Field, law: Distribution, written: Any, said: Mapping[str, Any], where: str) -> None:
    """Refuse a distribution that lies outside of a number's bounds, or says itself that it goes beyond them.

    Args:
        field: The field.
        law: The distribution, compiled.
        written: The same, as it is written.
        said: What is said beside it: the code by which a number may be negative.
        where: Its path, for errors.
    """
    unsigned = not field.signed_by or (field.signed_by in said and not within(field, -np.inf, said))
    least = field.least if field.least is not None and unsigned else -np.inf
    most = field.most if field.most is not None else np.inf
    below, above = float(law.below(np.array([least]), {})[0]), 1 - float(law.cdf(np.array([most]), {})[0])
    if field.above is not None:
        least, below = field.above, float(law.cdf(np.array([field.above]), {})[0])
    ends = [(getattr(leaf, "min", None), getattr(leaf, "max", None)) for _, leaf in leaves(written)]
    listed = law.probabilities() is not None
    stated_below = listed or any(isinstance(low, int | float) and low < least for low, _ in ends)
    stated_above = listed or any(isinstance(high, int | float) and high > most for _, high in ends)
    for outside, stated in ((below, stated_below), (above, stated_above)):
        if outside > NEGLIGIBLE and (stated or outside > 1 - NEGLIGIBLE):
            share = "all" if outside > 1 - NEGLIGIBLE else f"{100 * outside:.2g}%"
            raise SpecificationError(f'{share} of its values are not what "{field.name}" may be.', where, in_words(field))


def within(field: Field, value: float, said: Mapping[str, Any]) -> bool:
    """Whether a number is what a field may be."""
    signed = bool(field.signed_by) and str(said.get(field.signed_by)) in signed_loincs()
    low = (field.least is None or value >= field.least or signed) and (field.above is None or value > field.above)
    return low and (field.most is None or value <= field.most)


def check_range(field: Field, parameters: Parameters, where: str) -> None:
    """Refuse a field that exceeds the one that is its limit, as an event says both or a row of a skill does.

    Args:
        field: The field, which may have none.
        parameters: What the event says.
        where: The path of its parameters, for errors.
    """
    name, limit = field.name, field.not_above
    for low, high in _pairs(parameters, name, limit) if limit else ():
        if low > high:
            path = f"{where}.{name if name in parameters.constants else 'skill_ref'}"
            raise SpecificationError(f'"{name}" is {low:g}, and "{limit}" is {high:g}.', path, f'Give a "{name}" of {high:g} or less.')


def _pairs(parameters: Parameters, name: str, limit: str) -> Iterator[tuple[float, float]]:
    """The numbers that two parameters are together, as far as they are known beforehand."""
    use = next((use for use in parameters.skills if {name, limit} & set(use.gives)), None)
    cells = (use.cells() if use is not None else None) or {}
    rows, constants = len(next(iter(cells.values()), "-")), parameters.constants
    sides = [[constants[each]] * rows if each in constants else cells.get(each, ()) for each in (name, limit)]
    for pair in zip(*sides, strict=False):
        with suppress(TypeError, ValueError):  # blank, or no number
            yield float(pair[0]), float(pair[1])


def in_words(field: Field) -> str:
    """What to give, in one line."""
    least, most, above = ("" if limit is None else f"{limit:,g}" for limit in (field.least, field.most, field.above))
    if above:
        return f"Give more than {above}, {most} at most." if most else f"Give more than {above}."
    if least and most:
        return f"Give {least} to {most}."
    return f"Give {least} or more." if least else f"Give {most} or less."
