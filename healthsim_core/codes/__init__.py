"""Code systems and value sets: what a coded field may hold, and what its codes are called."""

from healthsim_core.codes.sets import value_set, value_sets
from healthsim_core.codes.system import CodeSystem, ValueSet

__all__ = ["CodeSystem", "ValueSet", "value_set", "value_sets"]
