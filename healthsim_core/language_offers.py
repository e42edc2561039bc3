"""What a plugin adds to the language of specifications: distributions, and functions of expressions.

In a document the plugin's name stands before theirs, `toolbox.bathtub`: one reads which plugin the document needs,
and no name is ever taken from core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from healthsim_core.columns import Column
from healthsim_core.offers import Offer
from healthsim_core.tables import Field

KINDS = ("number", "text", "boolean", "date")


def _fields(value: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(value)


def _kinds(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


@attrs.frozen
class Word(Offer):
    """What offers to the language share.

    Attributes:
        name: Its name, in small letters, digits and _; documents write the plugin's name and a dot before it.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z][a-z0-9_]*"))

    @property
    def written(self) -> str:
        """The name as documents write it."""
        return f"{self.product.replace('-', '_')}.{self.name}"


@attrs.frozen
class DistributionOffer(Word):
    """A law of measured values: `{"type": "toolbox.bathtub", "early": 2, "min": 0}`.

    It is drawn by inversion, as core's own are: one addressed uniform a row becomes one value. `min` and `max` truncate
    it. Each parameter is a number or an expression; where one is null or beyond its bounds, so is the value null.

    Attributes:
        cdf: Takes values and the parameters, in their order, as arrays of one length; returns P(X <= value) for each.
            It rises without a jump.
        quantile: Takes probabilities between 0 and 1, and the parameters; returns the values whose `cdf` they are.
        parameters: Its parameters: number fields, with their bounds.
    """

    cdf: Callable[..., Any]
    quantile: Callable[..., Any]
    parameters: tuple[Field, ...] = attrs.field(default=(), converter=_fields)


@attrs.frozen
class ExpressionFunction(Word):
    """A function of expressions: `toolbox.body_mass_index(weight, height) >= 30`.

    Attributes:
        compute: Takes a column for each argument; returns a column of as many rows: float64, bool or datetime64[D]
            arrays, or Text. Of an argument that is null the result is null, whatever it returns there.
        arguments: What it takes, in order: "number", "text", "boolean" or "date" each.
        gives: What it returns: one of the same.
        sometimes_null: Whether it may be null where no argument is.
    """

    compute: Callable[..., Column]
    arguments: tuple[str, ...] = attrs.field(
        converter=_kinds, validator=attrs.validators.deep_iterable(attrs.validators.in_(KINDS))
    )
    gives: str = attrs.field(default="number", validator=attrs.validators.in_(KINDS))
    sometimes_null: bool = False
