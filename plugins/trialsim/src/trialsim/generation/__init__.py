"""Profiles of TrialSim: templates, a way to write one, and the executor that makes a trial's subjects."""

from trialsim.generation.profiles import SUBJECT_PROFILE_TEMPLATES, SubjectProfileExecutor, create_subject_profile

__all__ = ["SUBJECT_PROFILE_TEMPLATES", "SubjectProfileExecutor", "create_subject_profile"]
