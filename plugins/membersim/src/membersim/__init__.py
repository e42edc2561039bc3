"""MemberSim: who is covered by which plan, their claims, and what became of them."""

from __future__ import annotations

from typing import Any

from healthsim_core import Result
from healthsim_core import generate as _generate

__all__ = ["generate"]
__version__ = "0.1.0"


def generate(
    profile: Any = "medicare-diabetic", journey: Any = None, count: int | None = None, **options: Any
) -> Result:
    """Generate members, their coverage and their claims.

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these; None for the profile's own.
        count: How many people (households where the profile has members).
        options: As in `healthsim.generate`; `products` defaults to MemberSim alone.

    Example:
        >>> generate("commercial-healthy", count=2).tables["membersim.member"].num_rows
        2
    """
    options.setdefault("products", ["membersim"])
    return _generate(profile=profile, journey=journey, count=count, **options)
