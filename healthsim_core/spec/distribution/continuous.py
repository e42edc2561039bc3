"""Distributions of measured values. With `min` or `max` each is truncated: as if drawn until the value fits."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from healthsim_core.spec.base import Checked, Findings
from healthsim_core.spec.distribution.parameters import Bounded, Number, Positive, Share, Spread, SpreadOrNone, one_way


class Normal(Bounded):
    """Normal, by mean and standard deviation of the distribution before truncation."""

    type: Literal["normal"]
    mean: Number
    sd: Spread


class LogNormal(Bounded):
    """Log-normal, by the arithmetic mean and standard deviation of the values,
    or by mu and sigma of their logarithms."""

    type: Literal["log_normal"]
    mean: Positive | None = None
    sd: SpreadOrNone = None
    mu: Annotated[float, Field(ge=-100, le=100)] | str | None = None
    sigma: Annotated[float, Field(ge=0, le=25)] | str | None = None
    max: Annotated[float, Field(gt=0)] | None = None

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        one_way(self, findings, ("mean", "sd"), ("mu", "sigma"))


class Uniform(Checked):
    """Any value between min and max alike."""

    type: Literal["uniform"]
    min: float
    max: float

    def _check(self, findings: Findings) -> None:
        if self.min > self.max:
            findings.add(f"min {self.min:g} is above max {self.max:g}.", "Give a greater max.", "max", value=self.max)


class Beta(Bounded):
    """Beta of alpha and beta, stretched over its support from low to high; min and max truncate within that."""

    type: Literal["beta"]
    alpha: Positive
    beta: Positive
    low: float = 0.0
    high: float = 1.0

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        if self.low >= self.high:
            findings.add(
                f"low {self.low:g} is not below high {self.high:g}.", "Give a greater high.", "high", value=self.high
            )


class Gamma(Bounded):
    """Gamma, by shape and scale, or by mean and standard deviation before truncation."""

    type: Literal["gamma"]
    shape: Positive | None = None
    scale: Positive | None = None
    mean: Positive | None = None
    sd: SpreadOrNone = None

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        one_way(self, findings, ("shape", "scale"), ("mean", "sd"))


class Exponential(Bounded):
    """Exponential, by its rate or its mean (one over the rate)."""

    type: Literal["exponential"]
    rate: Positive | None = None
    mean: Positive | None = None

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        one_way(self, findings, ("rate",), ("mean",))


class Weibull(Bounded):
    """Weibull, by shape and scale."""

    type: Literal["weibull"]
    shape: Positive
    scale: Positive


class Triangular(Bounded):
    """Triangular: rising from low to its mode, falling to high. Where low or high is left out, min or max is meant."""

    type: Literal["triangular"]
    mode: float
    low: float | None = None
    high: float | None = None

    @property
    def support(self) -> tuple[float | None, float | None]:
        """The least and the greatest value before truncation; neither is None once it has been read."""
        return (self.min if self.low is None else self.low), (self.max if self.high is None else self.high)

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        low, high = self.support
        for name, end in (("min", low), ("max", high)):
            if end is None:
                findings.add(f'a triangular distribution has two ends, and "{name}" is missing.', f'Give "{name}".')
        if low is not None and high is not None and (not low <= self.mode <= high or low == high):
            what = f"the mode {self.mode:g} does not lie between {low:g} and {high:g}."
            findings.add(what, "Move it, or widen the ends.", "mode", value=self.mode)


class Empirical(Bounded):
    """As observed: quantiles (probability to value, from 0 to 1, linear between), or a histogram (edges and counts)."""

    type: Literal["empirical"]
    quantiles: dict[Share, float] | None = None
    edges: list[float] | None = None
    counts: list[Annotated[float, Field(ge=0)]] | None = None

    def _check(self, findings: Findings) -> None:
        super()._check(findings)
        one_way(self, findings, ("quantiles",), ("edges", "counts"))
        if self.quantiles is not None:
            _check_quantiles(self.quantiles, findings)
        _check_rising(self.edges or [], findings)
        if self.counts is not None and sum(self.counts) <= 0:
            findings.add("all counts are zero.", "Give at least one.", "counts", value=self.counts)
        if self.edges is not None and self.counts is not None and len(self.edges) != len(self.counts) + 1:
            needed = len(self.counts) + 1
            findings.add(
                f"{len(self.counts)} counts have {needed} edges, not {len(self.edges)}.",
                f"Give {needed}.",
                "edges",
                value=self.edges,
            )


def _check_quantiles(quantiles: dict[float, float], findings: Findings) -> None:
    for share, end in ((0, "least"), (1, "greatest")):
        if share not in quantiles:
            findings.add(f"the {end} value is missing.", f'Give the quantile "{share}".', "quantiles", value=quantiles)
    for before, after in pairwise(sorted(quantiles)):
        if quantiles[after] < quantiles[before]:
            what = (
                f"the quantile {after:g}, {quantiles[after]:g}, is less than the quantile {before:g}, "
                f"{quantiles[before]:g}."
            )
            findings.add(what, "Let them rise with their probabilities.", "quantiles", value=quantiles)


def _check_rising(edges: list[float], findings: Findings) -> None:
    for index, (left, right) in enumerate(pairwise(edges), 1):
        if right <= left:
            findings.add(
                f"the edge {right:g} is not above the one before, {left:g}.",
                "Let them rise.",
                "edges",
                index,
                value=right,
            )
