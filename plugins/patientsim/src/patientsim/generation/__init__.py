"""Profiles of PatientSim: templates, a way to write one, and the executor that makes their people."""

from patientsim.generation.executor import PatientProfileExecutor
from patientsim.generation.profiles import create_patient_profile
from patientsim.generation.templates import JOURNEYS, PATIENT_PROFILE_TEMPLATES, PROFILES, SKILLS

__all__ = [
    "JOURNEYS",
    "PATIENT_PROFILE_TEMPLATES",
    "PROFILES",
    "SKILLS",
    "PatientProfileExecutor",
    "create_patient_profile",
]
