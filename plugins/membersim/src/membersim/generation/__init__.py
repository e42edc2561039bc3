"""Profiles of MemberSim: templates, a way to write one, and the executor that makes their members."""

from membersim.generation.executor import MemberProfileExecutor
from membersim.generation.profiles import create_member_profile
from membersim.generation.templates import JOURNEYS, MEMBER_PROFILE_TEMPLATES, PLANS, PROFILES, SKILLS

__all__ = [
    "JOURNEYS",
    "MEMBER_PROFILE_TEMPLATES",
    "PLANS",
    "PROFILES",
    "SKILLS",
    "MemberProfileExecutor",
    "create_member_profile",
]
