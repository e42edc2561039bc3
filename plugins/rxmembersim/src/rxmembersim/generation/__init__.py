"""Profiles of RxMemberSim: templates, a way to write one, and the executor that makes their people."""

from rxmembersim.generation.profiles import (
    JOURNEYS,
    PROFILES,
    RX_MEMBER_PROFILE_TEMPLATES,
    RxMemberProfileExecutor,
    create_rx_member_profile,
)

__all__ = ["JOURNEYS", "PROFILES", "RX_MEMBER_PROFILE_TEMPLATES", "RxMemberProfileExecutor", "create_rx_member_profile"]
