"""Profiles of MemberSim: templates, a way to write one, and the executor that makes their members."""

from membersim.generation.profiles import (
    JOURNEYS,
    MEMBER_PROFILE_TEMPLATES,
    PROFILES,
    MemberProfileExecutor,
    create_member_profile,
)

__all__ = ["JOURNEYS", "MEMBER_PROFILE_TEMPLATES", "PROFILES", "MemberProfileExecutor", "create_member_profile"]
