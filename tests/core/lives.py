"""People who live journeys, and what happened to them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from clinic import adults, catalog
from scipy.stats import binom

from healthsim_core.generation.executor import ProfileJourneyOrchestrator

FALSE_ALARM = 1e-6


def live(
    fields: dict[str, Any], *others: dict[str, Any], count: int = 200, profile: dict | None = None, **options: Any
) -> Any:
    """People of a journey of these fields, and other journeys beside it."""
    made = {"journey_id": "year", "duration_days": 365, **fields}
    journeys = [made, *({"duration_days": 365, **other} for other in others)]
    return ProfileJourneyOrchestrator(
        profile or adults(), journeys, count=count, catalog=catalog(), **options
    ).execute()


def nodes(result: Any) -> dict[int, list[str]]:
    found = defaultdict(list)
    for row in result.timeline.to_pylist():
        found[row["person_id"]].append(row["node"])
    return found


def likely(successes: int, trials: int, probability: float) -> bool:
    return (
        binom.cdf(successes, trials, probability) > FALSE_ALARM
        and binom.sf(successes - 1, trials, probability) > FALSE_ALARM
    )
