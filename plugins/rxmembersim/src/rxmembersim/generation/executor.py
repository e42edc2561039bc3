"""The executor that makes people who take drugs."""

from __future__ import annotations

from healthsim_core import ProfileExecutor


class RxMemberProfileExecutor(ProfileExecutor):
    """Makes a profile's people and their pharmacy cards.

    Examples:
        >>> from rxmembersim.generation import RX_MEMBER_PROFILE_TEMPLATES
        >>> result = RxMemberProfileExecutor(RX_MEMBER_PROFILE_TEMPLATES["rx-chronic-adult"], count=3).execute()
        >>> result.tables["rxmembersim.cardholder"].num_rows
        3
    """

    products = ("rxmembersim",)
