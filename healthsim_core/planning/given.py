"""What a user gives as a profile or journey: a name, the path of a JSON file, a mapping or a specification."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from healthsim_core.catalog import Catalog
from healthsim_core.designs.own import read_own_plans
from healthsim_core.errors import ArgumentError, Mistakes
from healthsim_core.spec import JourneySpecification, ProfileSpecification
from healthsim_core.spec.base import Document


def find_profile(profile: Any, catalog: Catalog) -> ProfileSpecification:
    """The profile that a name, a path, a mapping or a specification means."""
    if isinstance(profile, str) and not _is_path(profile):
        profile = catalog.find("profile", profile, "profile").specification
    refuse_strange(profile, "profile")
    found = ProfileSpecification.read(profile).model_copy(deep=True)
    mistakes = Mistakes()
    with mistakes.caught(file_of(profile)):
        read_own_plans(found, folder_of(profile), catalog)
    mistakes.tell()
    return found


def find_journey(journey: Any, catalog: Catalog, where: str = "journey") -> JourneySpecification:
    """The journey that a name, a path, a mapping or a specification means."""
    if isinstance(journey, str) and not _is_path(journey):
        journey = catalog.find("journey", journey, where).specification
    refuse_strange(journey, where)
    return JourneySpecification.read(journey)


def file_of(given: Any) -> str:
    """The name of the file that a profile or journey is read from, for errors; empty where it is none."""
    return Path(given).name if isinstance(given, Path) or (isinstance(given, str) and _is_path(given)) else ""


def folder_of(given: Any) -> Path:
    """The folder of a file that is given, in which the paths in it begin; else the working directory."""
    return Path(given).parent if isinstance(given, str | Path) else Path()


def refuse_strange(given: Any, where: str) -> None:
    """Raise ArgumentError for what is neither a document nor the path of one."""
    if not isinstance(given, str | Path | Mapping | Document):
        raise ArgumentError(
            f"{given!r} is no specification.", where, "Give a mapping, a specification, or the path of a JSON file."
        )


def _is_path(text: str) -> bool:
    return text.endswith(".json") or "/" in text
