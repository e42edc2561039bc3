"""Profiles of NetworkSim: templates, a way to write one, and the executor that makes their people."""

from networksim.generation.executor import NetworkProfileExecutor
from networksim.generation.profiles import create_network_profile
from networksim.generation.templates import JOURNEYS, NETWORK_PROFILE_TEMPLATES, PROFILES

__all__ = ["JOURNEYS", "NETWORK_PROFILE_TEMPLATES", "PROFILES", "NetworkProfileExecutor", "create_network_profile"]
