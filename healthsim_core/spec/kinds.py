"""Which kind of specification a document is: one given in the place of another is named, with how to give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_core.errors import SpecificationError

_SIGNS = {  # fields that only this kind has
    "scenario": {"scenario"},
    "journey": {"journey_id", "duration_days", "events", "branches", "lifecycle"},
    "plan": {"coverage_type", "in", "out", "apart"},
    "profile": {"demographics", "clinical", "coverage", "members", "source", "reference", "generation", "attributes"},
}
_HOW = {
    "scenario": "`healthsim run {file}` runs it; in Python, generate(scenario=...).",
    "journey": (
        "`healthsim generate --profile NAME --journey {file}` runs it; in Python, generate(profile=..., journey=...)."
    ),
    "plan": "`healthsim plans check {file}` checks it; a profile names it in coverage.plans.",
    "profile": "`healthsim generate --profile {file}` runs it; in Python, generate(profile=...).",
}


def how_to_give(kind: str, file: str) -> str:
    """How somebody gives a scenario, a journey, a plan or a profile, as a remedy."""
    return _HOW[kind].format(file=file)


def refuse_other_kind(wanted: str, document: Any, where: str, file: str = "FILE") -> None:
    """Raise SpecificationError where a document is of another kind than `wanted`.

    Args:
        wanted: "scenario", "journey", "plan" or "profile"; for another word nothing is looked at.
        document: What was read.
        where: How errors name it.
        file: How a command would name it.
    """
    if wanted not in _SIGNS or not isinstance(document, Mapping) or _SIGNS[wanted] & set(document):
        return
    other = next((kind for kind, signs in _SIGNS.items() if signs & set(document)), None)
    if other is not None:
        raise SpecificationError(f"this is a {other}, not a {wanted}.", where, how_to_give(other, file))
