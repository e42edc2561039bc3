"""PatientSim: the clinical record of people, from visit to hospital stay."""

from __future__ import annotations

from typing import Any

from healthsim_core import Result
from healthsim_core import generate as _generate

__all__ = ["generate"]
__version__ = "0.1.0"


def generate(profile: Any = "diabetic-senior", journey: Any = None, count: int | None = None, **options: Any) -> Result:
    """Generate patients and their records.

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these; None for the profile's own.
        count: How many people.
        options: As in `healthsim.generate`; `products` defaults to PatientSim alone.

    Example:
        >>> generate("adult-wellness", count=2).tables["patientsim.patient"].num_rows
        2
    """
    options.setdefault("products", ["patientsim"])
    return _generate(profile=profile, journey=journey, count=count, **options)
