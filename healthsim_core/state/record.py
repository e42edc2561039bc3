"""What is remembered of a run: enough to make the same bytes again."""

from __future__ import annotations

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
        profile: Name of the saved profile that it ran, None for one that was not saved.
        profile_version: That profile's version.
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
