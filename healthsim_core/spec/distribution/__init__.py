"""How a value is distributed: one model a kind, each parameter named as the field names it."""

from healthsim_core.spec.distribution.composed import (
    KINDS,
    Compared,
    Component,
    Condition,
    Conditional,
    Date,
    Derived,
    Distribution,
    Mixture,
    Rule,
    ZeroInflated,
)
from healthsim_core.spec.distribution.continuous import (
    Beta,
    Empirical,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    Triangular,
    Uniform,
    Weibull,
)
from healthsim_core.spec.distribution.counts import NegativeBinomial, Poisson
from healthsim_core.spec.distribution.finite import AgeBands, Categorical, Constant, Explicit, Weighted
from healthsim_core.spec.distribution.offered import Offered
from healthsim_core.spec.distribution.parameters import age_band

__all__ = [
    "KINDS",
    "AgeBands",
    "Beta",
    "Categorical",
    "Compared",
    "Component",
    "Condition",
    "Conditional",
    "Constant",
    "Date",
    "Derived",
    "Distribution",
    "Empirical",
    "Explicit",
    "Exponential",
    "Gamma",
    "LogNormal",
    "Mixture",
    "NegativeBinomial",
    "Normal",
    "Offered",
    "Poisson",
    "Rule",
    "Triangular",
    "Uniform",
    "Weibull",
    "Weighted",
    "ZeroInflated",
    "age_band",
]
