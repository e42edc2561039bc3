"""Code systems and value sets: what a coded field may hold, and what its codes are called."""

from healthsim_core.codes.sets import code_systems, value_set, value_sets
from healthsim_core.codes.system import CodeSystem, ValueSet

__all__ = ["CodeSystem", "ValueSet", "code_systems", "value_set", "value_sets"]
