"""A scenario: several people and journeys in one specification."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field

from healthsim_core.spec.base import Document
from healthsim_core.spec.profile import MOST_NAMESPACE, JourneyReference, ProfileSpecification


class ScenarioSpecification(Document):
    """Several people and journeys, and the formats they are wanted in."""

    document_kind = "scenario"

    scenario: str = Field(min_length=1)
    description: str = ""
    profile: ProfileSpecification | str
    journeys: list[JourneyReference] = Field(default_factory=list)
    outputs: list[str] = Field(default_factory=list)
    products: list[str] | None = None
    count: int | None = Field(default=None, ge=0)
    seed: int | None = None
    namespace: str | None = Field(default=None, max_length=MOST_NAMESPACE)
    as_of: datetime.date | None = None
    start: datetime.date | None = None
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
