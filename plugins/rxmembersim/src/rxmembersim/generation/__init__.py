"""Profiles of RxMemberSim: templates, a way to write one, and the executor that makes their people."""

from rxmembersim.generation.executor import RxMemberProfileExecutor
from rxmembersim.generation.profiles import create_rx_member_profile
from rxmembersim.generation.templates import JOURNEYS, PROFILES, RX_MEMBER_PROFILE_TEMPLATES, SKILLS

__all__ = [
    "JOURNEYS",
    "PROFILES",
    "RX_MEMBER_PROFILE_TEMPLATES",
    "SKILLS",
    "RxMemberProfileExecutor",
    "create_rx_member_profile",
]
