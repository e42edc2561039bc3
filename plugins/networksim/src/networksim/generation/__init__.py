"""Profiles of NetworkSim: templates, a way to write one, and the executor that makes their people."""

from networksim.generation.profiles import (
    JOURNEYS,
    NETWORK_PROFILE_TEMPLATES,
    PROFILES,
    NetworkProfileExecutor,
    create_network_profile,
)

__all__ = ["JOURNEYS", "NETWORK_PROFILE_TEMPLATES", "PROFILES", "NetworkProfileExecutor", "create_network_profile"]
