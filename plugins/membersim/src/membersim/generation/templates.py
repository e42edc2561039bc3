"""MemberSim's templates: profiles/*.json, journeys/*.json and skills/*.md."""

from __future__ import annotations

from pathlib import Path

from healthsim_core import Templates, journey_templates, profile_templates, skill_documents

_PACKAGE = Path(__file__).parent.parent
PROFILES = profile_templates(_PACKAGE / "profiles")
JOURNEYS = journey_templates(_PACKAGE / "journeys")
SKILLS = skill_documents(_PACKAGE / "skills")
MEMBER_PROFILE_TEMPLATES = Templates(PROFILES)
