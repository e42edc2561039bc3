"""HealthSim: one simulated truth for clinical records, claims, pharmacy and trials."""

from healthsim_core.generate import generate

__all__ = ["generate"]
