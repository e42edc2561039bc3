"""Every promise of SECURITY.md names a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file: str, name: str) -> None:
    parsed = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {each.name for each in parsed.body if isinstance(each, ast.FunctionDef)}


def test_every_section_of_what_may_be_hostile_names_a_test() -> None:
    sections = (ROOT / "SECURITY.md").read_text(encoding="utf-8").split("\n### ")[1:]
    assert [section.splitlines()[0] for section in sections if "`tests/" not in section.split("\n## ")[0]] == []
