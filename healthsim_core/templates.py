"""Folders of JSON templates, for a plugin to offer and a user to start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from healthsim_core.offers import Journey, Profile
from healthsim_core.spec import ProfileSpecification
from healthsim_core.spec.bounds import read_json


def profile_templates(folder: Path) -> tuple[Profile, ...]:
    """An offer for each profile (*.json) in a folder; the template's name is the profile's id."""
    return tuple(Profile(name, path, description=text) for name, path, text in _documents(folder, "id"))


def journey_templates(folder: Path) -> tuple[Journey, ...]:
    """An offer for each journey (*.json) in a folder; the template's name is the journey's journey_id."""
    return tuple(Journey(name, path, description=text) for name, path, text in _documents(folder, "journey_id"))


class Templates(Mapping[str, ProfileSpecification]):
    """Profile templates by name; every look-up gives a fresh copy, so that changing one changes nothing else."""

    def __init__(self, offers: tuple[Profile, ...]) -> None:
        self._offers = {offer.name: offer for offer in offers}

    def __getitem__(self, name: str) -> ProfileSpecification:
        return ProfileSpecification.read(self._offers[name].specification).model_copy(deep=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._offers)

    def __len__(self) -> int:
        return len(self._offers)

    def __repr__(self) -> str:
        return f"Templates({', '.join(self)})"


def _documents(folder: Path, name: str) -> Iterator[tuple[str, Path, str]]:
    for path in sorted(folder.glob("*.json")):
        document = read_json(path)
        yield document[name], path, document.get("description", "")
