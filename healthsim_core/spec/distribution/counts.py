"""Distributions of counts: 0, 1, 2 and so on. With `min` or `max` each is truncated, both bounds included."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from healthsim_core.spec.base import Findings
from healthsim_core.spec.distribution.parameters import BoundedCount, NotNegative, Positive, one_way


class Poisson(BoundedCount):
    """Poisson, by its mean before truncation."""

    type: Literal["poisson"]
    mean: NotNegative


class NegativeBinomial(BoundedCount):
    """Negative binomial, by mean and dispersion (variance = mean + dispersion * mean^2),
    or by n successes of probability p.

    With n and p it counts the failures before the n-th success; n need not be whole.
    """

    type: Literal["negative_binomial"]
    mean: Positive | None = None
    dispersion: Positive | None = None
    n: Positive | None = None
    p: Annotated[float, Field(gt=0, le=1)] | str | None = None

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        one_way(self, findings, ("mean", "dispersion"), ("n", "p"))
