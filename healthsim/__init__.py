"""HealthSim: one simulated truth for clinical records, claims, pharmacy and trials."""

from typing import TYPE_CHECKING, Any

from healthsim_core.generator import generate

if TYPE_CHECKING:
    from healthsim_core.explaining.explain import explain

__all__ = ["explain", "generate"]


def __getattr__(name: str) -> Any:
    """`explain`, imported when it is first used: who generates does not wait for it."""
    if name != "explain":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from healthsim_core.explaining.explain import explain

    return explain
