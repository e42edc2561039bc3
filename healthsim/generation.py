"""People, timelines, and people with timelines, from specifications."""

from healthsim_core.generation.executor import JourneyEngine, ProfileExecutor, ProfileJourneyOrchestrator
from healthsim_core.reference.hybrid import ReferenceProfileResolver, create_hybrid_profile
from healthsim_core.spec import JourneySpecification, ProfileSpecification, ScenarioSpecification

__all__ = [
    "JourneyEngine",
    "JourneySpecification",
    "ProfileExecutor",
    "ProfileJourneyOrchestrator",
    "ProfileSpecification",
    "ReferenceProfileResolver",
    "ScenarioSpecification",
    "create_hybrid_profile",
]
