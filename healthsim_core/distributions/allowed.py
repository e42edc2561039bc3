"""What the built-in attributes of people may be: ages from 0 to 120, and codes of their value sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.plans import UNINSURED
from healthsim_core.codes import value_set
from healthsim_core.columns import Column, Text
from healthsim_core.distributions import compile_distribution
from healthsim_core.distributions.base import numbers
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.expressions.kinds import Kind, always, text_of
from healthsim_core.spec.ages import REMEDY
from healthsim_core.spec.coded import CODED
from healthsim_core.spec.distribution.leaves import leaves
from healthsim_core.spec.distribution.parameters import OLDEST

NEGLIGIBLE = 1e-6  # of a law of ages: what may lie outside of those of people without being told
_BOUNDS = 'Say "min" and "max": what lies between them keeps its shape.'


def check_law_of_ages(written: Any, where: str) -> None:
    """Refuse a distribution of ages of which more than one in a million are below 0 or above 120.

    Nothing is cut off unless the distribution says so itself, by `min` and `max`. What depends on other columns is not
    known before people are made: see `whole_ages`.
    """
    mistakes = Mistakes()
    for path, leaf in leaves(written):
        place = where + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        law = compile_distribution(leaf, place)
        if law.names or law.gives({}).of != "number":
            continue
        upto = np.array([0.0, OLDEST + 1.0])
        below, above = law.below(upto, {})
        outside = float(below + 1 - above)
        if outside > NEGLIGIBLE:
            with mistakes.caught():
                share = "all" if outside >= 1 else "nearly all" if outside > 0.995 else f"{100 * outside:.2g}%"
                raise SpecificationError(
                    f"{share} of these ages are not 0 to {OLDEST}.", place, _BOUNDS if outside < 1 else REMEDY
                )
    mistakes.tell()


def whole_ages(ages: Column, where: str) -> NDArray[np.int64]:
    """Ages in whole years.

    Raises:
        SpecificationError: Some age is null, below 0 or above 120.
    """
    years = np.floor(numbers(ages))
    wrong = np.flatnonzero(~((years >= 0) & (years <= OLDEST)))
    if len(wrong):
        age = years[wrong[0]]
        shown = "null, and everybody has one" if np.isnan(age) else f"{age:g}"
        raise SpecificationError(
            f"an age is 0 to {OLDEST}, and that of some people is {shown}.", where, "Keep it within, by min and max."
        )
    return years.astype(np.int64)


def kind_of_codes(name: str) -> Kind:
    """What a coded attribute holds: any code of its value set, for everybody."""
    return always(text_of(value_set(CODED[name]).codes))


def check_codes(name: str, kind: Kind, where: str) -> None:
    """Refuse texts that a coded attribute is known to take and that are no codes of its value set."""
    mistakes = Mistakes()
    for text in sorted(kind.values or ()):
        with mistakes.caught():
            value_set(CODED[name]).require(text, where)
    mistakes.tell()


def as_codes(name: str, column: Text, where: str) -> Text:
    """A coded attribute as its value set writes it; of coverage, null is `uninsured`.

    Raises:
        SpecificationError: Some text is no code of the set.
    """
    if name == "coverage_type" and column.is_null().any():
        column = column.or_else(UNINSURED)
    known, words = value_set(CODED[name]), column.values.to_pylist()
    if all(word in known.codes for word in words):
        return column
    drawn = set(np.unique(column.codes).tolist())
    # of the others nobody has one
    written = {word: known.require(word, where) for code, word in enumerate(words) if code in drawn}
    return column.recode(written.get)
