"""Profiles of TrialSim: templates, a way to write one, and the executor that makes a trial's subjects."""

from trialsim.generation.executor import SubjectProfileExecutor
from trialsim.generation.profiles import create_subject_profile
from trialsim.generation.templates import JOURNEYS, PROFILES, SKILLS, SUBJECT_PROFILE_TEMPLATES

__all__ = [
    "JOURNEYS",
    "PROFILES",
    "SKILLS",
    "SUBJECT_PROFILE_TEMPLATES",
    "SubjectProfileExecutor",
    "create_subject_profile",
]
