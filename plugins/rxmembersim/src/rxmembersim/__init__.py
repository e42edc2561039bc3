"""RxMemberSim: prescriptions, pharmacy claims, and how people take their drugs."""

from __future__ import annotations

from typing import Any

from healthsim_core import Result
from healthsim_core import generate as _generate

__all__ = ["generate"]
__version__ = "0.1.0"


def generate(
    profile: Any = "rx-chronic-adult", journey: Any = None, count: int | None = None, **options: Any
) -> Result:
    """Generate people, their prescriptions and their pharmacy claims.

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these; None for the profile's own.
        count: How many people.
        options: As in `healthsim.generate`; `products` defaults to RxMemberSim alone.

    Example:
        >>> generate("rx-chronic-adult", count=2).tables["rxmembersim.cardholder"].num_rows
        2
    """
    options.setdefault("products", ["rxmembersim"])
    return _generate(profile=profile, journey=journey, count=count, **options)
