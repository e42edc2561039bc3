"""PopulationSim: people as a county's published facts describe them, and the communities they live in."""

from __future__ import annotations

from typing import Any

from healthsim_core import Result
from healthsim_core import generate as _generate

__all__ = ["generate"]
__version__ = "0.1.0"


def generate(
    profile: Any = "harris-county-residents", journey: Any = None, count: int | None = None, **options: Any
) -> Result:
    """Generate people of a place and the facts of their communities.

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these; None for no journey.
        count: How many people.
        options: As in `healthsim.generate`; `products` defaults to PopulationSim alone.

    Example:
        >>> generate("harris-county-residents", count=2).tables["populationsim.county"]["name"].to_pylist()
        ['Harris County']
    """
    options.setdefault("products", ["populationsim"])
    return _generate(profile=profile, journey=journey, count=count, **options)
