"""Distributions of measured values. With `min` or `max` each is truncated: as if drawn until the value fits."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from healthsim_core.spec.base import Findings, Specification
from healthsim_core.spec.distribution.parameters import Bounded, Number, Positive, Share, Spread, SpreadOrNone, one_way


class Normal(Bounded):
    """Normal, by mean and standard deviation of the distribution before truncation."""

    type: Literal["normal"]
    mean: Number
    sd: Spread


class LogNormal(Bounded):
    """Log-normal, by the arithmetic mean and standard deviation of the values, or by mu and sigma of their logarithms."""

    type: Literal["log_normal"]
    mean: Positive | None = None
    sd: SpreadOrNone = None
    mu: Number | None = None
    sigma: Annotated[float, Field(ge=0)] | str | None = None
    max: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_pair(self) -> LogNormal:
        one_way(self, ("mean", "sd"), ("mu", "sigma"))
        return self


class Uniform(Specification):
    """Any value between min and max alike."""

    type: Literal["uniform"]
    min: float
    max: float

    @model_validator(mode="after")
    def _in_order(self) -> Uniform:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class Beta(Bounded):
    """Beta of alpha and beta, stretched over its support from low to high; min and max truncate within that."""

    type: Literal["beta"]
    alpha: Positive
    beta: Positive
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _support(self) -> Beta:
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class Gamma(Bounded):
    """Gamma, by shape and scale, or by mean and standard deviation before truncation."""

    type: Literal["gamma"]
    shape: Positive | None = None
    scale: Positive | None = None
    mean: Positive | None = None
    sd: SpreadOrNone = None

    @model_validator(mode="after")
    def _one_pair(self) -> Gamma:
        one_way(self, ("shape", "scale"), ("mean", "sd"))
        return self


class Exponential(Bounded):
    """Exponential, by its rate or its mean (one over the rate)."""

    type: Literal["exponential"]
    rate: Positive | None = None
    mean: Positive | None = None

    @model_validator(mode="after")
    def _one(self) -> Exponential:
        one_way(self, ("rate",), ("mean",))
        return self


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
    def support(self) -> tuple[float, float]:
        """The least and the greatest value before truncation."""
        low, high = (self.min if self.low is None else self.low), (self.max if self.high is None else self.high)
        if low is None or high is None:
            raise ValueError('a triangular distribution has ends: give "min" and "max"')
        return low, high

    @model_validator(mode="after")
    def _support(self) -> Triangular:
        low, high = self.support
        if not low <= self.mode <= high or low == high:
            raise ValueError(f"the mode {self.mode:g} does not lie between {low:g} and {high:g}")
        return self


class Empirical(Bounded):
    """As observed: quantiles (probability to value, from 0 to 1, linear between), or a histogram (edges and counts)."""

    type: Literal["empirical"]
    quantiles: dict[Share, float] | None = None
    edges: list[float] | None = None
    counts: list[Annotated[float, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Empirical:
        one_way(self, ("quantiles",), ("edges", "counts"))
        findings = Findings()
        if self.quantiles is not None:
            _check_quantiles(self.quantiles, findings)
        if self.edges is not None and self.counts is not None:
            _check_histogram(self.edges, self.counts, findings)
        findings.tell()
        return self
        if len(self.edges) != len(self.counts) + 1:
            raise ValueError(f"{len(self.counts)} counts have {len(self.counts) + 1} edges, not {len(self.edges)}")
        if any(right <= left for left, right in pairwise(self.edges)):
            raise ValueError("an edge is not above the one before; let them rise")
        if sum(self.counts) <= 0:
            raise ValueError("all counts are zero; give at least one")
        return self


def _check_quantiles(quantiles: dict[float, float], findings: Findings) -> None:
    missing = [share for share in (0.0, 1.0) if share not in quantiles]
    if missing:
        which = " and ".join(f"{share:g}" for share in missing)
        findings.add(f"the value of {which} is missing.", "Give the least at 0 and the greatest at 1.", "quantiles")
    for (before, lower), (share, value) in pairwise(sorted(quantiles.items())):
        if value < lower:
            what = f"the value at {share:g} is less than that at {before:g}."
            findings.add(what, "Let quantiles rise with their probabilities.", "quantiles", f"{share:g}", value=value)


def _check_histogram(edges: list[float], counts: list[float], findings: Findings) -> None:
    if len(edges) != len(counts) + 1:
        what = f"{len(edges)} edges are not one more than {len(counts)} counts."
        findings.add(what, f"Give {len(counts) + 1} edges.", "edges")
    for index, (left, right) in enumerate(pairwise(edges), 1):
        if right <= left:
            findings.add("an edge is not above the one before.", "Let edges rise.", "edges", index, value=right)
    if sum(counts) <= 0:
        findings.add("all counts are zero.", "Give at least one.", "counts")
