"""What the numbers of a field may be: constants, and what distributions are known to give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core.distributions import Distribution
from healthsim_core.distributions.allowed import NEGLIGIBLE
from healthsim_core.distributions.field_bounds import in_words, within
from healthsim_core.errors import SpecificationError
from healthsim_core.spec.distribution.leaves import leaves
from healthsim_core.tables import Field


def check_law(field: Field, law: Distribution, written: Any, parameters: Mapping[str, Any], where: str) -> None:
    """Refuse a distribution that lies outside of a number's bounds, or says itself that it goes beyond them.

    Args:
        field: The field.
        law: The distribution, compiled.
        written: The same, as it is written.
        parameters: What is said beside it: the code by which a number may be negative.
        where: Its path, for errors.
    """
    unsigned = not field.signed_by or (field.signed_by in parameters and not within(field, -np.inf, parameters))
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
            raise SpecificationError(
                f'{share} of its values are not what "{field.name}" may be.', where, in_words(field)
            )
