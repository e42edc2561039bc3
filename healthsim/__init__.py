"""HealthSim: one simulated truth for clinical records, claims, pharmacy and trials."""

from healthsim_core.explaining.explain import explain
from healthsim_core.generator import generate

__all__ = ["explain", "generate"]
