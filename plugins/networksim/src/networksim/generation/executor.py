"""The executor that makes people."""

from __future__ import annotations

from healthsim_core import ProfileExecutor


class NetworkProfileExecutor(ProfileExecutor):
    """Makes a profile's people, the network of their counties, and who cares for whom.

    Examples:
        >>> from networksim.generation import NETWORK_PROFILE_TEMPLATES
        >>> result = NetworkProfileExecutor(NETWORK_PROFILE_TEMPLATES["rural-network-members"], count=3).execute()
        >>> sorted(result.tables)[-3:]
        ['networksim.facility', 'networksim.pharmacy', 'networksim.provider']
    """

    products = ("networksim",)
