"""NetworkSim: the clinicians, facilities and pharmacies of every county, and who cares for whom."""

from __future__ import annotations

from typing import Any

from healthsim_core import Result
from healthsim_core import generate as _generate

__all__ = ["generate"]
__version__ = "0.1.0"


def generate(profile: Any = "network-members", journey: Any = None, count: int | None = None, **options: Any) -> Result:
    """Generate people, the network of their counties, and who cares for whom.

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these; None for no journey.
        count: How many people.
        options: As in `healthsim.generate`; `products` defaults to NetworkSim alone.

    Example:
        >>> generate("rural-network-members", count=2).tables["networksim.attribution"].num_rows
        2
    """
    options.setdefault("products", ["networksim"])
    return _generate(profile=profile, journey=journey, count=count, **options)
