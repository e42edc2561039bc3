"""What is remembered of a run: enough to make the same bytes again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class ExecutionRecord:
    """A run, as it is stored beside its cohort.

    Attributes:
        id: The execution's id.
        spec: The request as plain JSON.
        spec_hash: Digest of `spec`.
        seed: The seed.
        as_of: The world's today, as ISO text.
        versions: Version by distribution or skill.
        cohort: The cohort that it made, None where nothing was stored.
        profile: Name of the profile that it ran.
        profile_version: Its version, None for one that was not saved; where it is saved,
            the database finds it by content.
    """

    id: str
    spec: Mapping[str, Any]
    spec_hash: str
    seed: int
    as_of: str
    versions: Mapping[str, str] = attrs.field(factory=dict)
    cohort: str | None = None
    profile: str | None = None
    profile_version: int | None = None


def canonical_json(document: Any) -> str:
    """The one way in which a JSON document is written to be compared and hashed."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False)


def digest(document: Any) -> str:
    """SHA-256 of a JSON document."""
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()
