"""The executor that makes patients."""

from __future__ import annotations

from healthsim_core import ProfileExecutor


class PatientProfileExecutor(ProfileExecutor):
    """Makes a profile's people, their charts and their problem lists.

    Examples:
        >>> from patientsim.generation import PATIENT_PROFILE_TEMPLATES
        >>> result = PatientProfileExecutor(PATIENT_PROFILE_TEMPLATES["diabetic-senior"], count=3).execute()
        >>> result.tables["patientsim.patient"].num_rows
        3
    """

    products = ("patientsim",)
