"""What a user writes: profiles, journeys, scenarios and plans of benefits, read strictly."""

from healthsim_core.spec.journey import JourneySpecification
from healthsim_core.spec.plan import PlanSpecification
from healthsim_core.spec.profile import ProfileSpecification
from healthsim_core.spec.scenario import ScenarioSpecification

__all__ = ["JourneySpecification", "PlanSpecification", "ProfileSpecification", "ScenarioSpecification"]
