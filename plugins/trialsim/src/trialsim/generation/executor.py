"""The executor that makes the people who ask to join a trial."""

from __future__ import annotations

from healthsim_core import ProfileExecutor


class SubjectProfileExecutor(ProfileExecutor):
    """Makes the people who ask to join a trial, and the trial's design; `trialsim.generate` makes them subjects.

    Examples:
        >>> from trialsim.generation import SUBJECT_PROFILE_TEMPLATES
        >>> result = SubjectProfileExecutor(SUBJECT_PROFILE_TEMPLATES["trial-diabetes-adults"], count=3).execute()
        >>> result.entities.num_rows
        3
    """

    products = ("trialsim",)
