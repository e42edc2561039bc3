"""The files that CONTRIBUTING names are there: whoever renames one renames it there too."""

from __future__ import annotations

import re

import pytest
from doc_pages import ROOT, section

PAGE = ROOT / "CONTRIBUTING.md"
RECIPES = (
    "A distribution",
    "An expression function",
    "A FHIR resource",
    "An X12 transaction",
    "An event type",
    "A skill",
)
MADE = ("x12_270.py", "inquiries.py", "inquiries.sql", "hearing-care.md")  # by whoever follows the recipe
SESSIONS = re.findall(r"nox -s (\w+)", PAGE.read_text(encoding="utf-8"))


def files(recipe: str) -> list[str]:
    """The files in the first column of a recipe's table."""
    rows = re.findall(r"^\| (`.+?) \| ", section(PAGE, recipe), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_names_files_that_are_there(recipe: str) -> None:
    named = [name for name in files(recipe) if not name.endswith(MADE) and "/" in name]
    assert named
    assert [name for name in named if not list(ROOT.glob(name))] == []


def test_its_sessions_are_nox_s() -> None:
    known = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert SESSIONS
    assert set(SESSIONS) <= set(known)
