"""Conditions that a journey presumes people to have of whom their profile does not say so."""

from __future__ import annotations

from pydantic import Field

from healthsim_core.spec.base import Specification
from healthsim_core.spec.distribution import Condition
from healthsim_core.spec.profile import Probability
from healthsim_core.spec.wording import ICD_10


class Presumption(Specification):
    """How many of those for whom `when` holds have a condition, as published: the journey is for so many of them.

    Whoever has the condition is one of them; where the profile states it, nobody else is. Of several, the first whose
    `when` holds counts. `source` says where the share is from.
    """

    code: str = Field(pattern=ICD_10)
    when: Condition
    share: Probability
    source: str = Field(min_length=1)
