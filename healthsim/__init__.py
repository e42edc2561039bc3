"""HealthSim: one simulated truth for clinical records, claims, pharmacy and trials."""

from healthsim_core.generator import generate

__all__ = ["generate"]
