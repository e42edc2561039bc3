"""NetworkSim's templates: profiles/*.json and journeys/*.json."""

from __future__ import annotations

from pathlib import Path

from healthsim_core import Templates, journey_templates, profile_templates

_PACKAGE = Path(__file__).parent.parent
PROFILES = profile_templates(_PACKAGE / "profiles")
JOURNEYS = journey_templates(_PACKAGE / "journeys")
NETWORK_PROFILE_TEMPLATES = Templates(PROFILES)
