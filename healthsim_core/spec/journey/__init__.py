"""A journey: what happens to a person, in which order, and when."""

from healthsim_core.spec.journey.delay import DAYS, UNITS, Delay
from healthsim_core.spec.journey.document import JourneySpecification
from healthsim_core.spec.journey.events import EventSpecification, InlineTrigger, Repeat

__all__ = ["DAYS", "UNITS", "Delay", "EventSpecification", "InlineTrigger", "JourneySpecification", "Repeat"]
