"""What a user writes: profiles, journeys and scenarios, read strictly."""

from healthsim_core.spec.journey import JourneySpecification
from healthsim_core.spec.profile import ProfileSpecification
from healthsim_core.spec.scenario import ScenarioSpecification

__all__ = ["JourneySpecification", "ProfileSpecification", "ScenarioSpecification"]
