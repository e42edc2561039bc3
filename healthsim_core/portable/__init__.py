"""Functions with the same bits on every machine: made of sums, products, quotients and square roots alone.

IEEE 754 says what those four give to the last bit; of an exponential or a logarithm it does not, and libraries differ
in the last digits from processor to processor. Values that a run writes are computed here.
"""

from healthsim_core.portable.elementary import exp, expm1, log, log1p, power
from healthsim_core.portable.incomplete import beta_quantile, beta_upper_quantile, gamma_quantile, gamma_upper_quantile
from healthsim_core.portable.normal import ndtr, ndtri
from healthsim_core.portable.sums import cholesky, dot

__all__ = [
    "beta_quantile", "beta_upper_quantile", "cholesky", "dot", "exp", "expm1", "gamma_quantile", "gamma_upper_quantile",
    "log", "log1p",
    "ndtr", "ndtri", "power",
]  # fmt: skip
