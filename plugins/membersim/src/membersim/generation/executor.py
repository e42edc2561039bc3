"""The executor that makes members."""

from __future__ import annotations

from healthsim_core import ProfileExecutor


class MemberProfileExecutor(ProfileExecutor):
    """Makes a profile's people with their membership and coverage.

    Examples:
        >>> from membersim.generation import MEMBER_PROFILE_TEMPLATES
        >>> result = MemberProfileExecutor(MEMBER_PROFILE_TEMPLATES["medicare-diabetic"], count=3).execute()
        >>> result.entities.num_rows, result.tables["membersim.coverage"].num_rows
        (3, 3)
    """

    products = ("membersim",)
