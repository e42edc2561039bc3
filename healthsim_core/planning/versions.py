"""What a run was made with: the versions on which its bytes depend, and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from healthsim_core.catalog import Catalog
from healthsim_core.reference.stored import Facts

LIBRARIES = ("numpy", "pyarrow", "scipy", "tzdata")  # arithmetic, Parquet, quantiles, clocks


def versions_of(catalog: Catalog, skills: Iterable[str], facts: Facts) -> dict[str, str]:
    """Versions of core, plugins, skills and libraries, and digests of loaded facts.

    Args:
        catalog: All that plugins offer.
        skills: Names of the skills that are resolved.
        facts: Stored reference facts.
    """
    from healthsim_core import __version__

    plugins = {plugin.name: plugin.version for plugin in catalog.plugins if plugin.status == "active"}
    used = set(skills)
    skill_versions = {f"skill:{skill.skill}": skill.version for skill in catalog.skills.values() if skill.skill in used}
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    return {"healthsim-core": __version__, **plugins, **skill_versions, **libraries, **facts.digests()}


def spec_hash(request: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """SHA-256 of a request, as plain JSON, and of the versions that run it."""
    return hashlib.sha256(
        json.dumps({"request": request, "versions": versions}, sort_keys=True, allow_nan=False).encode()
    ).hexdigest()
