"""A compiled profile: the positions of its household, and what makes the columns of those who hold them."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from healthsim_core.conditions.condition import ConditionPlan
from healthsim_core.expressions.kinds import Kind
from healthsim_core.households.household import Member
from healthsim_core.households.steps import Step
from healthsim_core.people.attribute import Attribute


@attrs.frozen
class PeoplePlan:
    """A compiled profile.

    Attributes:
        members: Household positions in order; births last.
        subscriber: Index of the subscriber's position.
        counties: County weights.
        attributes: In order of dependency.
        conditions: In the profile's order.
        steps: Attributes, conditions, and the columns that follow from them, each after those that it reads.
        known: What every column holds that an expression may read.
        labs: Attributes that some skill knows a baseline of; null for people without one.
    """

    members: tuple[Member, ...]
    subscriber: int
    counties: Mapping[str, float]
    attributes: tuple[Attribute, ...]
    conditions: tuple[ConditionPlan, ...]
    steps: tuple[Step, ...]
    known: Mapping[str, Kind]
    labs: frozenset[str] = frozenset()

    @property
    def coverage_types(self) -> frozenset[str] | None:
        """The coverage types that people may have; None where they are not known beforehand."""
        laws = [
            attribute.by_member[self.subscriber]
            for attribute in self.attributes
            if attribute.name == "coverage_type" and attribute.by_member
        ]
        return laws[0].gives({}).values if laws else None

    @property
    def added(self) -> frozenset[str]:
        """Columns that the profile and the skills of its conditions add to a person."""
        labs = {lab for condition in self.conditions if condition.skill for lab in condition.skill.baselines}
        return frozenset(attribute.name for attribute in self.attributes) | labs
