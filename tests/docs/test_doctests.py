"""Examples in docstrings do what they show."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

PACKAGES = (
    "healthsim",
    "healthsim_core",
    "patientsim",
    "membersim",
    "rxmembersim",
    "trialsim",
    "populationsim",
    "networksim",
    "dentalsim",
)


def modules() -> list[str]:
    """Every module whose source shows an example."""
    found = []
    for package in PACKAGES:
        folder = Path(importlib.util.find_spec(package).origin).parent  # type: ignore[union-attr, arg-type]
        names = [package, *(name for _, name, _ in pkgutil.walk_packages([str(folder)], f"{package}."))]
        found += [
            name for name in names if ">>> " in Path(importlib.util.find_spec(name).origin).read_text(encoding="utf-8")
        ]  # type: ignore[union-attr, arg-type]
    return found


@pytest.mark.parametrize("name", modules())
def test_examples_of_a_module(name: str, elsewhere: Path) -> None:
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert tried.failed == 0
    assert tried.attempted > 0


def test_there_are_examples() -> None:
    assert len(modules()) > 5
