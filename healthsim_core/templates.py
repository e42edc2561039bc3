"""Folders of JSON templates, for a plugin to offer and a user to start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from healthsim_core.benefit_offers import BenefitPlan
from healthsim_core.errors import ArgumentError, canonical, unknown
from healthsim_core.offers import Journey, Profile
from healthsim_core.spec import ProfileSpecification
from healthsim_core.spec.bounds import read_json
from healthsim_core.spec.schema import names_of

PROFILE_PARTS = tuple(
    name for field, info in ProfileSpecification.model_fields.items() for name in names_of(field, info)
)


def profile_templates(folder: Path) -> tuple[Profile, ...]:
    """An offer for each profile (*.json) in a folder; the template's name is the profile's id."""
    return tuple(Profile(name, path, description=text) for name, path, text in _documents(folder, "id"))


def journey_templates(folder: Path) -> tuple[Journey, ...]:
    """An offer for each journey (*.json) in a folder; the template's name is the journey's journey_id."""
    return tuple(Journey(name, path, description=text) for name, path, text in _documents(folder, "journey_id"))


def plan_templates(folder: Path) -> tuple[BenefitPlan, ...]:
    """An offer for each plan of benefits (*.json) in a folder; its name is the document's plan."""
    return tuple(BenefitPlan(name, path, description=text) for name, path, text in _documents(folder, "plan"))


class Templates(Mapping[str, ProfileSpecification]):
    """Profile templates by name (- and _ alike); every look-up gives a fresh copy,
    so that changing one changes nothing else."""

    def __init__(self, offers: tuple[Profile, ...]) -> None:
        self._offers = {offer.name: offer for offer in offers}
        self._names = {canonical(name): name for name in self._offers}

    def __getitem__(self, name: str) -> ProfileSpecification:
        key = self._names.get(canonical(name)) if isinstance(name, str) else None
        if key is None:
            raise unknown("template", name, self._offers)
        return ProfileSpecification.read(self._offers[key].specification).model_copy(deep=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._offers)

    def __len__(self) -> int:
        return len(self._offers)

    def __repr__(self) -> str:
        return f"Templates({', '.join(self)})"


def stated_part(stated: dict[str, Any], name: str, **entries: Any) -> dict[str, Any]:
    """Take a part of a profile, such as "clinical", out of what a caller stated; empty where it states none.

    Args:
        stated: What the caller stated, by part; the part is taken out of it.
        name: The part.
        entries: What goes into the part whatever it states; None leaves it to the part.

    Raises:
        ArgumentError: It is not a mapping.
    """
    part = stated.pop(name, {})
    if not isinstance(part, Mapping):
        raise ArgumentError(f"{part!r} is not a mapping.", name, "Give a mapping.")
    return {**part, **{entry: value for entry, value in entries.items() if value is not None}}


def _documents(folder: Path, name: str) -> Iterator[tuple[str, Path, str]]:
    for path in sorted(folder.glob("*.json")):
        document = read_json(path)
        yield document[name], path, document.get("description", "")
