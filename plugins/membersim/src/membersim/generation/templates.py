"""MemberSim's templates: profiles/*.json, journeys/*.json, skills/*.md and plans/*.json."""

from __future__ import annotations

from pathlib import Path

from healthsim_core import Templates, journey_templates, plan_templates, profile_templates, skill_documents

_PACKAGE = Path(__file__).parent.parent
PROFILES = profile_templates(_PACKAGE / "profiles")
JOURNEYS = journey_templates(_PACKAGE / "journeys")
SKILLS = skill_documents(_PACKAGE / "skills")
PLANS = plan_templates(_PACKAGE / "plans")
MEMBER_PROFILE_TEMPLATES = Templates(PROFILES)
