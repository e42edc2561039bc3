"""Distributions, compiled: one uniform in, one value out, by inversion."""

from healthsim_core.distributions.base import Distribution
from healthsim_core.distributions.compiling import compile_distribution, condition
from healthsim_core.distributions.finite import AgeBands, Choice, Constant, Derived

__all__ = ["AgeBands", "Choice", "Constant", "Derived", "Distribution", "compile_distribution", "condition"]
