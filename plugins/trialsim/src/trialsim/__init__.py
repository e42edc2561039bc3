"""TrialSim: clinical trials of the same people as everywhere, from consent to SDTM datasets."""

from __future__ import annotations

from typing import Any

from healthsim_core import Result
from healthsim_core import generate as _generate

__all__ = ["generate"]
__version__ = "0.1.0"


def generate(
    profile: Any = "trial-diabetes-adults",
    journey: Any = "trial_participation",
    count: int | None = None,
    **options: Any,
) -> Result:
    """Generate people who ask to join a trial, and what the trial makes of them.

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these.
        count: How many people.
        options: As in `healthsim.generate`; `products` defaults to TrialSim alone.

    Example:
        >>> generate(count=2).tables["trialsim.subject"].num_rows
        2
    """
    options.setdefault("products", ["trialsim"])
    return _generate(profile=profile, journey=journey, count=count, **options)
